package receiving

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/store/mem"
)

// TestPressureIsOver: after a calm a session waits for its store again; with each further pressure the calm is twice as
// long, and what the session waits for meanwhile begins it anew.
func TestPressureIsOver(t *testing.T) {
	now := time.Unix(1000, 0)
	var p pressure
	if p.isOver(now, false, false) {
		t.Error("over without a beginning")
	}
	want := firstCalm
	for range 12 {
		if p.isOver(now, true, true) {
			t.Fatal("over at once")
		}
		now = now.Add(want / 2)
		if p.isOver(now, true, true) { // it is behind
			t.Fatal("over while the session is behind")
		}
		for range 4 {
			now = now.Add(want / 5)
			if p.isOver(now, true, false) {
				t.Fatalf("over before %v", want)
			}
		}
		now = now.Add(want / 5)
		if !p.isOver(now, true, false) {
			t.Fatalf("not over after %v", want)
		}
		if p.isOver(now, false, false) {
			t.Error("over twice")
		}
		want = min(2*want, lastCalm)
	}
	if want != lastCalm {
		t.Error(want)
	}
}

// deaf is the context of an actor: nobody gets what it sends.
type deaf struct{ actor.Context }

func (deaf) Send(*actor.PID, any) {}

// TestCalmSessionWaitsAgain: a session of a sender on this machine that was pressed waits for its store again once it
// had what it needs for a while, as one does that was never pressed.
func TestCalmSessionWaitsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
		if err != nil {
			t.Fatal(err)
		}
		key := flute.SessionKey{TSI: 1, Source: netip.MustParseAddr("127.0.0.1")}
		in := NewInbox(&Reception{ID: 1, Config: cfg}, key)
		s := &session{inbox: in, ledger: NewLedger(in), timer: time.NewTimer(time.Hour)}
		s.core = s.ledger.core.NewSession()
		feed := Feed{Inbox: in}
		for range 2 {
			if s.settle(deaf{}); !in.mayLag() {
				t.Fatal("it does not wait from the beginning")
			}
			feed.Press()
			if s.settle(deaf{}); in.mayLag() {
				t.Fatal("it waits although datagrams would be lost")
			}
			time.Sleep(firstCalm / 2)
			if s.settle(deaf{}); in.mayLag() {
				t.Error("it waits again at once")
			}
			time.Sleep(2 * firstCalm)
			if s.settle(deaf{}); !in.mayLag() {
				t.Error("it never waits again")
			}
		}
	})
}
