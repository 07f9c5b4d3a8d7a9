package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
)

// hungStore is a Store on a server that has died: one kind of call does not return before answer is closed.
type hungStore struct {
	storetest.Faulty
	answer chan struct{}
}

func newHungStore(call string) *hungStore {
	s := &hungStore{answer: make(chan struct{})}
	s.Faulty = storetest.Faulty{Store: mem.New(), Before: func(c storetest.Call) error {
		if c.Method == call {
			<-s.answer
		}
		return nil
	}}
	return s
}

// completed returns how many objects of the session were published.
func (w *world) completed(tsi flute.TSI) (n int) {
	for _, e := range w.take() {
		if e, ok := e.(event.ObjectCompleted); ok && !e.Sending && e.Session.TSI == tsi {
			n++
		}
	}
	return n
}

// hang has two sessions of six files each received into two stores, of which that of session 1 hangs in call.
func (w *world) hang(call string) *hungStore {
	hung := newHungStore(call)
	w.receive(simnet.Link{}, ReceiveConfig{Store: hung, TSIs: []flute.TSI{1}})
	w.receive(simnet.Link{}, ReceiveConfig{TSIs: []flute.TSI{2}})
	a, b := w.send(1, 8_000_000, sender.Config{}), w.send(2, 8_000_000, sender.Config{})
	for _, s := range []*Sending{a, b} {
		w.add(s, 6, 300_000)
	}
	w.finish(a, b)
	return hung
}

var hangs = []string{"Create", "WriteAt", "ReadAt", "Publish"}

// TestHungStore: a store that hangs delays no reception but its own.
func TestHungStore(t *testing.T) {
	for _, call := range hangs {
		t.Run(call, func(t *testing.T) {
			inWorld(t, Config{Workers: 2}, func(w *world) {
				hung := w.hang(call)
				time.Sleep(10 * time.Minute)
				if n := w.completed(2); n != 6 {
					t.Errorf("%d of 6 files of the other reception were published", n)
				}
				if n := w.completed(1); n != 0 {
					t.Errorf("%d files were published by a store that hangs", n)
				}
				close(hung.answer)
				time.Sleep(time.Minute)
				if n := w.completed(1); n != 6 {
					t.Errorf("%d of 6 files were published once the store had answered", n)
				}
			})
		})
	}
}

// TestHungStoreIsTold: who waits for a store that hangs says so, again as long as it lasts, and when it is over.
func TestHungStoreIsTold(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		hung := w.hang("Publish")
		time.Sleep(10 * time.Minute)
		told := 0
		for _, text := range w.warnings() {
			if strings.Contains(text, "store slow") {
				told++
			}
		}
		if told < 3 || told > 10 {
			t.Errorf("told %d times in 10 minutes: %q", told, w.warnings())
		}
		close(hung.answer)
		time.Sleep(time.Minute)
		all := w.warnings()
		if last := all[len(all)-1]; !strings.Contains(last, "again") {
			t.Errorf("the last word is %q", last)
		}
	})
}

// TestStopWithHungStore: Stop returns when its context ends, whatever a store does, after the other receptions have
// published what was whole. What is left ends when the store answers.
func TestStopWithHungStore(t *testing.T) {
	for _, call := range hangs {
		t.Run(call, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				hung := w.hang(call)
				began := time.Now()
				ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
				defer cancel()
				err := w.node.Stop(ctx)
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("Stop took %v", took)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Stop: %v", err)
				}
				close(hung.answer)
				time.Sleep(time.Minute)
				if n := w.completed(2); n != 6 {
					t.Errorf("%d of 6 files of the other reception were published", n)
				}
				w.stopped = true
				w.watching.Wait()
				for i, r := range w.receptions {
					if n := r.slabs(); n != 0 {
						t.Errorf("reception %d: %d slabs are out", i, n)
					}
				}
				if n := w.node.budget.Used(); n != 0 {
					t.Errorf("%d bytes of the budget are in use", n)
				}
			})
		})
	}
}

// TestStopWithStoreThatDoesNotClose: Stop waits for that no longer than its context says, either.
func TestStopWithStoreThatDoesNotClose(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{}, ReceiveConfig{})
		answer := make(chan struct{})
		if err := r.register(func() error { <-answer; return nil }); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
		defer cancel()
		stopped := make(chan error, 1)
		go func() { stopped <- w.node.Stop(ctx) }()
		select {
		case err := <-stopped:
			if took := time.Since(began); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Stop after %v: %v", took, err)
			}
		case <-time.After(time.Minute):
			t.Error("Stop waits for the store")
		}
		close(answer)
		w.stopped = true
		time.Sleep(time.Second)
	})
}

// TestStopWhileStoreCloses: Stop waits for a store that a reception has begun to close.
func TestStopWhileStoreCloses(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{}, ReceiveConfig{})
		closed := false
		if err := r.register(func() error { time.Sleep(time.Second); closed = true; return nil }); err != nil {
			t.Fatal(err)
		}
		r.end()
		time.Sleep(500 * time.Millisecond) // the store is being closed
		w.stopped = true
		if err := w.node.Stop(w.ctx); err != nil {
			t.Error(err)
		}
		if !closed {
			t.Error("the node has stopped before its store was closed")
		}
	})
}
