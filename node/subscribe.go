package node

import (
	"context"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
)

// mailed is how many events wait in the mailbox of an actor at most, beside those in the queue of its subscription.
const mailed = 64

// SubscribeOptions configures a subscription. The zero value takes every event.
type SubscribeOptions struct {
	Queue  int                     // events held for a subscriber that is busy; zero: hub.DefaultQueue
	Filter func(notice.Event) bool // runs on the hub, so it must be quick; nil: all
	// Actor is an actor of Config.System that gets the events as messages, in the place of the channel: up to 64 in its
	// mailbox, the rest in the queue. It gets an *actor.Touch after them as well, which protoactor answers. The
	// subscription ends with the actor.
	Actor *actor.PID
}

// Subscription yields events from now on. A subscriber that is too slow loses events and is told how many by a
// notice.Missed. It is safe for concurrent use.
type Subscription struct {
	node *Node
	sub  *hub.Subscription
	once sync.Once
}

// Subscribe returns a subscription to the node's events, every one from its return on. The channel ends with the
// subscription or the node; after Stop it has ended already.
func (n *Node) Subscribe(o SubscribeOptions) *Subscription {
	s := &Subscription{node: n, sub: hub.NewSubscription(o.Queue, o.Filter)}
	n.subscribers.Add(s.sub)
	if o.Actor != nil {
		n.forward(s, o.Actor)
	}
	return s
}

// Events returns the channel of events. Those of a subscription to an actor are not for others to read.
func (s *Subscription) Events() <-chan notice.Event { return s.sub.Events() }

// Close ends the subscription; the channel is closed after what was published before.
func (s *Subscription) Close() {
	s.once.Do(func() { s.node.send(hubName, hub.Unsubscribe{Subscription: s.sub}) })
}

// forward starts the goroutine that sends the events of s to an actor. It ends with the subscription or the actor.
func (n *Node) forward(s *Subscription, to *actor.PID) {
	ctx, cancel := context.WithCancel(context.Background())
	n.forwarders.Go(func() {
		<-s.sub.Done()
		cancel()
	})
	n.forwarders.Go(func() {
		root := n.system.Root()
		for e := range s.sub.Events() {
			root.Send(to, e)
			for range min(len(s.sub.Events()), mailed-1) {
				root.Send(to, <-s.sub.Events())
			}
			// The actor answers when it has handled all that. At the end of the subscription nobody waits for that:
			// what is left in the queue is bounded.
			if _, err := actors.Ask[*actor.Touched](ctx, n.system, to, &actor.Touch{}); err != nil && ctx.Err() == nil {
				s.Close()
				return
			}
		}
	})
}
