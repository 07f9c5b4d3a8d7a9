package simulator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// maxTrace bounds Result.Trace.
const maxTrace = 1000

// trace keeps what has happened, for whoever looks for the cause of a failure. The caller holds w.mu.
func (w *world) trace(e any) {
	text := ""
	if s := sessionOf(e); s.Source == strangers {
		return
	}
	switch e := e.(type) {
	case string:
		text = e
	case event.ObjectStarted:
		text = fmt.Sprintf("%d/%v %s started, %d resumed", e.Session.TSI, e.TOI, e.ContentLocation, e.Resumed)
	case event.ObjectCompleted:
		text = fmt.Sprintf("%d/%v %s completed as %q, earlier: %t", e.Session.TSI, e.TOI, e.ContentLocation, e.Path,
			e.Earlier)
	case event.ObjectFailed:
		text = fmt.Sprintf("%d/%v %s failed: %s, %s, retry: %t", e.Session.TSI, e.TOI, e.ContentLocation, e.Reason,
			e.Detail, e.Retry)
	case event.FDTReceived:
		text = fmt.Sprintf("%d: FDT Instance %d, %d files", e.Session.TSI, e.ID, e.Files)
	case event.FDTRejected:
		text = fmt.Sprintf("%d: %s rejected: %s", e.Session.TSI, e.What(), e.Reason)
	case event.SessionOpened:
		text = fmt.Sprintf("%v opened", e.Session)
	case event.SessionClosed:
		text = fmt.Sprintf("%v closed: %s", e.Session, e.Reason)
	case event.Warning:
		text = e.Text
	case notice.Warning:
		text = e.Text
	case notice.ActorRestarted:
		text = e.Actor + ": " + e.Outcome + ": " + e.Reason
	}
	if text != "" && len(w.result.Trace) < maxTrace {
		at := time.Since(w.begin).Round(time.Millisecond)
		w.result.Trace = append(w.result.Trace, fmt.Sprintf("%9v  %s", at, text))
	}
}

// sessionOf returns the session that an event is about; the zero key: none.
func sessionOf(e any) flute.SessionKey {
	switch e := e.(type) {
	case event.ObjectStarted:
		return e.Session
	case event.ObjectCompleted:
		return e.Session
	case event.ObjectFailed:
		return e.Session
	case event.FDTReceived:
		return e.Session
	case event.FDTRejected:
		return e.Session
	case event.SessionOpened:
		return e.Session
	case event.SessionClosed:
		return e.Session
	}
	return flute.SessionKey{}
}

// state tells what the receiver knows, for whoever looks for the cause of a failure.
func (w *world) state() string {
	w.mu.Lock()
	p := w.receiver
	w.mu.Unlock()
	if p == nil {
		return "there is no receiver"
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	snapshot, err := p.node.Snapshot(ctx)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, s := range snapshot.Sessions {
		if s.Session.Group != group || s.Session.Source != source {
			continue
		}
		fmt.Fprintf(&b, "session %d:", s.Session.TSI)
		if c := s.Received; c != nil {
			fmt.Fprintf(&b, " received %d, accepted %d, duplicate %d, dropped", c.Received, c.Accepted, c.Duplicate)
			for reason, n := range c.Dropped {
				if n > 0 {
					fmt.Fprintf(&b, " %d %v", n, flute.DropReason(reason))
				}
			}
		}
		for _, o := range s.Objects {
			fmt.Fprintf(&b, "; %v %s %s %d/%d", o.TOI, o.ContentLocation, o.Phase, o.Done, o.TransferLength)
		}
		b.WriteString("\n")
	}
	return b.String()
}
