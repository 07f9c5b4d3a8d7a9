package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestHubCrashAtEnd: whichever event the hub crashes at, a session that has ended is known to have: Wait returns, and
// the same TSI can be sent again.
func TestHubCrashAtEnd(t *testing.T) {
	for nth := 1; ; nth++ {
		faults := inject.New(1, crash("hub", "publish", nth))
		ok := t.Run(fmt.Sprint(nth), func(t *testing.T) {
			inWorld(t, Config{Faults: faults}, func(w *world) {
				for range 2 {
					s := w.send(1, 8_000_000, sender.Config{})
					w.addNamed(s, "a", 1, 3000)
					_ = s.Finish(w.ctx)
					ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
					defer cancel()
					if err := s.Wait(ctx); err != nil {
						t.Errorf("Wait: %v", err)
						return
					}
				}
			})
		})
		if !ok || faults.Injected() == 0 {
			return
		}
	}
}

// TestEventsBeforeWait: when Wait has returned, subscriptions hold the events of the session, however slow the hub is.
func TestEventsBeforeWait(t *testing.T) {
	faults := inject.New(1, inject.Rule{
		Kind: inject.Delay, Actor: "hub", Message: "publish", Delay: time.Second,
	})
	inWorld(t, Config{Faults: faults}, func(w *world) {
		sub := w.node.Subscribe(SubscribeOptions{})
		s := w.send(1, 0, sender.Config{})
		w.add(s, 3, 1000)
		w.finish(s)
		completed := 0
		for len(sub.Events()) > 0 {
			if _, ok := (<-sub.Events()).(event.ObjectCompleted); ok {
				completed++
			}
		}
		if completed != 3 {
			t.Errorf("%d of 3 completed", completed)
		}
	})
}
