package node

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// flags is a link that notes when packets with the close-session flag come, and loses the first few of them.
type flags struct {
	lose int
	seen []time.Time
}

func (f *flags) drop(datagram []byte) bool {
	if p, err := alc.Parse(datagram); err != nil || !p.CloseSession {
		return false
	}
	f.seen = append(f.seen, time.Now())
	return len(f.seen) <= f.lose
}

// TestFinishAnnouncesTheEnd: receivers learn that they have everything, and that the session is closed, though the
// first close-session flags are lost.
func TestFinishAnnouncesTheEnd(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		f := flags{lose: 3}
		w.receive(simnet.Link{Drop: f.drop}, ReceiveConfig{})
		s := w.send(1, 10e6, sender.Config{})
		w.add(s, 3, 50_000)
		w.finish(s)
		time.Sleep(time.Minute)
		w.delivered()
		var complete, closed []time.Time
		for _, e := range w.take() {
			switch e := e.(type) {
			case event.SessionComplete:
				complete = append(complete, time.Now())
				if e.Completed != 3 || e.Failed != 0 || len(closed) > 0 {
					t.Errorf("%+v", e)
				}
			case event.SessionClosed:
				if !e.Sending {
					closed = append(closed, time.Now())
					if e.Reason != "close-session flag" {
						t.Errorf("closed: %s", e.Reason)
					}
				}
			}
		}
		if len(complete) != 1 || len(closed) != 1 {
			t.Errorf("%d times complete, %d times closed, want once each", len(complete), len(closed))
		}
		if n := len(f.seen); n < 4 {
			t.Fatalf("%d close-session flags", n)
		}
		if d := f.seen[len(f.seen)-1].Sub(f.seen[0]); d < 500*time.Millisecond || d > 2*time.Second {
			t.Errorf("close-session flags over %v", d)
		}
	})
}
