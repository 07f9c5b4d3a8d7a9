package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// patience is how long a daemon may be silent while it answers a GET: it takes seconds at most, and a stream of events
// has a sign of life each keepAlive.
const patience = 2 * keepAlive

// seeLog is what to do about a daemon that hangs.
const seeLog = "see its log, and start it again"

// errSilent ends a GET.
var errSilent = fmt.Errorf("the daemon has not answered for %v, as if it hangs; "+seeLog, patience)

// patientBody is the body of an answer. It ends the request when the daemon says nothing for too long.
type patientBody struct {
	io.ReadCloser
	timer *time.Timer // runs while the daemon is waited for
	cause func() error
	end   context.CancelCauseFunc
}

// newPatientBody returns the context of a request, and the body of its answer, whose timer runs.
func newPatientBody(ctx context.Context) (context.Context, *patientBody) {
	ctx, end := context.WithCancelCause(ctx)
	return ctx, &patientBody{
		timer: time.AfterFunc(patience, func() { end(errSilent) }),
		cause: func() error { return context.Cause(ctx) },
		end:   end,
	}
}

// told returns err, or in its place that the daemon was silent, if that is why.
func (b *patientBody) told(err error) error {
	if err != nil && errors.Is(b.cause(), errSilent) {
		return errSilent
	}
	return err
}

// Read implements io.Reader.
func (b *patientBody) Read(p []byte) (int, error) {
	b.timer.Reset(patience)
	defer b.timer.Stop()
	n, err := b.ReadCloser.Read(p)
	return n, b.told(err)
}

// Close implements io.Closer.
func (b *patientBody) Close() error {
	defer b.end(nil)
	return b.ReadCloser.Close()
}
