package node

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// hangingStore answers one call for the object of that size late, like a disk that is busy with other things, and calls
// then.
func hangingStore(st store.Store, method string, size uint64, wait time.Duration, then func()) store.Store {
	var once atomic.Bool
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		if c.Method == method && c.Size == size && (method != "WriteAt" || c.Off > 1_000_000) && once.CompareAndSwap(
			false, true) {
			time.Sleep(wait)
			then()
		}
		return nil
	}}
}

// TestStoreHangs: a call of the store that takes long costs no datagram at 40 Mbit/s, and delays no other object of the
// session. What comes of its object waits in memory.
func TestStoreHangs(t *testing.T) {
	const size, wait = 25_000_001, 10 * time.Second
	for _, method := range []string{"Create", "WriteAt", "ReadAt"} {
		t.Run(method, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				files := 0 // published while the store hangs
				w.receive(simnet.Link{Loss: 0.02}, ReceiveConfig{
					Store: hangingStore(w.store, method, size, wait, func() { files = len(w.store.Files()) }),
				})
				s := w.send(1, 40_000_000, sender.Config{
					OTI: fec.OTI{
						EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 100, MaxEncodingSymbols: 120,
					},
					Repair: 20, Parallel: 2,
				})
				w.addNamed(s, "large", 1, size)
				for i := range 20 {
					w.addNamed(s, fmt.Sprint(i), uint64(2+i), 1_000_000)
				}
				w.finish(s)
				time.Sleep(time.Minute)
				w.delivered()
				w.stop()
				w.accounted()
				if c := w.counters()[0]; c.DropTotal() > 0 {
					t.Errorf("dropped: %v of %d", c.Dropped, c.Received)
				}
				if files < 15 {
					t.Errorf("%d files were published while the store hung", files)
				}
			})
		})
	}
}

// TestGoesOnWhenStoreAnswers: a session that has to wait for its store takes datagrams again as soon as that answers.
func TestGoesOnWhenStoreAnswers(t *testing.T) {
	const size = 2_700_000
	inWorld(t, Config{Budget: 4 << 20}, func(w *world) {
		var answered, completed time.Time
		w.receive(simnet.Link{}, ReceiveConfig{
			Store: hangingStore(w.store, "WriteAt", size, 1200*time.Millisecond, func() { answered = time.Now() }),
		})
		sub := w.node.Subscribe(SubscribeOptions{Queue: 1 << 16})
		w.watching.Go(func() {
			for e := range sub.Events() {
				if e, ok := e.(event.ObjectCompleted); ok && !e.Sending {
					completed = time.Now()
				}
			}
		})
		s := w.send(1, 40_000_000, sender.Config{})
		w.add(s, 1, size)
		time.Sleep(10 * time.Second)
		w.finish(s)
		w.stop()
		if answered.IsZero() || !completed.Equal(answered) {
			t.Errorf("the store answered at %v, the object was completed at %v", answered, completed)
		}
		if c := w.counters()[0]; c.DropTotal() > 0 {
			t.Errorf("dropped: %v of %d", c.Dropped, c.Received)
		}
	})
}

// TestStoreHangsWithoutMemory: what no memory is left for waits in the inbox and in the kernel's buffer; only then it
// is lost, and a Warning says why.
func TestStoreHangsWithoutMemory(t *testing.T) {
	for wait, lossy := range map[time.Duration]bool{2 * time.Second: false, 20 * time.Second: true} {
		t.Run(fmt.Sprint(wait), func(t *testing.T) {
			inWorld(t, Config{Budget: 32 << 20}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{Store: hangingStore(w.store, "WriteAt", 20_000_000, wait,
					func() {})})
				s := w.send(1, 40_000_000, sender.Config{TransferCount: 2, Delay: time.Minute})
				w.add(s, 1, 20_000_000)
				w.finish(s)
				w.delivered()
				told := 0
				for _, text := range w.warnings() {
					if strings.Contains(text, "datagrams were dropped: store") {
						told++
					}
				}
				w.stop()
				w.accounted()
				c := w.counters()[0]
				if lost := c.DropTotal() > 0; lost != lossy || lossy && c.Dropped[drop.Mailbox] == 0 {
					t.Errorf("dropped: %v of %d", c.Dropped, c.Received)
				}
				if lossy != (told > 0) || told > 2 {
					t.Errorf("told %d times: %q", told, w.warnings())
				}
			})
		})
	}
}
