package sending

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

// TestFarewellsShareTimes: sessions that end within closeTick repeat the flag at the same times, closeInterval apart,
// also where a wake-up is a little late. After a long pause the next one is as far away.
func TestFarewellsShareTimes(t *testing.T) {
	tick := time.Unix(1000, 0)
	var due [2]time.Time
	for i, now := range []time.Time{tick.Add(time.Microsecond), tick.Add(closeTick)} {
		for k := range 4 {
			due[i] = nextFarewell(due[i], now)
			if want := tick.Add(closeTick + time.Duration(k+1)*closeInterval); !due[i].Equal(want) {
				t.Errorf("session %d, flag %d: %v after the first, want %v", i, k, due[i].Sub(tick), want.Sub(tick))
			}
			now = due[i].Add(80 * time.Microsecond)
		}
	}
	late := due[0].Add(time.Second + time.Millisecond)
	if got := nextFarewell(due[0], late).Sub(late); got < closeInterval || got >= closeInterval+closeTick {
		t.Errorf("%v after one that was late", got)
	}
}

// stopped is the context of an actor that ends.
type stopped struct {
	mailbox
	over bool
}

func (c *stopped) Stop(*actor.PID) { c.over = true }

// empty returns a session without files, and its context.
func empty(t *testing.T, cfg Config) (*session, *stopped) {
	t.Helper()
	var err error
	cfg.Core, err = sender.New(sender.Config{
		Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default(), FDTStartID: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Outcome = NewOutcome(nil)
	s := &session{ledger: NewLedger(cfg), timer: &alarmClock{}, hub: actor.NewPID("here", "hub")}
	return s, &stopped{mailbox: mailbox{self: actor.NewPID("here", "session")}}
}

// TestFarewellsKeepTheRate: sessions that end together say so at the rate of the node, each as often as it should, or
// at least once where that takes too long. Without a rate they do so at once.
func TestFarewellsKeepTheRate(t *testing.T) {
	const sessions = 100
	for name, c := range map[string]struct {
		rate        uint64        // of the node
		least, most int           // flags of a session
		repeat      time.Duration // CloseRepeat
	}{
		"without a rate": {0, closePackets, closePackets, 0},
		"a high rate":    {10_000_000, closePackets, closePackets, 0},
		"a low rate":     {40_000, closePackets, closePackets, 0},
		"very low":       {1000, 1, 2, 0},
		"very low, long": {1000, 3, 3, 2 * closeInterval},
	} {
		synctest.Test(t, func(t *testing.T) {
			link, w := pacing.NewLink(c.rate), &wire{began: time.Now()}
			var all []*session
			var contexts []*stopped
			for i := range sessions {
				s, ctx := empty(t, Config{Writer: w, Pace: Pace{Member: link.Join(1)}, CloseRepeat: c.repeat})
				if i%2 == 0 {
					s.ledger.pace.Member.Want(1 << 40) // others have nothing to send at the moment
				}
				all, contexts = append(all, s), append(contexts, ctx)
			}
			for i, s := range all {
				s.end(contexts[i], "the end", nil)
			}
			for left := sessions; left > 0; {
				time.Sleep(time.Millisecond)
				if at := time.Since(w.began); at == 50*time.Millisecond {
					time.Sleep(300 * time.Millisecond) // the process stands still
				}
				left = 0
				for i, s := range all {
					clock := s.timer.(*alarmClock)
					if !contexts[i].over && !time.Now().Before(clock.due) {
						s.pump(contexts[i])
					}
					if !contexts[i].over {
						left++
					}
				}
			}
			for i, s := range all {
				if n := s.ledger.farewells; n < c.least || n > c.most {
					t.Errorf("%s: session %d says it %d times, want %d to %d", name, i, n, c.least, c.most)
				}
			}
			last := w.sent[len(w.sent)-1].at
			if c.rate == 0 {
				if last > time.Second {
					t.Errorf("%s: it takes %v", name, last)
				}
				return
			}
			// At no time are more bytes ahead of the rate than what wake-ups that are late make good, and two flags.
			level, before := 0.0, time.Duration(0)
			for _, d := range w.sent {
				level = max(0, level-float64(c.rate)/8*(d.at-before).Seconds()) + float64(len(d.bytes))
				if most := float64(c.rate)/8*(2*closeTick).Seconds() + float64(2*len(d.bytes)); level > most {
					t.Fatalf("%s: after %v %.0f bytes ahead of the rate, want at most %.0f", name, d.at, level, most)
				}
				before = d.at
			}
		})
	}
}

// TestFlagsAreNotLate: the timer of a datagram that is not sent any more tells nothing of how late the flags are, which
// wait for their turn.
func TestFlagsAreNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{began: time.Now()}
		s, ctx := empty(t, Config{Writer: w, OnWake: func(late time.Duration) { t.Errorf("%v late", late) }})
		s.pumpIn(time.Millisecond)
		s.end(ctx, "the end", nil)
		for !ctx.over {
			time.Sleep(time.Until(s.timer.(*alarmClock).due))
			s.receive(ctx, pump{})
		}
		if len(w.sent) != closePackets {
			t.Errorf("%d flags", len(w.sent))
		}
	})
}

// TestCrashWhileItParts: a session that crashes as it begins to end still tells what has become of its files.
func TestCrashWhileItParts(t *testing.T) {
	for name, abort := range map[string]func(*sender.Session, string){
		"before Abort": func(*sender.Session, string) {}, "after Abort": (*sender.Session).Abort,
	} {
		s := crowded(t, &wire{}, 0)
		l := s.ledger
		l.parting, l.reason = time.Now(), "the end"
		abort(l.cfg.Core, l.reason) // and then it crashes
		failed := 0
		for _, e := range l.close("given up", nil, l.bid) {
			if _, is := e.(event.ObjectFailed); is {
				failed++
			}
		}
		if failed != 1 || l.cfg.Outcome.Err() == nil {
			t.Errorf("%s: %d files failed; the outcome is %v", name, failed, l.cfg.Outcome.Err())
		}
	}
}
