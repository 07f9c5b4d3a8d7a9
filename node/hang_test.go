package node

import (
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// hangingStore answers one write late, like a disk that is busy with other things.
func hangingStore(st store.Store, wait time.Duration) store.Store {
	var once sync.Once
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		if c.Method == "WriteAt" && c.Off > 1_000_000 {
			once.Do(func() { time.Sleep(wait) })
		}
		return nil
	}}
}

// TestStoreHangs: a write that takes 2 s at 40 Mbit/s costs no datagram. They wait in memory, few in each read as they
// come, without holding the memory of whole reads.
func TestStoreHangs(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Store: hangingStore(w.store, 2*time.Second)})
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
