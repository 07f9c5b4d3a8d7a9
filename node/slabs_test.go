package node

import (
	"bytes"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/mem"
)

// TestSlabsAreInTheBudget: twenty receptions whose sessions do not keep up hold no more memory for datagrams than their
// part of the node's budget, together. When nothing comes they hold none. All of them have received in the end.
func TestSlabsAreInTheBudget(t *testing.T) {
	const receptions, budget = 20, 16 << 20
	stuck := inject.Rule{
		Kind: inject.Delay, Actor: "session/receiving-*", Message: "packets", Nth: 2, Delay: 5 * time.Second,
	}
	inWorld(t, Config{Budget: budget, Faults: inject.New(1, stuck)}, func(w *world) {
		var stores []*mem.Store
		for range receptions {
			st := mem.New()
			stores = append(stores, st)
			w.receive(simnet.Link{}, ReceiveConfig{Store: st})
		}
		time.Sleep(10 * time.Second)
		if n := w.slabMemory(); n != 0 {
			t.Errorf("%d receptions that nothing was sent to hold %d bytes", receptions, n)
		}
		s := w.send(1, 40_000_000, sender.Config{OTI: repaired, TransferCount: 4, Delay: 5 * time.Second})
		w.add(s, 3, 400_000)
		most := 0
		for range 100 {
			time.Sleep(10 * time.Millisecond)
			most = max(most, w.slabMemory())
		}
		if most > budget/8 || most < budget/32 {
			t.Errorf("up to %d bytes of memory for datagrams, want at most %d, and not much less", most, budget/8)
		}
		w.finish(s)
		time.Sleep(10 * time.Second)
		if n := w.slabMemory(); n != 0 {
			t.Errorf("%d receptions that have nothing to do hold %d bytes", receptions, n)
		}
		for i, st := range stores {
			for name, want := range w.sent {
				if got, _ := st.Get(name); !bytes.Equal(got, want) {
					t.Errorf("reception %d: %s has not arrived", i, name)
				}
			}
		}
		w.stop()
		w.accounted()
	})
}

// slabMemory returns how many bytes all receptions hold for datagrams.
func (w *world) slabMemory() int { return w.node.slabs.Held() }
