package socket

import (
	"github.com/flute-node/flute-node/supervisor"
)

// message is what a socket takes. It emits events to the hub; what its reader and the Router emit is theirs.
//
//sumtype:decl
type message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// readerEnded is sent by the reader goroutine to its socket when it cannot go on; the socket fails, is restarted, and
// starts another reader.
type readerEnded struct{ err error }

// tick is sent by the socket's timer: see to it that a reader runs, and look at the kernel's counters.
type tick struct{}

func (readerEnded) kind() string { return "reader_ended" }
func (tick) kind() string        { return "tick" }

// kindOf names what a socket and Sockets take.
func kindOf(m any) string {
	switch m := m.(type) {
	case message:
		return m.kind()
	case Start:
		return "start"
	case Stop:
		return "stop"
	case supervisor.ChildGaveUp:
		return "child_gave_up"
	}
	return ""
}
