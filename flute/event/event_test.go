package event_test

import (
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/flute/event"
)

func Example() {
	var e event.Event = event.ObjectFailed{ContentLocation: "file:///a", Reason: event.FailDigest}
	switch e := e.(type) {
	case event.ObjectCompleted:
		fmt.Println(e.Path)
	case event.ObjectFailed:
		fmt.Println(e.ContentLocation, e.Reason)
	}
	// Output: file:///a digest
}

func TestAsSending(t *testing.T) {
	for _, e := range []event.Event{
		event.SessionOpened{},
		event.SessionClosed{},
		event.ObjectStarted{},
		event.ObjectProgress{},
		event.ObjectCompleted{},
		event.ObjectFailed{},
	} {
		if event.IsSending(e) || !event.IsSending(event.AsSending(e)) {
			t.Errorf("%T is not marked", e)
		}
	}
	for _, e := range []event.Event{event.Warning{Text: "w"}, event.MatrixDetected{Matrix: "m"}} {
		if got := event.AsSending(e); event.IsSending(got) || got != e {
			t.Errorf("%T was changed to %+v", e, got)
		}
	}
}
