package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
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

// TestNoFirstPacket: a completion without a packet tells none, rather than one in the year 1.
func TestNoFirstPacket(t *testing.T) {
	text, err := json.Marshal(event.ObjectCompleted{Earlier: true})
	if err != nil || strings.Contains(string(text), "first_packet") {
		t.Errorf("%s, %v", text, err)
	}
}
