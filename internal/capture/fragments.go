package capture

import "net/netip"

// maxParts is how many packets in fragments may be joined at once: with 64 KiB each, 4 MiB. The oldest gives way.
const maxParts = 64

// maxPacket is the longest payload of an IP packet.
const maxPacket = 65535

type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	protocol byte
}

// fragment is what a header says of one.
type fragment struct {
	key    fragmentKey
	offset int
	more   bool
}

// joiner joins the fragments of IP packets.
type joiner struct {
	parts []*partial // oldest first
	used  *partial   // its bytes are in hands of whoever called Next
	spare *partial
}

// partial is a packet of which fragments came.
type partial struct {
	key   fragmentKey
	bytes []byte
	have  [maxPacket/8 + 1]bool // units of 8 bytes
	count int                   // of have
	total int                   // length; -1: not known
}

// join takes a fragment and returns the whole packet if it was the last one; it counts what it keeps. RFC 5722 forbids
// fragments that overlap; one that came twice is none.
func (r *Reader) join(part fragment, body []byte, missing int) []byte {
	end := part.offset + len(body)
	switch {
	case missing > 0:
		r.counts.Cut++
		return nil
	case end > maxPacket || part.more && len(body)%8 != 0 || len(body) == 0:
		r.counts.Malformed++
		return nil
	}
	j := &r.joiner
	at := -1
	for i, p := range j.parts {
		if p.key == part.key {
			at = i
		}
	}
	if at < 0 {
		if len(j.parts) == maxParts {
			r.counts.Incomplete++
			j.drop(0)
		}
		j.parts = append(j.parts, j.fresh(part.key))
		at = len(j.parts) - 1
	}
	p := j.parts[at]
	first, last := part.offset/8, (end+7)/8
	known := 0
	for _, have := range p.have[first:last] {
		if have {
			known++
		}
	}
	whole := !part.more
	switch {
	case known == last-first:
		r.counts.Fragments++
		return nil // came twice
	case known > 0, whole && p.total >= 0, p.total >= 0 && end > p.total, whole && len(p.bytes) > end:
		r.counts.Incomplete++
		r.counts.Malformed++
		j.drop(at)
		return nil
	}
	if len(p.bytes) < end {
		p.bytes = append(p.bytes, make([]byte, end-len(p.bytes))...)
	}
	copy(p.bytes[part.offset:], body)
	for i := first; i < last; i++ {
		p.have[i] = true
	}
	p.count += last - first
	if whole {
		p.total = end
	}
	if p.total < 0 || p.count < (p.total+7)/8 {
		r.counts.Fragments++
		return nil
	}
	j.drop(at)
	return p.bytes
}

// fresh returns an empty partial.
func (j *joiner) fresh(key fragmentKey) *partial {
	p := j.spare
	j.spare = nil
	if p == nil {
		return &partial{key: key, total: -1}
	}
	*p = partial{key: key, bytes: p.bytes[:0], total: -1}
	return p
}

// drop forgets the partial of index i, whose bytes stay as they are until the next packet is read.
func (j *joiner) drop(i int) {
	j.used = j.parts[i]
	j.parts = append(j.parts[:i], j.parts[i+1:]...)
}
