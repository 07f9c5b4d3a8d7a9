package receiver

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store"
)

// quietStore counts what reaches its objects.
type quietStore struct {
	store.Store
	writes atomic.Int64
}

func (s *quietStore) Create(size uint64) (store.Object, error) {
	o, err := s.Store.Create(size)
	return &quietObject{o, s}, err
}

func (s *quietStore) Publish(o store.Object, name string) (string, error) {
	return s.Store.Publish(o.(*quietObject).Object, name)
}

type quietObject struct {
	store.Object
	store *quietStore
}

func (o *quietObject) WriteAt(p []byte, off int64) (int, error) {
	o.store.writes.Add(1)
	return o.Object.WriteAt(p, off)
}

// TestSmallFilesAreWrittenByWorks: no packet of a small file waits for the disk; its Work writes it.
func TestSmallFilesAreWrittenByWorks(t *testing.T) {
	quiet := &quietStore{}
	r := newRig(t, func(c *Config) { quiet.Store, c.Store = c.Store, quiet })
	r.manual = true
	for i, n := range []int{1, 6, 40, 700, 1400, 5000, 40_000} {
		o := plain(t, uint64(i+1), n, 1400, 64)
		name := fmt.Sprint(n)
		r.feed(describe(t, flute.InstanceID(i), o.file(name)))
		r.feed(o.all()...)
		if quiet.writes.Load() != 0 {
			t.Errorf("%d bytes: %d writes before the Work", n, quiet.writes.Load())
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.file(name, o.content)
		if quiet.writes.Swap(0) == 0 {
			t.Errorf("%d bytes: nothing was written", n)
		}
	}
	r.close()
}
