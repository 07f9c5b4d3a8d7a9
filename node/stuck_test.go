package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
)

// stuckFor has an actor sleep in the handler of a message.
func stuckFor(d time.Duration, actor, message string, nth int) *inject.Faults {
	return inject.New(1, inject.Rule{
		Actor: actor, Message: message, Nth: nth, Kind: inject.Delay, Delay: d,
	})
}

// within runs call with a context of one second, and checks that it returns when that ends, with its error.
func (w *world) within(name string, call func(context.Context) error) {
	w.t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	err := call(ctx)
	if lasted := time.Since(begin); lasted != time.Second || !errors.Is(err, context.DeadlineExceeded) {
		w.t.Errorf("%s returned after %v: %v", name, lasted, err)
	}
}

// TestSessionsAreStuck: when an actor does not answer one caller, others wait no longer than their own context says.
// What could not begin in time is undone: the TSI can be sent again.
func TestSessionsAreStuck(t *testing.T) {
	faults := stuckFor(20*time.Second, "sessions", "start", 2)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		other := w.send(2, 0, sender.Config{})
		send := func(ctx context.Context) (*Sending, error) {
			return w.node.sendTo(ctx, SendConfig{To: simGroup, TSI: 1}, w.net.Dial(simSource, simGroup),
				simSource.Addr())
		}
		w.within("Send", func(ctx context.Context) error {
			_, err := send(ctx)
			return err
		})
		if _, err := send(w.ctx); err == nil || !strings.Contains(err.Error(), "is being sent already") {
			t.Errorf("the same TSI while it may still begin: %v", err)
		}
		w.receive(simnet.Link{}, ReceiveConfig{})
		w.add(other, 1, 1000) // its own actor is not stuck
		w.finish(other)
		time.Sleep(20 * time.Second)
		again, err := send(w.ctx)
		if err != nil {
			t.Fatalf("the same TSI later: %v", err)
		}
		w.finish(again)
		w.delivered()
	})
}

// TestSocketsAreStuck: a Receive that could not begin in time leaves nothing behind.
func TestSocketsAreStuck(t *testing.T) {
	faults := stuckFor(20*time.Second, "sockets", "start", 1)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		source := w.net.Join(simnet.JoinConfig{Group: simGroup})
		w.within("Receive", func(ctx context.Context) error {
			_, err := w.node.receive(ctx, ReceiveConfig{Group: simGroup, Store: w.store}, source, nil)
			return err
		})
		if _, err := source.ReadBatch(slab.NewPool(2048, 1).Get(), make([]slab.Datagram, 1)); err == nil {
			t.Error("the source is open")
		}
		time.Sleep(20 * time.Second)
		if _, there := w.node.system.System().ProcessRegistry.GetLocal("node/transfers/sockets/socket-1-1"); there {
			t.Error("its actor is left")
		}
	})
}

// TestSendingIsStuck: the methods of a Sending end with their context.
func TestSendingIsStuck(t *testing.T) {
	faults := stuckFor(20*time.Second, "session/sending-1", "add", 1)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		s := w.send(1, 0, sender.Config{})
		w.within("Add", func(ctx context.Context) error {
			_, err := s.Add(ctx, sender.File{ContentLocation: "file:///1", Content: strings.NewReader("x"), Size: 1},
				nil)
			return err
		})
		w.within("Finish", s.Finish)
		w.within("Close", s.Close)
		w.within("Wait", s.Wait)
		if err := s.Close(w.ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		select {
		case <-s.Done():
		default:
			t.Error("Close returned before the end of the session")
		}
		for name, call := range map[string]func(context.Context) error{"Finish": s.Finish, "Close": s.Close} {
			if err := call(w.ctx); err != nil {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
	})
}

// TestStopWhileSessionsAreStuck: a Send that waits holds nothing that Stop needs.
func TestStopWhileSessionsAreStuck(t *testing.T) {
	faults := stuckFor(20*time.Second, "sessions", "start", 1)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		sent := make(chan error, 1)
		go func() {
			_, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1}, w.net.Dial(simSource, simGroup),
				simSource.Addr())
			sent <- err
		}()
		time.Sleep(time.Second)
		w.within("Stop", w.node.Stop)
		if err := <-sent; err != nil && !errors.Is(err, ErrStopped) {
			t.Errorf("Send: %v", err)
		}
		w.stopped = true
		w.watching.Wait()
		time.Sleep(time.Minute) // the tree ends
	})
}
