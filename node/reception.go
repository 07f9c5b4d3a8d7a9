package node

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// Reception is a running Receive. Its methods are safe for concurrent use.
type Reception struct {
	node      *Node
	id        uint64
	feeds     []flute.Feed // the first is that of Group
	counters  *routing.Counters
	read      atomic.Uint64 // datagrams
	endpoints []endpoint    // one for each feed

	release func() error  // gives back what the reception has opened, once
	ending  sync.Once     // starts the goroutine that closes it
	closed  chan struct{} // closed when that is done
	err     error         // of closing; not to be read before
}

// endpoint is that of one feed.
type endpoint struct {
	*listening
	router *routing.Router // of this reception
}

// ID returns the number of the reception in the node, which a [Snapshot] names it by.
func (r *Reception) ID() uint64 { return r.id }

// Means returns by which means of the system datagrams began to be received, of the first feed, and why not by better
// ones, in a few words for people; empty: there is nothing to say.
func (r *Reception) Means() string {
	if len(r.endpoints) == 0 {
		return ""
	}
	return r.endpoints[0].means
}

// leave gives up the sockets, and closes those that nobody else receives from. It returns these.
func (r *Reception) leave() (closed []endpoint) {
	for _, e := range r.endpoints {
		if r.node.leave(e.listening, e.router) {
			e.Close()
			closed = append(closed, e)
		}
	}
	return closed
}

// hear counts what a read of a socket has brought.
func (r *Reception) hear(n int) { r.read.Add(uint64(n)) }

// register makes the reception known to Stop, which then gives back what it has opened, unless Close did before.
func (r *Reception) register(release func() error) error {
	n := r.node
	r.release = func() error {
		err := release()
		n.mu.Lock() // only now: a Stop that does not find it here waits for nothing of it
		delete(n.receptions, r.id)
		n.mu.Unlock()
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return ErrStopped
	}
	n.receptions[r.id] = r
	return nil
}

// Close leaves the group and ends the sessions of the reception: what is whole is published, the rest fails. It returns
// when that is done, its events have reached every Subscription, and a store that the node has opened is closed; or
// with the error of ctx when that ends before: the reception goes on to end. It may be called again.
func (r *Reception) Close(ctx context.Context) error {
	r.end()
	select {
	case <-r.closed:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("node: reception is ending: %w", ctx.Err())
	}
}

// end begins to close the reception. That ends with the node, if not before.
func (r *Reception) end() {
	r.ending.Do(func() {
		go func() {
			defer close(r.closed)
			ctx, n := context.Background(), r.node
			// The only error is ErrStopped: then Stop does it.
			left := r.leave()
			for _, e := range left {
				_ = order[socket.Stopped](ctx, n, socketsName, socket.Stop{ID: e.id})
			}
			_ = order[session.Drained](ctx, n, sessionsName, session.Drain{Reception: r.id, Reason: "reception closed"})
			_ = n.flush(ctx)
			for _, e := range left {
				e.Close() // again: what its sessions held is free now
			}
			r.err = r.release()
		}()
	})
}

// Datagrams returns how many datagrams were read from the sockets of the reception, and how many of them belonged to
// no session, by reason. What became of the others is in event.SessionStats and event.SessionClosed.
func (r *Reception) Datagrams() (read uint64, dropped [drop.NumReasons]uint64) {
	return r.read.Load(), r.counters.Dropped()
}
