package node

import (
	"bytes"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestChaos: whatever actors crash, at whatever moment: each object that was announced ends once, what is complete has
// the bytes that were sent, every datagram is counted, and nothing is left in the end. A run is whole if the node did
// not give up and no event was missed, so that all of this was checked exactly; three of five runs must be.
func TestChaos(t *testing.T) {
	runs := int64(20)
	if testing.Short() {
		runs = 3
	}
	whole := int64(0)
	for seed := range runs {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := func(actor string, probability float64) inject.Rule {
				return inject.Rule{Kind: inject.Panic, Actor: actor, Probability: probability, After: seed%2 == 0}
			}
			rules := []inject.Rule{
				random("object/*", 0.02),
				random("session/receiving-*", 0.005),
				random("session/sending-*", 0.002),
				random("sessions", 0.02),
				random("store", 0.02),
			}
			if seed%4 == 3 {
				rules = append(rules, random("hub", 0.0005))
			}
			faults := inject.New(seed, rules...)
			inWorld(t, Config{Faults: faults}, func(w *world) {
				w.receive(simnet.Link{Loss: 0.05, Duplicate: 0.02, Reorder: 0.05, Depth: 4}, ReceiveConfig{})
				var all []*Sending
				for i := range 4 {
					s := w.send(flute.TSI(i+1), 8_000_000,
						sender.Config{OTI: repaired, TransferCount: 5, Delay: 3 * time.Second})
					w.add(s, 3, 60_000)
					all = append(all, s)
				}
				// Source blocks of more than 256 KiB: Works encode and decode them.
				large := w.send(9, 20_000_000, sender.Config{
					OTI: fec.OTI{EncodingID: fec.RaptorQ, MaxSourceBlockLength: 300}, TransferCount: 5,
					Delay: 3 * time.Second,
				})
				w.add(large, 2, 1_500_000)
				all = append(all, large)
				for _, s := range all {
					_ = s.Finish(w.ctx)
				}
				for _, s := range all {
					_ = s.Wait(w.ctx) // it may have been given up
				}
				w.mayFail = true
				w.stop()
				if !w.abandoned && w.chaosEnded(faults) {
					whole++
				}
			})
		})
	}
	t.Logf("%d of %d runs were whole", whole, runs)
	if whole*5 < runs*3 {
		t.Errorf("only %d of %d runs were whole, want three of five", whole, runs)
	}
}

// chaosEnded checks the ends of objects, and reports whether it could do so exactly: an event at which the hub crashed
// is lost.
func (w *world) chaosEnded(faults *inject.Faults) (exact bool) {
	w.t.Helper()
	type object struct {
		session flute.SessionKey
		toi     flute.TOI
	}
	open, ended := map[object]string{}, map[object]string{}
	completed, failed, twice, missed := 0, 0, 0, uint64(0)
	end := func(o object, how string) {
		delete(open, o)
		if ended[o] != "" {
			twice++
			w.t.Logf("object %v of session %v ended twice: %s, then %s", o.toi, o.session, ended[o], how)
		}
		ended[o] = how
	}
	for _, e := range w.take() {
		switch e := e.(type) {
		case notice.Missed:
			missed += e.Count
		case event.SessionOpened: // anew, after it was given up
			maps.DeleteFunc(ended, func(o object, _ string) bool { return o.session == e.Session && !e.Sending })
		case event.ObjectStarted:
			if !e.Sending {
				open[object{e.Session, e.TOI}] = e.ContentLocation
			}
		case event.ObjectCompleted:
			if !e.Sending {
				end(object{e.Session, e.TOI}, "completed")
				completed++
				if got, _ := w.store.Get(e.Path); !bytes.Equal(got, w.sent[e.Path]) {
					w.t.Errorf("%s: other bytes than were sent", e.Path)
				}
			}
		case event.ObjectFailed:
			if o := (object{e.Session, e.TOI}); e.Retry && !e.Sending {
				delete(open, o) // a try ended, not the object
			} else if !e.Sending {
				end(o, string(e.Reason))
				failed++
			}
		}
	}
	w.t.Logf("%d faults: %d completed, %d failed, %d events missed", faults.Injected(), completed, failed, missed)
	if faults.Injected() == 0 || completed == 0 {
		w.t.Error("the run shows nothing")
	}
	for o, location := range open {
		w.t.Logf("%s (%v) has no end", location, o)
	}
	if uint64(len(open)) > missed {
		w.t.Errorf("%d objects have no end, but %d events were missed", len(open), missed)
	}
	if missed > 0 {
		return false
	}
	if twice > 0 {
		w.t.Errorf("%d objects ended twice", twice)
	}
	w.accounted()
	return true
}
