package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
	"github.com/flute-node/flute-node/store/storetest"
)

// slowStore takes its time to publish.
func slowStore(st store.Store, delay time.Duration) store.Store {
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		if c.Method == "Publish" {
			time.Sleep(delay)
		}
		return nil
	}}
}

// sendSlowly has a file received by a store that takes delay to publish it, and returns while it does.
func (w *world) sendSlowly(delay time.Duration) {
	w.receive(simnet.Link{}, ReceiveConfig{Store: slowStore(w.store, delay)})
	s := w.send(1, 8_000_000, sender.Config{})
	w.add(s, 1, 50_000)
	w.finish(s)
	time.Sleep(time.Second)
}

// TestStopTwice: a second Stop returns when the first one does, not while objects are being published.
func TestStopTwice(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.sendSlowly(10 * time.Second)
		first := make(chan error, 1)
		go func() { first <- w.node.Stop(w.ctx) }()
		time.Sleep(time.Second)
		short, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		if err := w.node.Stop(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a Stop that did not wait for the end: %v", err)
		}
		if err := w.node.Stop(w.ctx); err != nil {
			t.Error(err)
		}
		w.delivered()
		select {
		case err := <-first:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Millisecond):
			t.Error("the second Stop returned before the first")
		}
	})
}

// TestStopTwiceFails: what went wrong in the first Stop, a second one tells as well.
func TestStopTwiceFails(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.sendSlowly(time.Minute)
		short, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		first := w.node.Stop(short)
		second := w.node.Stop(w.ctx)
		if first == nil || !errors.Is(second, first) {
			t.Errorf("first: %v; second: %v", first, second)
		}
		w.stopped = true
		w.watching.Wait()
		time.Sleep(2 * time.Minute) // the store returns
	})
}

// TestReceiveConfigRefused: what the core checks, with the socket open.
func TestReceiveConfigRefused(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		for i, session := range []receiver.Config{{SessionTimeout: -1}, {MaxObjects: -1}, {Expiry: 77}} {
			cfg := ReceiveConfig{Group: simGroup, Store: w.store, Session: session}
			if r, err := w.node.receive(w.ctx, cfg, w.net.Join(simnet.JoinConfig{Group: simGroup}), nil); err == nil {
				t.Errorf("%d: %+v was taken: %v", i, session, r)
			}
		}
	})
}

// TestNilStoreIsRefused: a pointer that is nil is no Store, though the interface that has it is not nil.
func TestNilStoreIsRefused(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		var none *file.Store
		r, err := w.node.Receive(w.ctx, ReceiveConfig{Group: simGroup, Store: none})
		if err == nil || !strings.Contains(err.Error(), "ReceiveConfig.Store is a nil *file.Store") {
			t.Errorf("%v, %v", r, err)
		}
	})
}

// TestLimitsOfTheCore: any limit of the receiving core can be set.
func TestLimitsOfTheCore(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Session: receiver.Config{MaxObjectSize: 1000}})
		s := w.send(1, 8_000_000, sender.Config{})
		w.addNamed(s, "small", 1, 1000)
		w.addNamed(s, "large", 2, 1001)
		w.finish(s)
		time.Sleep(time.Second)
		w.delivered("1/large")
		if end := w.ends()["1/large"]; end == "completed" {
			t.Error("the large file was received")
		}
	})
}
