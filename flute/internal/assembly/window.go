package assembly

import (
	"github.com/flute-node/flute-node/internal/prefetch"
	"github.com/flute-node/flute-node/store"
)

// A Store may keep its objects in memory and lend that, a window at a time: what comes is copied to its place in the
// object at once, and to no page before. No Work writes it then.

const (
	// windowBytes is the size of a window, which begins at a multiple of it.
	windowBytes = 64 << 10
	// windowWorth is how many bytes of windows one byte of the object pays for: a byte here and a byte there must not
	// take a window each.
	windowWorth = 10
	// fetchAhead is how many symbols before it is copied the place of a symbol is fetched. Those of a source block
	// mostly come in order, and mostly no cache holds the place where they go.
	fetchAhead = 2
)

// window is the one that was used last.
type window struct {
	off   int64
	bytes []byte // nil: there is none
	sum   uint64 // bytes of all windows that there was no memory for before
	gaps  []store.Span
	never bool // the Store keeps the object elsewhere
}

// place copies p to its place in the object, if that is memory. It reports false if it is not; then p is to be written.
func (a *Assembly) place(p []byte, off int64) bool {
	w := &a.window
	if w.bytes == nil && !w.never {
		w.never = a.object.NeverLends()
	}
	if w.never || a.buffer.Holds(off, len(p)) { // and would write that over p
		return false
	}
	for len(p) > 0 {
		at := off - w.off
		if at < 0 || at >= int64(len(w.bytes)) {
			if !a.openWindow(off, uint64(len(p))) {
				return false
			}
			at = off - w.off
		}
		if next := at + fetchAhead*int64(len(p)); next < int64(len(w.bytes)) {
			prefetch.Lines(w.bytes[next:min(next+int64(len(p)), int64(len(w.bytes)))])
		}
		n := copy(w.bytes[at:], p)
		p, off = p[n:], off+int64(n)
	}
	return true
}

// openWindow opens the window around off, where n bytes are to go. It reports false if there is none.
func (a *Assembly) openWindow(off int64, n uint64) bool {
	w := &a.window
	first := off / windowBytes * windowBytes
	size := min(windowBytes, int64(a.OTI.TransferLength)-first)
	b := a.object.Window(first, int(size), false)
	if b == nil && w.sum+uint64(size) <= windowWorth*(a.Received+n) {
		if b = a.object.Window(first, int(size), true); b != nil {
			w.sum += uint64(size)
		}
	}
	if b == nil {
		return false
	}
	if w.bytes == nil {
		a.buffer.Flush() // nothing more will come for its pages
	}
	w.off, w.bytes = first, b
	return true
}

// peek copies what memory holds of the bytes at off to p, and appends to gaps, in order, what it does not hold.
func (a *Assembly) peek(p []byte, off int64, gaps []store.Span) []store.Span {
	first := len(gaps)
	gaps = a.buffer.Peek(p, off, gaps)
	if a.window.bytes == nil { // and never was
		return gaps
	}
	rest := a.window.gaps[:0]
	for _, g := range gaps[first:] {
		for g.Len > 0 {
			part := store.Span{Off: g.Off, Len: min(g.Len, int(windowBytes-g.Off%windowBytes))}
			g.Off, g.Len = part.End(), g.Len-part.Len
			if b := a.object.Window(part.Off, part.Len, false); b != nil {
				copy(p[part.Off-off:], b)
				continue
			}
			rest = append(rest, part)
		}
	}
	a.window.gaps = rest
	return append(gaps[:first], rest...)
}
