package binding

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/node"
)

// stopPatience is how long a node, a session or a reception may take to end in order.
const stopPatience = 30 * time.Second

// callPatience is how long a call waits for the answer of an actor.
const callPatience = 10 * time.Second

// Node is the whole node (package node).
type Node struct {
	Events Queue

	n    *node.Node
	sub  *node.Subscription
	wake *wake

	stop    sync.Once
	stopped chan struct{} // closed when Stop has ended
	err     error         // of Stop, once stopped is closed
	pumped  chan struct{} // closed when the last event is in Events
}

// StartNode starts a node. text has keys of the section node of the file of configuration: memory, rate.
func StartNode(text string) (*Node, error) {
	section, err := config.Section[config.Node](text, notOfNode...)
	if err != nil {
		return nil, err
	}
	w, err := newWake()
	if err != nil {
		return nil, err
	}
	n, err := node.Start(node.Config{Budget: uint64(section.Memory), Rate: uint64(section.Rate)})
	if err != nil {
		w.close()
		return nil, err
	}
	o := &Node{
		n: n, wake: w, stopped: make(chan struct{}), pumped: make(chan struct{}),
		sub: n.Subscribe(node.SubscribeOptions{Queue: maxEvents}),
	}
	o.Events.signal = w.set
	go o.pump()
	return o, nil
}

// pump hands events on to the Queue until the node ends.
func (o *Node) pump() {
	defer close(o.pumped)
	for e := range o.sub.Events() {
		o.Events.add(time.Now(), e)
	}
	o.Events.end()
}

// EventFD returns a descriptor that is readable while an event waits; -1: the system has none.
func (o *Node) EventFD() int { return o.wake.fd() }

// Queued returns the events.
func (o *Node) Queued() *Queue { return &o.Events }

// Stats returns what runs in the node, as JSON.
func (o *Node) Stats() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callPatience)
	defer cancel()
	s, err := o.n.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

// SetRate changes the bits per second that all sessions may send together; 0: without a bound.
func (o *Node) SetRate(bitsPerSecond uint64) error {
	o.n.SetRate(bitsPerSecond)
	return nil
}

// Stop begins to stop the node, in order, and waits for its end for so long: errTimeout says that it goes on. Events
// can be read until the last one, also afterwards.
func (o *Node) Stop(patience time.Duration) error {
	o.stop.Do(func() {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
			defer cancel()
			o.err = o.n.Stop(ctx)
			<-o.pumped
			close(o.stopped)
		}()
	})
	return within(patience, o.stopped, func() error { return o.err })
}

// within waits for done, and returns what then tells.
func within(patience time.Duration, done <-chan struct{}, then func() error) error {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-done:
		return then()
	default:
	}
	select {
	case <-done:
		return then()
	case <-t.C:
		return errTimeout
	}
}

// Close stops the node and closes the descriptor.
func (o *Node) Close() error {
	err := o.Stop(stopPatience)
	o.Events.mu.Lock()
	o.Events.signal = nil
	o.Events.mu.Unlock()
	o.wake.close()
	return err
}
