package store_test

import (
	"errors"
	"io"
	"math"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// array is an Object of plain bytes that counts its writes and fails when told to.
type array struct {
	mu     sync.Mutex
	bytes  []byte
	writes []int // length of each write

	fail func(n, off int) (short int, err error) // called with the number of the write, from 1; nil never fails
}

func (a *array) ReadAt(p []byte, off int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	if off < int64(len(a.bytes)) {
		n = copy(p, a.bytes[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (a *array) WriteAt(p []byte, off int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writes = append(a.writes, len(p))
	n, err := len(p), error(nil)
	if a.fail != nil {
		var short int
		short, err = a.fail(len(a.writes), int(off))
		n -= short
	}
	if grow := int(off) + n - len(a.bytes); grow > 0 {
		a.bytes = append(a.bytes, make([]byte, grow)...)
	}
	copy(a.bytes[off:], p[:n])
	return n, err
}

func (a *array) Truncate(int64) error { return nil }
func (a *array) Sync() error          { return nil }
func (a *array) Discard() error       { return nil }

// direct writes what a Buffer wants written at once.
type direct struct {
	*store.Buffer
	object store.Object
}

func newDirect(o store.Object, budget *store.Budget) *direct {
	return &direct{store.NewBuffer(budget), o}
}

func (d *direct) WriteAt(p []byte, off int64) (int, error) {
	n, err := d.Buffer.WriteAt(p, off)
	return n, errors.Join(err, d.drain())
}

func (d *direct) Flush() error { return d.FlushBefore(math.MaxInt64) }

func (d *direct) FlushBefore(end int64) error {
	d.Buffer.FlushBefore(end)
	return d.drain()
}

func (d *direct) drain() error {
	t := d.Begin()
	if t == nil {
		return nil
	}
	err := t.Write(d.object)
	d.End(t)
	return err
}

// ReadAt reads all that was written, wherever it is.
func (d *direct) ReadAt(p []byte, off int64) (int, error) {
	gaps := d.Peek(p, off, nil)
	var end int64 // after the last byte that is there
	if len(gaps) == 0 || gaps[len(gaps)-1].End() < off+int64(len(p)) {
		end = off + int64(len(p))
	} else {
		end = gaps[len(gaps)-1].Off
	}
	for _, g := range gaps {
		part := p[g.Off-off : g.End()-off]
		n, err := d.object.ReadAt(part, g.Off)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		clear(part[n:])
		end = max(end, g.Off+int64(n))
	}
	if n := int(end - off); n < len(p) {
		return n, io.EOF
	}
	return len(p), nil
}

// null is an Object that costs nothing.
type null struct{ writes int }

func (*null) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (o *null) WriteAt(p []byte, _ int64) (int, error) {
	o.writes++
	return len(p), nil
}
func (*null) Truncate(int64) error { return nil }
func (*null) Sync() error          { return nil }
func (*null) Discard() error       { return nil }

// unlimited returns a budget that is never spent.
func unlimited() *store.Budget { return store.NewBudget(1<<62, nil) }

// pattern fills n bytes that differ from their neighbours and from those a page away.
func pattern(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}
