package node

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// hungConsumer is a Consumer that does not answer before answer is closed.
type hungConsumer struct{ answer chan struct{} }

func (c hungConsumer) Open(uint64) error         { <-c.answer; return nil }
func (hungConsumer) Write(b []byte) (int, error) { return len(b), nil }
func (hungConsumer) Commit() error               { return nil }
func (hungConsumer) Abort(error)                 {}
func (hungConsumer) String() string              { return "hung consumer" }

// TestHungConsumer: a Consumer that never returns delays no other file, is told, and keeps Stop waiting for a bounded
// time, whose error names it. What it holds is free when it has returned.
func TestHungConsumer(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		c := hungConsumer{make(chan struct{})}
		cfg := ReceiveConfig{}
		cfg.Session.Choose = func(o receiver.Offer) receiver.Choice {
			if strings.HasSuffix(o.File.ContentLocation, "1") {
				return receiver.Choice{Consumer: c}
			}
			return receiver.Choice{}
		}
		w.receive(simnet.Link{}, cfg)
		s := w.send(1, 8_000_000, sender.Config{})
		for _, name := range []string{"a1", "a2", "b1", "b2"} {
			w.addNamed(s, name, uint64(len(w.store.Files())+1), 100_000)
		}
		w.finish(s)
		time.Sleep(time.Minute)
		if n := w.completed(1); n != 2 {
			t.Errorf("%d files are complete, want 2", n)
		}
		told := false
		for _, text := range w.warnings() {
			told = told || strings.Contains(text, "consumer slow: hung consumer has not answered")
		}
		if !told {
			t.Errorf("warnings: %q", w.warnings())
		}
		began := time.Now()
		err := w.node.Stop(context.Background())
		if took := time.Since(began); took > stopTimeout+time.Second {
			t.Errorf("Stop took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), "hung consumer does not answer") {
			t.Errorf("Stop: %v", err)
		}
		close(c.answer)
		time.Sleep(time.Minute)
		w.stopped = true
		w.watching.Wait()
		if n := w.node.budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget are in use", n)
		}
		if n := w.store.Staged(); n != 0 {
			t.Errorf("%d objects are staged", n)
		}
	})
}

// TestHungConsumersHaveAnEnd: Stop runs out of time while two Consumers hang and a third file waits for its turn. Each
// object that was started has an end, and so has its session; they are told before the subscription ends.
func TestHungConsumersHaveAnEnd(t *testing.T) {
	for name, limit := range map[string]time.Duration{"its own limit": time.Hour, "that of its context": time.Second} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				c := hungConsumer{make(chan struct{})}
				cfg := ReceiveConfig{}
				cfg.Session.Choose = func(o receiver.Offer) receiver.Choice {
					return receiver.Choice{Consumer: c, Location: strings.TrimSuffix(o.File.ContentLocation, "2")}
				}
				w.receive(simnet.Link{}, cfg)
				s := w.send(1, 8_000_000, sender.Config{})
				for i, name := range []string{"a", "a2", "b"} {
					w.addNamed(s, name, uint64(i+1), 100_000)
				}
				w.finish(s)
				time.Sleep(time.Minute)
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				began := time.Now()
				if err := w.node.Stop(ctx); err == nil {
					t.Error("Stop succeeded")
				}
				if took, most := time.Since(began), min(limit, stopTimeout); took > most {
					t.Errorf("Stop took %v", took)
				}
				w.stopped = true
				w.watching.Wait()
				ends, closed := map[flute.TOI]event.FailReason{}, 0
				for _, e := range w.take() {
					switch e := e.(type) {
					case event.ObjectFailed:
						ends[e.TOI] = e.Reason
					case event.SessionClosed:
						if closed++; !e.Sending && !strings.HasPrefix(e.Reason, "node stopped") {
							t.Errorf("closed: %s", e.Reason)
						}
					}
				}
				for toi := range uint64(3) {
					if got := ends[flute.NewTOI(toi+1)]; got != event.FailClosed {
						t.Errorf("TOI %d: %q", toi+1, got)
					}
				}
				if closed != 2 {
					t.Errorf("%d of 2 sessions were closed", closed)
				}
				close(c.answer)
				time.Sleep(time.Minute)
				if n := w.node.budget.Used(); n != 0 {
					t.Errorf("%d bytes of the budget are in use", n)
				}
			})
		})
	}
}
