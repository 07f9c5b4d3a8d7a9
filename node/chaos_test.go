package node

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestChaos: whatever actors crash, at whatever moment: each object that was announced ends once, what is complete has the
// bytes that were sent, every datagram is counted, and nothing is left in the end.
func TestChaos(t *testing.T) {
	runs := int64(20)
	if testing.Short() {
		runs = 3
	}
	whole := int64(0) // runs in which the node did not give up
	for seed := range runs {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := func(actor string, probability float64) actors.Rule {
				return actors.Rule{Kind: actors.FaultPanic, Actor: actor, Probability: probability, After: seed%2 == 0}
			}
			rules := []actors.Rule{
				random("node/sessions/tsi-*/*", 0.02),
				random("node/sessions/tsi-*", 0.005),
				random("node/sessions/send-*", 0.002),
				random("node/sessions", 0.02),
				random("node/store", 0.02),
			}
			if seed%4 == 3 {
				rules = append(rules, random("node/hub", 0.0005))
			}
			faults := actors.NewFaults(seed, rules...)
			inWorld(t, Config{Faults: faults}, func(w *world) {
				w.receive(simnet.Link{Loss: 0.05, Duplicate: 0.02, Reorder: 0.05, Depth: 4}, ReceiveConfig{})
				var all []*Sending
				for i := range 4 {
					s := w.send(flute.TSI(i+1), 8_000_000, sender.Config{OTI: repaired, TransferCount: 5, Delay: 3 * time.Second})
					w.add(s, 3, 60_000)
					all = append(all, s)
				}
				// Source blocks of more than 256 KiB: the pool encodes and decodes them.
				large := w.send(9, 20_000_000, sender.Config{
					OTI: fec.OTI{EncodingID: fec.RaptorQ, MaxSourceBlockLength: 300}, TransferCount: 5, Delay: 3 * time.Second,
				})
				w.add(large, 2, 1_500_000)
				all = append(all, large)
				for _, s := range all {
					s.Finish()
				}
				for _, s := range all {
					_ = s.Wait(w.ctx) // it may have been given up
				}
				w.mayFail = true
				w.stop()
				if !w.abandoned {
					w.chaosEnded(faults)
					whole++
				}
			})
		})
	}
	t.Logf("%d of %d runs were whole", whole, runs)
	if whole < runs/2 {
		t.Errorf("the node gave up in %d of %d runs", runs-whole, runs)
	}
}

// chaosEnded checks the ends of objects. An event that the hub has crashed at is lost, so that they are exact only without.
func (w *world) chaosEnded(faults *actors.Faults) {
	w.t.Helper()
	type object struct {
		session flute.SessionKey
		toi     flute.TOI
	}
	open := map[object]string{}
	completed, failed, missed := 0, 0, uint64(0)
	for _, e := range w.take() {
		switch e := e.(type) {
		case event.Missed:
			missed += e.Count
		case event.ObjectStarted:
			if !e.Sending {
				open[object{e.Session, e.TOI}] = e.ContentLocation
			}
		case event.ObjectCompleted:
			if !e.Sending {
				delete(open, object{e.Session, e.TOI})
				completed++
				if got, _ := w.store.Get(e.Path); !bytes.Equal(got, w.sent[e.Path]) {
					w.t.Errorf("%s: other bytes than were sent", e.Path)
				}
			}
		case event.ObjectFailed:
			if !e.Sending {
				delete(open, object{e.Session, e.TOI})
				failed++
			}
		}
	}
	w.t.Logf("%d faults: %d completed, %d failed, %d events missed", faults.Injected(), completed, failed, missed)
	if missed > 0 {
		return
	}
	for o, location := range open {
		w.t.Errorf("%s (%v) has no end", location, o)
	}
	w.accounted()
}
