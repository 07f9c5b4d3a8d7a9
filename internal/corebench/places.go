package corebench

import (
	"github.com/flute-node/flute-node/store"
)

// places is a Store of files in memory that is there before they come: what is measured is not how the system finds
// memory.
type places struct {
	free  [][]byte
	all   [][]byte
	named map[string][]byte
}

func newPlaces(n, size int) *places {
	p := &places{}
	for range n {
		p.all = append(p.all, make([]byte, size))
	}
	return p
}

// reset makes all places free.
func (p *places) reset() {
	p.free, p.named = append(p.free[:0], p.all...), map[string][]byte{}
}

func (p *places) Create(uint64) (store.Object, error) {
	if len(p.free) == 0 {
		return nil, store.ErrFull
	}
	o := place(p.free[0])
	p.free = p.free[1:]
	return o, nil
}

func (p *places) Publish(o store.Object, name string) (string, error) {
	p.named[name] = o.(place)
	return name, nil
}

func (p *places) Close() error { return nil }

// place is where a file goes. The receiver writes and reads within the size that was announced.
type place []byte

func (p place) ReadAt(b []byte, off int64) (int, error)  { return copy(b, p[off:]), nil }
func (p place) WriteAt(b []byte, off int64) (int, error) { return copy(p[off:], b), nil }

// Window lends the memory that is there, as a Store in memory does.
func (p place) Window(off int64, n int, _ bool) []byte { return p[off : off+int64(n)] }

func (p place) Truncate(int64) error { return nil }
func (p place) Sync() error          { return nil }
func (p place) Discard() error       { return nil }
