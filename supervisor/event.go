package supervisor

import (
	"fmt"
	"time"
)

// Event is the sealed set of what a supervisor tells its hook.
//
//sumtype:decl
type Event interface{ isEvent() }

// Started is emitted when a child of a static tree has handled Started, for the first time or again.
type Started struct {
	Supervisor string // id of the PID
	Child      string // id of the PID
	Restarts   int    // how often the child was started before
}

// Failed is emitted for each failure that is answered by a restart.
type Failed struct {
	Supervisor string
	Child      string
	Reason     error         // *actors.Crash, or ErrStopped
	Delay      time.Duration // until the restart
}

// Stopped is emitted when a child of a static tree ended and is not started again, though the tree goes on.
type Stopped struct {
	Supervisor string
	Child      string
	Reason     error // nil: it stopped itself
}

// GaveUp is emitted when the intensity of a static tree is exceeded, or a child cannot be spawned. The children are
// stopped next, then the failure goes upwards.
type GaveUp struct {
	Supervisor string
	Child      string
	Reason     error
}

// Quarantined is emitted when a dynamic child is stopped because it failed too often, or twice at the same work.
type Quarantined struct {
	Supervisor string
	Child      string
	Blame      string // the work blamed twice; empty: too many failures
	Reason     error
}

func (Started) isEvent()     {}
func (Failed) isEvent()      {}
func (Stopped) isEvent()     {}
func (GaveUp) isEvent()      {}
func (Quarantined) isEvent() {}

// emit shows an event to a hook, which must not harm the supervisor.
func emit(hook func(Event), e Event) {
	if hook == nil {
		return
	}
	defer func() { _ = recover() }()
	hook(e)
}

// asError returns the reason of a failure as an error.
func asError(reason any) error {
	if err, ok := reason.(error); ok {
		return err
	}
	return fmt.Errorf("supervisor: %v", reason)
}
