package node

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// errEnded says that the session that was asked has ended.
var errEnded = errors.New("node: session has ended")

// ask asks the actor name. See askPID.
func ask[T any](ctx context.Context, n *Node, name string, m any) (T, error) {
	return askPID[T](ctx, n, n.address(name), m, nil)
}

// order is ask for an answer that says no more than that m was handled.
func order[T any](ctx context.Context, n *Node, name string, m any) error {
	_, err := ask[T](ctx, n, name, m)
	return err
}

// askPID asks any actor of the tree. It asks again when the actor crashed over m, or is being made anew: to handle m
// twice must do no harm. The error is that of ctx, ErrStopped when the node has ended, or errEnded when ended was
// closed.
func askPID[T any](ctx context.Context, n *Node, pid *actor.PID, m any, ended <-chan struct{}) (answer T, err error) {
	for {
		started := n.starts.next()
		answer, err = actors.Ask[T](ctx, n.system, pid, m)
		if crash := (*actors.Crash)(nil); errors.As(err, &crash) {
			continue // the next question waits until it is restarted
		}
		if !errors.Is(err, actors.ErrGone) {
			return answer, err
		}
		select {
		case <-started:
		case <-ended:
			return answer, errEnded
		case <-n.down:
			return answer, ErrStopped
		case <-ctx.Done():
			return answer, fmt.Errorf("node: %s is being restarted: %w", pid.GetId(), ctx.Err())
		}
	}
}

// starts tells whoever waits for an actor that a part of the tree has started. The zero value is ready to use.
type starts struct {
	mu   sync.Mutex
	wait chan struct{} // closed at the next start; nil: nobody waits
}

// next returns a channel that is closed at the next start.
func (s *starts) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wait == nil {
		s.wait = make(chan struct{})
	}
	return s.wait
}

// tell closes the channel that next has returned.
func (s *starts) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wait != nil {
		close(s.wait)
		s.wait = nil
	}
}
