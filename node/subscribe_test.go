package node

import (
	"context"
	"testing"
	"time"
)

// TestEverySubscriptionEnds: a Stop goes before messages that are queued, so a subscription must be with the hub before
// Subscribe returns, or it would be open for ever.
func TestEverySubscriptionEnds(t *testing.T) {
	for range 30 {
		n, err := Start(Config{})
		if err != nil {
			t.Fatal(err)
		}
		sub := n.Subscribe(SubscribeOptions{})
		if err := n.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		ended(t, sub)
		ended(t, n.Subscribe(SubscribeOptions{})) // of a node that is gone
	}
}

func ended(t *testing.T, s *Subscription) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e, open := <-s.Events():
			if !open {
				return
			}
			t.Logf("%T", e)
		case <-deadline:
			t.Fatal("the subscription does not end")
		}
	}
}
