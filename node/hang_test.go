package node

import (
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
)

// hangingStore answers one write late, like a disk that is busy with other things.
type hangingStore struct {
	store.Store
	wait time.Duration
	once sync.Once
}

func (s *hangingStore) Create(size uint64) (store.Object, error) {
	o, err := s.Store.Create(size)
	return &hangingObject{o, s}, err
}

func (s *hangingStore) Publish(o store.Object, name string) (string, error) {
	return s.Store.Publish(o.(*hangingObject).Object, name)
}

type hangingObject struct {
	store.Object
	store *hangingStore
}

func (o *hangingObject) WriteAt(p []byte, off int64) (int, error) {
	if off > 1_000_000 {
		o.store.once.Do(func() { time.Sleep(o.store.wait) })
	}
	return o.Object.WriteAt(p, off)
}

// TestStoreHangs: a write that takes 2 s at 40 Mbit/s costs no datagram. They wait in memory, few in each read as they
// come, without holding the memory of whole reads.
func TestStoreHangs(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Store: &hangingStore{Store: w.store, wait: 2 * time.Second}})
		s := w.send(1, 40_000_000, sender.Config{})
		w.add(s, 2, 10_000_000)
		w.finish(s)
		w.delivered()
		w.stop()
		w.accounted()
		if c := w.counters()[0]; c.DropTotal() > 0 {
			t.Errorf("dropped: %v of %d", c.Dropped, c.Received)
		}
	})
}
