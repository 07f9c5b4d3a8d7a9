package store

import "slices"

// pageSize is what is written at once: below 64 KiB the cost of a write is the call, above it is the bytes.
const pageSize = 64 << 10

// span is a range of bytes within a page, from included to excluded.
type span struct{ from, to int }

// page is a piece of an object, aligned to pageSize, with the bytes that are there.
type page struct {
	number int64
	data   []byte
	spans  []span // disjoint, not adjacent, in order
	older  *page  // in the order of creation
	newer  *page
}

// add marks from..to as there.
func (p *page) add(from, to int) {
	// The usual case: what comes follows what came last.
	if n := len(p.spans); n > 0 && p.spans[n-1].to == from {
		p.spans[n-1].to = to
		return
	}
	// i is the first span that touches or follows from; those up to j are swallowed.
	i := 0
	for i < len(p.spans) && p.spans[i].to < from {
		i++
	}
	j := i
	for j < len(p.spans) && p.spans[j].from <= to {
		from, to = min(from, p.spans[j].from), max(to, p.spans[j].to)
		j++
	}
	p.spans = slices.Replace(p.spans, i, j, span{from, to})
}

// isFull reports whether every byte is there.
func (p *page) isFull() bool { return len(p.spans) == 1 && p.spans[0] == span{0, pageSize} }

// pagePool keeps free pages for all Buffers of one node.
type pagePool struct{ free chan *page }

// maxFreePages bounds what is kept: 4 MiB.
const maxFreePages = 64

func newPagePool() *pagePool { return &pagePool{free: make(chan *page, maxFreePages)} }

func (pp *pagePool) get() *page {
	select {
	case p := <-pp.free:
		return p
	default:
		return &page{data: make([]byte, pageSize)}
	}
}

func (pp *pagePool) put(p *page) {
	p.spans, p.older, p.newer = p.spans[:0], nil, nil
	select {
	case pp.free <- p:
	default:
	}
}
