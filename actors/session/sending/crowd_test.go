package sending

import (
	"bytes"
	"context"
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
	"github.com/flute-node/flute-node/internal/reuse"
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

// alarmClock is a Timer that is looked at.
type alarmClock struct{ due time.Time }

func (c *alarmClock) Reset(d time.Duration) { c.due = time.Now().Add(d) }
func (c *alarmClock) Stop()                 { c.due = time.Time{} }

// crowded returns a session of rate bits per second, one of 1000, with a file of 230,000 bytes. 0: it has no rate.
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
		Key: key, Core: core, Writer: w, Outcome: NewOutcome(nil), Pace: Pace{Rate: rate, Member: link.Join(1)},
		Spare: &reuse.List[[]byte]{},
	})
	if _, err := core.Add(o); err != nil {
		t.Fatal(err)
	}
	if err := core.SetComplete(); err != nil {
		t.Fatal(err)
	}
	return &session{ledger: l, timer: &alarmClock{}, hub: actor.NewPID("here", "hub")}
}

// mailbox is the context of an actor: it keeps what is sent to it and to others.
type mailbox struct {
	actor.Context
	self  *actor.PID
	pumps int // in the mailbox
	told  []any
}

func (c *mailbox) Self() *actor.PID { return c.self }
func (c *mailbox) Send(to *actor.PID, m any) {
	if to == c.self {
		c.pumps++
	} else {
		c.told = append(c.told, m.(hub.Publish).Event)
	}
}

// run has the session send its file. turns is how many the actor has had, most the datagrams that left at once, and
// completed how many were sent when the end of the file was told.
func (s *session) run(w *wire) (turns, most, completed int) {
	ctx := &mailbox{self: actor.NewPID("here", "session"), pumps: 1}
	for {
		for ; ctx.pumps > 0; ctx.pumps-- {
			before := len(w.sent)
			s.pumping = false
			s.pump(ctx)
			turns, most = turns+1, max(most, len(w.sent)-before)
		}
		for _, e := range ctx.told {
			if _, is := e.(event.ObjectCompleted); is {
				return turns, most, len(w.sent)
			}
		}
		if ctx.told = nil; s.pumping {
			time.Sleep(time.Until(s.timer.(*alarmClock).due))
			ctx.pumps++
		}
	}
}

// TestCrowdSendsBursts: one of many sessions has a turn for some 17 datagrams, which are one message. Meanwhile it
// holds no memory but that of one.
func TestCrowdSendsBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{began: time.Now()}
		s := crowded(t, w, 2_000_000)
		turns, most, told := s.run(w)
		if told != len(w.sent) || told < 230_000/1400 {
			t.Fatalf("%d datagrams, told after %d", len(w.sent), told)
		}
		if turns > told/12 || most > 18 {
			t.Errorf("%d turns for %d datagrams, %d at once", turns, told, most)
		}
		if b := &s.ledger.batch; b.block != nil || b.memory != nil || cap(b.rest) > leastRoom {
			t.Errorf("it holds %d and %d bytes", cap(b.memory), cap(b.rest))
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

// TestTargetOfACrowd: one of many sessions meets its target, too. What it has gathered does not leave after it.
func TestTargetOfACrowd(t *testing.T) {
	for within := 500 * time.Millisecond; within < 2*time.Second; within += 7 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{began: time.Now()}
			s := crowded(t, w, 0)
			s.ledger.pace.end = w.began.Add(within)
			turns, _, told := s.run(w)
			// The end of a schedule that is rounded up at each turn, and the millisecond of a timer.
			if last := w.sent[len(w.sent)-1].at; last > within+time.Millisecond {
				t.Errorf("within %v: the last datagram after %v", within, last)
			}
			if turns > told/2 {
				t.Errorf("within %v: %d turns for %d datagrams", within, turns, told)
			}
		})
	}
}

// TestWithoutARate: a session that has no rate sends batches that are full, to their last datagram.
func TestWithoutARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{began: time.Now()}
		s := crowded(t, w, 0)
		if s.ledger.pace.bucket != nil {
			t.Fatal("it has a rate")
		}
		if _, _, told := s.run(w); told != len(w.sent) || told <= batchPackets {
			t.Errorf("%d datagrams, told after %d", len(w.sent), told)
		}
	})
}
