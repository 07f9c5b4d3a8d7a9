package sending

import (
	"testing"

	"github.com/flute-node/flute-node/flute/event"
)

// TestMarked: events of a sending session say so, and others are what they were.
func TestMarked(t *testing.T) {
	for _, e := range []event.Event{
		event.SessionOpened{},
		event.SessionClosed{},
		event.ObjectStarted{},
		event.ObjectProgress{},
		event.ObjectCompleted{},
		event.ObjectFailed{},
	} {
		if event.IsSending(e) || !event.IsSending(marked(e)) {
			t.Errorf("%T is not marked", e)
		}
	}
	for _, e := range []event.Event{event.Warning{Text: "w"}, event.MatrixDetected{Matrix: "m"}} {
		if got := marked(e); event.IsSending(got) || got != e {
			t.Errorf("%T was changed to %+v", e, got)
		}
	}
}
