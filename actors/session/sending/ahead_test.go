package sending

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

// departed is a datagram that was sent.
type departed struct {
	at    time.Duration
	bytes []byte
}

// wire is a Writer that keeps what is sent.
type wire struct {
	began time.Time
	sent  []departed
}

func (w *wire) WriteBatch(datagrams [][]byte) (int, error) {
	for _, d := range datagrams {
		w.sent = append(w.sent, departed{time.Since(w.began), bytes.Clone(d)})
	}
	return len(datagrams), nil
}
func (w *wire) Close() error { return nil }

// promptWire is one that can be tried, and takes all, or of each try in some some.
type promptWire struct {
	wire
	some  int // 0: all of each
	tries int
}

func (w *promptWire) TryBatch(datagrams [][]byte) int {
	if w.tries++; w.some > 0 && w.tries%w.some == 0 {
		datagrams = datagrams[:rand.IntN(len(datagrams))]
	}
	n, _ := w.WriteBatch(datagrams)
	return n
}

// alarmClock is a Timer that is looked at.
type alarmClock struct{ due time.Time }

func (c *alarmClock) Reset(d time.Duration) { c.due = time.Now().Add(d) }
func (c *alarmClock) Stop()                 { c.due = time.Time{} }

// crowded returns a session of 2 Mbit/s, one of 1000, with a file that it takes less than a second to send.
func crowded(t *testing.T, w Writer, rate uint64) *session {
	t.Helper()
	key := flute.SessionKey{TSI: 1}
	core, err := sender.New(sender.Config{Session: key, Registry: schemes.Default(), FDTStartID: 1})
	if err != nil {
		t.Fatal(err)
	}
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///a", Content: pattern{}, Size: 230_000,
		Digests: sender.NoDigest,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	link := pacing.NewLink(0)
	for range 999 {
		link.Join(1).Want(1)
	}
	l := NewLedger(Config{
		Key: key, Core: core, Writer: w, Outcome: NewOutcome(), Pace: Pace{Rate: rate, Member: link.Join(1)},
	})
	if _, err := core.Add(o); err != nil {
		t.Fatal(err)
	}
	if err := core.SetComplete(); err != nil {
		t.Fatal(err)
	}
	return &session{ledger: l, timer: &alarmClock{}, hub: actor.NewPID("here", "hub")}
}

// turns is the context of an actor: it keeps what is sent to it and to others.
type turns struct {
	actor.Context
	self  *actor.PID
	pumps int // in the mailbox
	told  []any
}

func (c *turns) Self() *actor.PID { return c.self }
func (c *turns) Send(to *actor.PID, m any) {
	if to == c.self {
		c.pumps++
	} else {
		c.told = append(c.told, m.(hub.Publish).Event)
	}
}

// run has the session send its file, and returns how many turns the actor has had. completed is how many datagrams
// were sent when the end of the file was told.
func (s *session) run(w *wire) (count, completed int) {
	ctx := &turns{self: actor.NewPID("here", "session"), pumps: 1}
	for {
		for ; ctx.pumps > 0; ctx.pumps-- {
			count++
			s.pumping = false
			s.pump(ctx)
		}
		told, ok := ctx.told, true
		if s.pumping {
			time.Sleep(time.Until(s.timer.(*alarmClock).due))
			ok = s.advance(func(e event.Event) { told = append(told, marked(e)) })
		}
		for _, e := range told {
			if _, is := e.(event.ObjectCompleted); is {
				return count, len(w.sent)
			}
		}
		if ctx.told = nil; !ok {
			ctx.pumps++
		}
	}
}

// TestAhead: what a session makes ahead leaves at the same times as if it were made then, the same bytes, and nothing
// is told before. It has fewer turns for that. What the system does not take at once is sent all the same, once.
func TestAhead(t *testing.T) {
	const rate = 2_000_000
	plain, before, told := &wire{}, 0, 0
	synctest.Test(t, func(t *testing.T) {
		plain.began = time.Now()
		before, told = crowded(t, plain, rate).run(plain)
	})
	if told != len(plain.sent) || len(plain.sent) < 230_000/1400 {
		t.Fatalf("%d datagrams, told after %d", len(plain.sent), told)
	}
	for name, some := range map[string]int{"all is taken": 0, "some is taken": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &promptWire{wire: wire{began: time.Now()}, some: some}
				after, told := crowded(t, w, rate).run(&w.wire)
				if len(w.sent) != len(plain.sent) || told != len(w.sent) {
					t.Fatalf("%d datagrams, told after %d, want %d", len(w.sent), told, len(plain.sent))
				}
				for i, d := range w.sent {
					if want := plain.sent[i]; !bytes.Equal(d.bytes, want.bytes) || d.at != want.at {
						t.Fatalf("datagram %d left after %v, want %v; the same bytes: %v", i, d.at, want.at,
							bytes.Equal(d.bytes, want.bytes))
					}
				}
				if some == 0 && after > before/3 {
					t.Errorf("%d turns, %d without anything made ahead", after, before)
				}
			})
		})
	}
}

// TestAheadOfWhom: nothing is made ahead where a turn for each burst costs less, or where it would be too early.
func TestAheadOfWhom(t *testing.T) {
	for name, c := range map[string]struct {
		rate uint64
		set  func(s *session)
		want bool
	}{
		"one of many":       {2_000_000, func(*session) {}, true},
		"a faster one":      {20_000_000, func(*session) {}, true},
		"large bursts":      {200_000_000, func(*session) {}, false},
		"a very slow one":   {100_000, func(*session) {}, false},
		"one of few":        {2_000_000, func(s *session) { s.ledger.pace.Member = nil }, false},
		"with a target":     {2_000_000, func(s *session) { s.ledger.pace.end = time.Now().Add(time.Hour) }, false},
		"at a steady rate":  {2_000_000, func(s *session) { s.ledger.pace.Constant = true }, false},
		"not to be written": {2_000_000, func(s *session) { s.ledger.prompt = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := crowded(t, &promptWire{wire: wire{began: time.Now()}}, c.rate)
				c.set(s)
				ctx := &turns{self: actor.NewPID("here", "session"), pumps: 1}
				for range 20 {
					s.pumping = false
					s.pump(ctx)
					time.Sleep(10 * time.Millisecond)
				}
				if got := s.ledger.batch.ungranted() > 1; got != c.want {
					t.Errorf("%d datagrams are made ahead", s.ledger.batch.ungranted())
				}
			})
		})
	}
}

// TestAdvanceLeavesIt: the timer leaves to the actor what is the actor's.
func TestAdvanceLeavesIt(t *testing.T) {
	for name, set := range map[string]func(s *session){
		"a turn":            func(s *session) { s.ledger.mu.Lock() },
		"its end":           func(s *session) { s.left = true },
		"a session closed":  func(s *session) { s.ledger.over = true },
		"farewells":         func(s *session) { s.ledger.farewells = 1 },
		"an outage":         func(s *session) { s.ledger.outage.since = time.Now() },
		"another rate":      func(s *session) { s.ledger.pace.setRate(1_000_000) },
		"a panic":           func(s *session) { s.ledger.pace.bucket = nil },
		"the last datagram": func(s *session) { s.ledger.batch.granted = len(s.ledger.batch.datagrams) - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &promptWire{wire: wire{began: time.Now()}}
				s := crowded(t, w, 2_000_000)
				ctx := &turns{self: actor.NewPID("here", "session"), pumps: 1}
				for s.ledger.batch.ungranted() < aheadPackets {
					s.pumping = false
					s.pump(ctx)
					time.Sleep(30 * time.Millisecond)
				}
				s.ledger.batch.sent = s.ledger.batch.granted
				set(s)
				before := s.timer.(*alarmClock).due
				if ok := s.advance(func(event.Event) {}); ok || w.tries > 0 || s.timer.(*alarmClock).due != before {
					t.Errorf("it went on: %d tries", w.tries)
				}
			})
		})
	}
}

// TestAdvanceTellsInOrder: what the timer has to tell is told before the actor has another turn. Otherwise the end of a
// session could be told before that of its last file.
func TestAdvanceTellsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowded(t, &promptWire{wire: wire{began: time.Now()}}, 2_000_000)
		ctx := &turns{self: actor.NewPID("here", "session"), pumps: 1}
		told := 0
		for range 40 {
			ok := s.advance(func(event.Event) {
				if told++; s.ledger.mu.TryLock() {
					t.Error("the actor may have a turn")
					s.ledger.mu.Unlock()
				}
			})
			if !ok {
				s.pumping = false
				s.pump(ctx)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if told == 0 {
			t.Error("nothing was told")
		}
	})
}

// pattern is content in memory.
type pattern struct{}

func (pattern) ReadAt(p []byte, at int64) (int, error) {
	for i := range p {
		p[i] = byte((at + int64(i)) * 7 >> 4)
	}
	return len(p), nil
}
func (pattern) InMemory() bool { return true }

// TestWithoutARate: a session that has no rate sends batches that are full, to their last datagram.
func TestWithoutARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{began: time.Now()}
		s := crowded(t, w, 0)
		if s.ledger.pace.bucket != nil {
			t.Fatal("it has a rate")
		}
		if _, told := s.run(w); told != len(w.sent) || told <= batchPackets {
			t.Errorf("%d datagrams, told after %d", len(w.sent), told)
		}
	})
}
