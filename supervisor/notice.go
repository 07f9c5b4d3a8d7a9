package supervisor

import (
	"errors"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/notice"
)

// Notice returns what subscribers are told of a supervisor's decision: what went wrong, not what runs.
func Notice(e Event) (a notice.ActorRestarted, ok bool) {
	switch e := e.(type) {
	case Failed:
		return crashed(e.Child, "restarted", e.Reason), true
	case GaveUp:
		return crashed(e.Child, "given up", e.Reason), true
	case Quarantined:
		return crashed(e.Child, "stopped for good", e.Reason), true
	case Started, Stopped:
	}
	return a, false
}

func crashed(child, outcome string, reason error) notice.ActorRestarted {
	a := notice.ActorRestarted{Actor: child, Outcome: outcome, Reason: reason.Error()}
	if c := (*actors.Crash)(nil); errors.As(reason, &c) {
		a.Stack = string(c.Stack)
	}
	return a
}
