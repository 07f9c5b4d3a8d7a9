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

// errNobody says that an actor does not exist, or not yet again.
var errNobody = errors.New("node: no such actor")

// retryInterval is how long ask waits for an actor that is just being made anew.
const retryInterval = 5 * time.Millisecond

// ask sends m to the actor name and waits for an answer, of the type that answer points to. While the tree restarts the
// actor, it is sent again. The error is ErrStopped when the node has ended.
func (n *Node) ask(ctx context.Context, name string, m, answer any) error {
	for {
		err := n.askPID(ctx, n.address(name), m, answer)
		if !errors.Is(err, errNobody) {
			return err
		}
		select {
		case <-n.down:
			return ErrStopped
		case <-ctx.Done():
			return err
		case <-time.After(retryInterval):
		}
	}
}

// askPID sends m to any actor, once; errNobody says that there is none. It is used in place of protoactor's futures, which
// have a data race.
func (n *Node) askPID(ctx context.Context, pid *actor.PID, m, answer any) error {
	system := n.system.System()
	w := waiter{make(chan any, 1)}
	self, ok := system.ProcessRegistry.Add(w, "ask"+system.ProcessRegistry.NextId())
	if !ok {
		return errors.New("node: no name for the waiter")
	}
	defer system.ProcessRegistry.Remove(self)
	system.Root.RequestWithCustomSender(pid, m, self)
	select {
	case got := <-w.answer:
		if _, dead := got.(*actor.DeadLetterResponse); dead {
			return fmt.Errorf("%w: %s", errNobody, pid.GetId())
		}
		v, to := reflect.ValueOf(got), reflect.ValueOf(answer).Elem()
		if !v.IsValid() || !v.Type().AssignableTo(to.Type()) {
			return fmt.Errorf("%w from %s: %T", errNoAnswer, pid.GetId(), got)
		}
		to.Set(v)
		return nil
	case <-n.down:
		return ErrStopped
	case <-ctx.Done():
		return fmt.Errorf("node: %s does not answer: %w", pid.GetId(), ctx.Err())
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
