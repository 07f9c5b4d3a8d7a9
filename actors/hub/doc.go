// Package hub is the actor that hands events to subscribers.
//
//	session ──┐
//	object  ──┼─ Publish ─► hub ─► one bounded queue per Subscription ─► subscriber
//	node    ──┘
//
// A slow subscriber loses events; how many, it is told by an notice.Missed before the next event that it gets. It never
// delays the node nor another subscriber. A subscriber runs its own goroutine: nothing of it runs on an actor, so it
// can panic only itself.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// What is published while the hub restarts after a crash waits in its mailbox; subscriptions outlive the crash. The
// event that it crashed at is lost, and counts as missed by all of them.
package hub
