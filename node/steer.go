package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// ErrNoObject is wrapped by the errors of Trigger and PauseObject, if the session has no such object with packets to
// come, of Find, and of Reception.Missing.
var ErrNoObject = errors.New("node: no such object")

// Update reads f as Add does, and puts it in the place of the file with the same Content-Location, which ends at once
// or after its running transfer. It is Add if there is no such file.
func (s *Sending) Update(
	ctx context.Context, f sender.File, scratch sender.Scratch, when sender.When,
) (flute.TOI, error) {
	return s.put(ctx, f, scratch, func(id uint64, o *sender.Object) sending.Message {
		return sending.Update{ID: id, Object: o, When: when}
	})
}

// Find returns the TOI of the newest object with this Content-Location that is described, or will be. The error wraps
// ErrNoObject, or is that of ctx.
func (s *Sending) Find(ctx context.Context, contentLocation string) (flute.TOI, error) {
	at, err := askPID[sending.Added](ctx, s.node, s.pid, sending.Find{Location: contentLocation}, s.done)
	if err == nil && !at.TOI.IsFDT() {
		return at.TOI, nil
	}
	if err == nil || errors.Is(err, errEnded) {
		err = ErrNoObject
	}
	return flute.TOI{}, fmt.Errorf("session %v: %s: %w", s.key, contentLocation, err)
}

// Remove ends the object with this TOI, at once or after its running transfer, and has it no longer described. An
// object of a carousel that was sent once ends as completed, any other one as failed, with event.FailCancelled. An
// object, or a session, that has ended is no error: the error is that of ctx.
func (s *Sending) Remove(ctx context.Context, toi flute.TOI, when sender.When) error {
	return s.order(ctx, sending.Remove{TOI: toi, When: when})
}

// Trigger has the next turn of an object begin at the time given, or now if that is zero or past; see
// [sender.Session.Trigger]. The error wraps ErrNoObject, or is that of ctx.
func (s *Sending) Trigger(ctx context.Context, toi flute.TOI, at time.Time) error {
	return s.steer(ctx, toi, sending.Trigger{TOI: toi, At: at})
}

// PauseObject has the object with this TOI wait until it is called with paused false. The error wraps ErrNoObject, or
// is that of ctx.
func (s *Sending) PauseObject(ctx context.Context, toi flute.TOI, paused bool) error {
	return s.steer(ctx, toi, sending.PauseObject{TOI: toi, Paused: paused})
}

// PauseQueue has the files of a priority wait until it is called with paused false. The error is that of ctx.
func (s *Sending) PauseQueue(ctx context.Context, priority int8, paused bool) error {
	return s.order(ctx, sending.PauseQueue{Priority: priority, Paused: paused})
}

// PauseSession has the session send nothing, FDT Instances included, until it is called with paused false. The error is
// that of ctx.
func (s *Sending) PauseSession(ctx context.Context, paused bool) error {
	return s.order(ctx, sending.PauseSession{Paused: paused})
}

// steer is order for an object that must be there.
func (s *Sending) steer(ctx context.Context, toi flute.TOI, m sending.Message) error {
	taken, err := askPID[sending.Taken](ctx, s.node, s.pid, m, s.done)
	if err == nil && taken.Found {
		return nil
	}
	if err == nil || errors.Is(err, errEnded) {
		err = ErrNoObject
	}
	return fmt.Errorf("session %v: TOI %v: %w", s.key, toi, err)
}
