package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/actortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inHub runs fn with a hub in a bubble.
func inHub(
	t *testing.T, faults *inject.Faults, fn func(sys *actors.System, pid *actor.PID, subscribers *hub.Subscribers),
) {
	t.Helper()
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		subscribers := &hub.Subscribers{}
		pid := actortest.Spawn(t, sys, "hub", hub.Spec(subscribers, faults))
		fn(sys, pid, subscribers)
	})
}

// publish sends the warnings from to to-1.
func publish(sys *actors.System, pid *actor.PID, from, to int) {
	for i := from; i < to; i++ {
		sys.Root().Send(pid, hub.Publish{Event: notice.Warning{Text: fmt.Sprint(i)}})
	}
	synctest.Wait()
}

// queued returns what waits in a subscription, as text.
func queued(s *hub.Subscription) []string {
	got := []string{}
	for {
		select {
		case e, ok := <-s.Events():
			switch e := e.(type) {
			case notice.Warning:
				got = append(got, e.Text)
			case notice.Missed:
				got = append(got, fmt.Sprintf("missed %d", e.Count))
			}
			if ok {
				continue
			}
			return append(got, "end")
		default:
			return got
		}
	}
}

func expect(t *testing.T, s *hub.Subscription, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), queued(s)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestSlowSubscriber: a subscriber that does not read loses events, is told how many, and costs the others nothing.
func TestSlowSubscriber(t *testing.T) {
	inHub(t, nil, func(sys *actors.System, pid *actor.PID, subscribers *hub.Subscribers) {
		slow, fast := hub.NewSubscription(3, nil), hub.NewSubscription(100, nil)
		subscribers.Add(slow)
		subscribers.Add(fast)
		publish(sys, pid, 0, 10)
		expect(t, slow, "0", "1", "2")
		publish(sys, pid, 10, 11)
		expect(t, slow, "missed 7", "10")
		publish(sys, pid, 11, 16)
		expect(t, fast, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15")
		<-slow.Events() // room for one: not enough for the count and an event
		publish(sys, pid, 16, 17)
		sys.Root().Send(pid, hub.Unsubscribe{Subscription: slow})
		synctest.Wait()
		expect(t, slow, "12", "13", "missed 3", "end")
		publish(sys, pid, 17, 18)
		expect(t, fast, "16", "17")
		actortest.Stop(t, sys, pid)
		expect(t, fast)
		subscribers.Close()
		expect(t, fast, "end")
		late := hub.NewSubscription(0, nil)
		subscribers.Add(late)
		expect(t, late, "end")
	})
}

// TestFilter: one that panics misses what it panicked at; one that refuses misses nothing.
func TestFilter(t *testing.T) {
	inHub(t, nil, func(sys *actors.System, pid *actor.PID, subscribers *hub.Subscribers) {
		odd := func(e notice.Event) bool { return (e.(notice.Warning).Text[0]-'0')%2 == 1 }
		bad := func(e notice.Event) bool {
			if e.(notice.Warning).Text == "1" {
				panic("in the filter")
			}
			return true
		}
		some, ill, all := hub.NewSubscription(0, odd), hub.NewSubscription(0, bad), hub.NewSubscription(0, nil)
		for _, s := range []*hub.Subscription{some, ill, all} {
			subscribers.Add(s)
		}
		publish(sys, pid, 0, 4)
		expect(t, some, "1", "3")
		expect(t, ill, "0", "missed 1", "2", "3")
		expect(t, all, "0", "1", "2", "3")
	})
}

// TestHubPanics: subscriptions outlive a crash, and are told of the event that was lost in it.
func TestHubPanics(t *testing.T) {
	faults := inject.New(1, inject.Rule{Kind: inject.Panic, Message: "publish", Nth: 3})
	inHub(t, faults, func(sys *actors.System, pid *actor.PID, subscribers *hub.Subscribers) {
		s, full := hub.NewSubscription(0, nil), hub.NewSubscription(2, nil)
		subscribers.Add(s)
		subscribers.Add(full)
		publish(sys, pid, 0, 5)
		expect(t, s, "0", "1", "missed 1", "3", "4")
		expect(t, full, "0", "1")
		publish(sys, pid, 5, 6)
		expect(t, full, "missed 3", "5")
	})
}
