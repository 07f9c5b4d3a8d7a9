package node

import (
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestStatisticsAreTold: each second while packets come, an eighth of one later at most, and all that has come even if
// no packet follows.
func TestStatisticsAreTold(t *testing.T) {
	for _, rate := range []uint64{1_000_000, 30_000} { // the packets of the second are further apart than that eighth
		inWorld(t, Config{}, func(w *world) {
			type told struct {
				at time.Time
				event.SessionStats
			}
			var all []told
			var watching sync.WaitGroup
			sub := w.node.Subscribe(SubscribeOptions{Queue: 100, Filter: func(e notice.Event) bool {
				_, is := e.(event.SessionStats)
				return is
			}})
			watching.Go(func() {
				for e := range sub.Events() {
					all = append(all, told{time.Now(), e.(event.SessionStats)})
				}
			})
			w.receive(simnet.Link{}, ReceiveConfig{})
			s := w.send(1, rate, sender.Config{FDTInterval: 20 * time.Minute})
			w.add(s, 1, int(rate/8*5))
			time.Sleep(8 * time.Second) // the last one or two without a packet
			sub.Close()
			watching.Wait()
			snapshot, err := w.node.Snapshot(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			came := snapshot.Receptions[0].Counters.Received
			if len(all) < 5 || all[len(all)-1].Counters.Received != came {
				t.Fatalf("%d bit/s: told %d times; %d datagrams came: %+v", rate, len(all), came, all)
			}
			for i := range all[1:] {
				if d := all[i+1].at.Sub(all[i].at); d < time.Second || d > 1125*time.Millisecond {
					t.Errorf("%d bit/s: %v after the one before", rate, d)
				}
			}
			w.finish(s)
		})
	}
}
