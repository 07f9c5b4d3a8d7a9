package receiver

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/flute-node/flute-node/store"
)

// disk is a store.Keeper in memory that loses power: what was written and not synced may be lost, write by write.
type disk struct {
	staged    []*diskObject
	published map[string][]byte
	delivered [][]byte
	fails     error // of Note
}

type diskObject struct {
	disk    *disk
	content []byte // as the process reads it
	durable []byte
	writes  []diskWrite // since the last sync
	notes   []byte
}

type diskWrite struct {
	off   int
	bytes []byte
}

func newDisk() *disk { return &disk{published: map[string][]byte{}} }

func (d *disk) Create(uint64) (store.Object, error) {
	o := &diskObject{disk: d}
	d.staged = append(d.staged, o)
	return o, nil
}

func (d *disk) Publish(o store.Object, name string) (string, error) {
	d.published[name] = slices.Clone(o.(*diskObject).content)
	return name, o.Discard()
}

func (d *disk) Deliver(_ string, p []byte) error {
	d.delivered = append(d.delivered, slices.Clone(p))
	return nil
}

func (d *disk) Delivered() ([][]byte, error) { return d.delivered, nil }

func (d *disk) Close() error { return nil }

func (d *disk) Recover(want func([]byte) bool) (list []store.Leftover, _ error) {
	for _, o := range d.staged {
		if o.notes != nil && want(o.notes) {
			list = append(list, store.Leftover{Object: o, Notes: slices.Clone(o.notes)})
		}
	}
	return list, nil
}

// cut returns the disk as the next process finds it: each write since the last sync of its file is there or not. With
// rng nil the process was killed, and all of them are.
func (d *disk) cut(rng *rand.Rand) *disk {
	next := newDisk()
	next.delivered = slices.Clone(d.delivered)
	maps.Copy(next.published, d.published)
	for _, o := range d.staged {
		if o.notes == nil {
			continue
		}
		n := &diskObject{disk: next, content: slices.Clone(o.durable), notes: slices.Clone(o.notes)}
		for _, w := range o.writes {
			if rng == nil || rng.IntN(2) == 0 {
				n.put(w.bytes, w.off)
			}
		}
		n.durable = slices.Clone(n.content)
		next.staged = append(next.staged, n)
	}
	return next
}

func (o *diskObject) put(p []byte, off int) {
	if n := off + len(p); n > len(o.content) {
		o.content = append(o.content, make([]byte, n-len(o.content))...)
	}
	copy(o.content[off:], p)
}

func (o *diskObject) WriteAt(p []byte, off int64) (int, error) {
	o.put(p, int(off))
	o.writes = append(o.writes, diskWrite{int(off), bytes.Clone(p)})
	return len(p), nil
}

func (o *diskObject) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(o.content)) {
		return 0, io.EOF
	}
	n := copy(p, o.content[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (o *diskObject) Truncate(size int64) error {
	if size != int64(len(o.content)) {
		return fmt.Errorf("truncated to %d of %d bytes", size, len(o.content))
	}
	return nil
}

func (o *diskObject) Sync() error {
	o.durable, o.writes = slices.Clone(o.content), nil
	return nil
}

func (o *diskObject) Note(p []byte, anew bool) error {
	if o.disk.fails != nil {
		return o.disk.fails
	}
	if !slices.Contains(o.disk.staged, o) {
		return fmt.Errorf("noted after its end: %w", store.ErrClosed)
	}
	_ = o.Sync()
	if anew {
		o.notes = []byte{}
	}
	o.notes = append(o.notes, p...)
	return nil
}

func (o *diskObject) Leave() error {
	if o.notes == nil {
		return o.Discard()
	}
	return nil
}

func (o *diskObject) Discard() error {
	o.disk.staged = slices.DeleteFunc(o.disk.staged, func(s *diskObject) bool { return s == o })
	return nil
}
