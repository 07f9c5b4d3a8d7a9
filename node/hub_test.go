package node

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestHubCrashAtEnd: whichever event the hub crashes at, a session that has ended is known to have: Wait returns, and
// the same TSI can be sent again.
func TestHubCrashAtEnd(t *testing.T) {
	for nth := 1; ; nth++ {
		faults := actors.NewFaults(1, crash("node/hub", "hub.Publish", nth))
		ok := t.Run(fmt.Sprint(nth), func(t *testing.T) {
			inWorld(t, Config{Faults: faults}, func(w *world) {
				for range 2 {
					s := w.send(1, 8_000_000, sender.Config{})
					w.addNamed(s, "a", 1, 3000)
					s.Finish()
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
