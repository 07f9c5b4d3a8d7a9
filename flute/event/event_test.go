package event_test

import (
	"fmt"

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
