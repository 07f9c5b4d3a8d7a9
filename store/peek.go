package store

import "slices"

// Span is a range of bytes of an object.
type Span struct {
	Off int64
	Len int
}

// End returns the offset after the last byte.
func (s Span) End() int64 { return s.Off + int64(s.Len) }

// Peek copies what b holds of the bytes at off to p, and appends to gaps, in order, what it does not hold of them: they
// were written, or never came.
func (b *Buffer) Peek(p []byte, off int64, gaps []Span) []Span {
	first := len(gaps)
	put := func(bytes []byte, at int64) {
		from, to := max(at, off), min(at+int64(len(bytes)), off+int64(len(p)))
		if from < to {
			copy(p[from-off:], bytes[from-at:to-at])
			gaps = append(gaps, Span{from, int(to - from)})
		}
	}
	if b.tail != nil {
		for _, c := range b.tail.chunks {
			put(c.bytes, c.off)
		}
	}
	for _, c := range b.queue {
		put(c.bytes, c.off)
	}
	at, _ := b.find(off / pageSize)
	for _, pg := range b.pages[at:] {
		if pg.index*pageSize >= off+int64(len(p)) {
			break
		}
		for _, r := range pg.runs {
			put(pg.bytes[r.start:r.end], pg.index*pageSize+int64(r.start))
		}
	}
	return complement(gaps, first, Span{off, len(p)})
}

// Holds reports whether b has any of the n bytes from off on.
func (b *Buffer) Holds(off int64, n int) bool {
	end := off + int64(n)
	meets := func(c chunk) bool { return c.off < end && c.off+int64(len(c.bytes)) > off }
	if b.tail != nil && slices.ContainsFunc(b.tail.chunks, meets) || slices.ContainsFunc(b.queue, meets) {
		return true
	}
	at, _ := b.find(off / pageSize)
	for _, pg := range b.pages[at:] {
		first := pg.index * pageSize
		if first >= end {
			break
		}
		for _, r := range pg.runs {
			if first+int64(r.start) < end && first+int64(r.end) > off {
				return true
			}
		}
	}
	return false
}

// complement replaces the spans from index first on by what they leave of all, in order.
func complement(spans []Span, first int, all Span) []Span {
	slices.SortFunc(spans[first:], func(a, b Span) int { return int(a.Off - b.Off) })
	n, next := first, all.Off // no more gaps than spans so far, and one
	for _, s := range spans[first:] {
		end := s.End()
		if s.Off > next {
			spans[n] = Span{next, int(s.Off - next)}
			n++
		}
		next = max(next, end)
	}
	spans = spans[:n]
	if next < all.End() {
		spans = append(spans, Span{next, int(all.End() - next)})
	}
	return spans
}
