package node

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// errNoAnswer says that an actor answered with something else than the question calls for.
var errNoAnswer = errors.New("node: unexpected answer")

// errGone says that what was asked has ended.
var errGone = errors.New("node: gone")

const (
	// retryInterval is how long ask waits for an actor that is just being made anew.
	retryInterval = 5 * time.Millisecond
	// answerTimeout is after how long a question is taken for lost in a crash. An actor that is only slow gets it twice.
	answerTimeout = time.Second
)

// ask sends m to the actor name and waits for an answer, of the type that answer points to.
func (n *Node) ask(ctx context.Context, name string, m, answer any) error {
	return n.askPID(ctx, n.address(name), m, answer, nil)
}

// askPID is ask for any actor. It asks again while the actor is being restarted, or when an answer fails to come: it must
// do no harm to take m twice. The error is ErrStopped when the node has ended, and errGone when gone was closed.
func (n *Node) askPID(ctx context.Context, pid *actor.PID, m, answer any, gone <-chan struct{}) error {
	for {
		got, err := n.askOnce(ctx, pid, m)
		if err != nil {
			return err
		}
		if got != nil {
			v, to := reflect.ValueOf(got), reflect.ValueOf(answer).Elem()
			if !v.Type().AssignableTo(to.Type()) {
				return fmt.Errorf("%w from %s: %T", errNoAnswer, pid.GetId(), got)
			}
			to.Set(v)
			return nil
		}
		select {
		case <-gone:
			return errGone
		case <-time.After(retryInterval):
		}
	}
}

// askOnce returns the answer, or nil when there is reason to ask again. It is used in place of protoactor's futures, which
// have a data race.
func (n *Node) askOnce(ctx context.Context, pid *actor.PID, m any) (answer any, err error) {
	system := n.system.System()
	w := waiter{make(chan any, 1)}
	self, ok := system.ProcessRegistry.Add(w, "ask"+system.ProcessRegistry.NextId())
	if !ok {
		return nil, errors.New("node: no name for the waiter")
	}
	defer system.ProcessRegistry.Remove(self)
	system.Root.RequestWithCustomSender(pid, m, self)
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	select {
	case got := <-w.answer:
		if _, dead := got.(*actor.DeadLetterResponse); dead && !n.isDown() {
			return nil, nil
		} else if dead {
			return nil, ErrStopped
		}
		return got, nil
	case <-n.down:
		return nil, ErrStopped
	case <-ctx.Done():
		return nil, fmt.Errorf("node: %s does not answer: %w", pid.GetId(), ctx.Err())
	case <-timeout.C:
		return nil, nil
	}
}

// waiter is a process that takes one message.
type waiter struct{ answer chan any }

func (w waiter) SendUserMessage(_ *actor.PID, m any) {
	_, m, _ = actor.UnwrapEnvelope(m)
	select {
	case w.answer <- m:
	default:
	}
}

func (w waiter) SendSystemMessage(*actor.PID, any) {}
func (w waiter) Stop(*actor.PID)                   {}
