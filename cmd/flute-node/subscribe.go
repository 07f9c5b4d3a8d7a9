package main

import (
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/node"
)

// showEvents shows the events of n that are wanted; nil: all. It begins when ready is closed. The channel is closed
// after the last one, when n has stopped.
func showEvents(n *node.Node, out *output, wanted func(notice.Event) bool, ready <-chan struct{}) <-chan struct{} {
	out.begin()
	return subscribe(n, wanted, func(e notice.Event) {
		<-ready
		out.show(e)
	})
}

// subscribe calls do with each event wanted, on a goroutine of its own. The channel is closed after the last one.
func subscribe(n *node.Node, wanted func(notice.Event) bool, do func(notice.Event)) <-chan struct{} {
	sub := n.Subscribe(node.SubscribeOptions{Queue: defaults.EventQueue, Filter: wanted})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range sub.Events() {
			do(e)
		}
	}()
	return done
}
