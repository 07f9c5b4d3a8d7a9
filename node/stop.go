package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/socket"
)

const (
	// stopTimeout bounds an orderly stop when the context given to Stop does not.
	stopTimeout = 30 * time.Second
	// giveUpTime is the end of it, at most, in which sessions that have not ended are given up, and that is told; and
	// giveUpShare its part of a shorter time, one of giveUpShare.
	giveUpTime  = time.Second
	giveUpShare = 8
)

// ErrStopped is returned by the methods of a node that was stopped.
var ErrStopped = errors.New("node: stopped")

// Stop ends the node in order: sockets, sessions, tree. Objects that are whole are published first; unfinished ones
// fail. It returns when nothing of the node is left, or with an error when ctx ends before; shortly before the deadline
// of ctx, or 30 s, what is still being published fails. It may be called again, also while it runs: then it waits for
// the first call, or for its own ctx, and returns what that returns.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	again := n.stopped
	n.stopped = true
	n.mu.Unlock()
	if !again {
		n.stopErr = n.stop(ctx)
		close(n.stopDone)
		return n.stopErr
	}
	select {
	case <-n.stopDone:
		return n.stopErr
	case <-ctx.Done():
		return fmt.Errorf("node: being stopped: %w", ctx.Err())
	}
}

// stop is Stop, once.
func (n *Node) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	var errs []error
	if !n.isDown() {
		errs = append(errs,
			n.utp.Stop(ctx),
			order[socket.Stopped](ctx, n, socketsName, socket.Stop{}),
			n.drain(ctx),
			n.flush(ctx),
		)
	}
	errs = append(errs, n.stopTree(ctx), n.stopLanes(ctx))
	freed := make(chan error, 1)
	go func() {
		<-n.down // ctx may end before the tree, which uses all that
		freed <- n.free()
	}()
	select {
	case err := <-freed:
		errs = append(errs, err)
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("node: what it holds is not freed yet: %w", ctx.Err()))
	}
	return errors.Join(errs...)
}

// drain ends the sessions. Shortly before ctx ends those that have not ended are given up: each object has an end.
func (n *Node) drain(ctx context.Context) error {
	end, _ := ctx.Deadline()
	orderly, cancel := context.WithDeadline(ctx, end.Add(-min(giveUpTime, time.Until(end)/giveUpShare)))
	defer cancel()
	err := order[session.Drained](orderly, n, sessionsName, session.Drain{Reason: "node stopped"})
	if err == nil {
		return nil
	}
	atOnce := session.Drain{Reason: "node stopped, and did not wait for it", AtOnce: true}
	return errors.Join(err, order[session.Drained](ctx, n, sessionsName, atOnce))
}

// free frees what is left when the tree has ended.
func (n *Node) free() error {
	n.ledger.Close()
	n.crew.Close()
	n.crew.Wait()
	closed := n.alarms.Close()
	n.forwarders.Wait()
	n.mu.Lock()
	receptions := slices.Collect(maps.Values(n.receptions))
	n.mu.Unlock()
	errs := []error{closed, n.scratches.close()}
	for _, r := range receptions {
		r.end()
		<-r.closed
		errs = append(errs, r.err)
	}
	return errors.Join(errs...)
}

// stopLanes waits for Works, which a store that does not answer may keep.
func (n *Node) stopLanes(ctx context.Context) error {
	if err := n.lanes.Stop(ctx); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// isDown reports whether the tree has ended.
func (n *Node) isDown() bool {
	select {
	case <-n.down:
		return true
	default:
		return false
	}
}
