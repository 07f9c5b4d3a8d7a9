package core

import (
	"math/bits"
	"slices"

	"github.com/flute-node/flute-node/utp/wire"
)

// segment is what arrived beyond a packet that is missing.
type segment struct {
	seq  wire.Seq
	data []byte
}

// inbox is what was received: in order and not read yet, and beyond what is missing. Its memory is in proportion to
// what came, whatever sequence numbers said.
type inbox struct {
	limit int // bytes
	reach int // packets beyond the last in order that are taken

	last   wire.Seq // the last packet in order; our ack_nr
	unread byteQueue
	ahead  []segment // by sequence number
	bytes  int       // in ahead
	free   *buffers  // nil: none

	hasEOF bool
	eof    wire.Seq // of the peer's FIN
}

// arrival is what became of a packet.
type arrival uint8

const (
	arrived      arrival = iota // in order
	arrivedAhead                // beyond a missing one
	arrivedAgain                // a copy of one that was received
	tooFar                      // beyond reach
	noRoom                      // the buffer is full
	pastEOF                     // beyond the peer's FIN, or a second FIN
)

// take takes a packet that carries a sequence number. It copies data.
func (r *inbox) take(seq wire.Seq, data []byte, fin bool) arrival {
	d := seq.Sub(r.last)
	switch {
	case d <= 0:
		return arrivedAgain
	case d > r.reach:
		return tooFar
	case r.hasEOF && (r.eof.Less(seq) || fin != (seq == r.eof)):
		return pastEOF
	}
	i, found := r.find(seq)
	if found {
		return arrivedAgain
	}
	// The packet that is missing is taken even if what lies beyond it fills the buffer: nothing would move, else.
	need := r.unread.n + len(data)
	if d > 1 {
		need += r.bytes
	}
	if need > r.limit {
		return noRoom
	}
	if fin {
		r.hasEOF, r.eof = true, seq
		r.cut(i)
	}
	if d > 1 {
		if r.free == nil {
			r.free = &buffers{}
		}
		r.ahead = slices.Insert(r.ahead, i, segment{seq: seq, data: r.free.copy(data)})
		r.bytes += len(data)
		return arrivedAhead
	}
	r.deliver(seq, data)
	n := 0
	for ; n < len(r.ahead) && r.ahead[n].seq == r.last+1; n++ {
		s := &r.ahead[n]
		r.bytes -= len(s.data)
		r.deliver(s.seq, s.data)
		r.free.put(s.data)
	}
	if n > 0 {
		r.ahead = slices.Delete(r.ahead, 0, n)
	}
	return arrived
}

// find returns the place of seq in ahead, and whether it is there.
func (r *inbox) find(seq wire.Seq) (int, bool) {
	if n := len(r.ahead); n == 0 || r.ahead[n-1].seq.Less(seq) {
		return n, false
	}
	return slices.BinarySearchFunc(r.ahead, seq, func(s segment, seq wire.Seq) int { return s.seq.Sub(seq) })
}

// cut drops the segments from i on: they claim to lie beyond the FIN.
func (r *inbox) cut(i int) {
	for _, s := range r.ahead[i:] {
		r.bytes -= len(s.data)
		r.free.put(s.data)
	}
	r.ahead = slices.Delete(r.ahead, i, len(r.ahead))
}

func (r *inbox) deliver(seq wire.Seq, data []byte) {
	r.last = seq
	r.unread.write(data)
}

// ended reports whether all has come up to the peer's FIN.
func (r *inbox) ended() bool { return r.hasEOF && r.last == r.eof }

// window is how many bytes more the buffer takes.
func (r *inbox) window() int { return max(0, r.limit-r.unread.n-r.bytes) }

// appendSACK appends the mask of what was received beyond the missing packet, at most most bytes long, or nothing.
func (r *inbox) appendSACK(b wire.SACK, most int) wire.SACK {
	if len(r.ahead) == 0 {
		return b
	}
	const word = 4 // the mask is sent in words of so many bytes
	span := r.ahead[len(r.ahead)-1].seq.Sub(r.last) - 1
	n := min((span+8*word-1)/(8*word)*word, most)
	b = slices.Grow(b, n)[:n]
	clear(b)
	for _, s := range r.ahead {
		i := s.seq.Sub(r.last) - 2
		if i >= b.Len() {
			break
		}
		b.Set(i)
	}
	return b
}

// release gives back memory that is not in use.
func (r *inbox) release() {
	r.unread.release()
	r.free = nil
	if len(r.ahead) == 0 {
		r.ahead = nil
	}
}

const (
	minBufferBits = 6 // buffers of 64 bytes at least
	bufferClasses = 11
	maxFree       = 64 // buffers of each class
)

// buffers are buffers to be used again, by the power of two of their size.
type buffers struct{ free [bufferClasses][][]byte }

func bufferClass(n int) int { return max(0, bits.Len(uint(max(n, 1)-1))-minBufferBits) }

// copy returns a copy of data, which is shorter than 64 KiB.
func (f *buffers) copy(data []byte) []byte {
	k := bufferClass(len(data))
	if have := f.free[k]; len(have) > 0 {
		b := have[len(have)-1]
		f.free[k] = have[:len(have)-1]
		return append(b[:0], data...)
	}
	return append(make([]byte, 0, 1<<(k+minBufferBits)), data...)
}

// put takes a buffer back. A nil f, after release, keeps none.
func (f *buffers) put(b []byte) {
	if f == nil {
		return
	}
	if k := bufferClass(cap(b)); len(f.free[k]) < maxFree {
		f.free[k] = append(f.free[k], b)
	}
}
