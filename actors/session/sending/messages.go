package sending

import (
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// Message is what a sending session takes. It emits hub.Publish, and hands Works to the lanes.
//
//sumtype:decl
type Message interface {
	// kind is the stable name of the message, for actors.Faults.
	kind() string
}

// Add is sent by the node: one file more, already prepared. Answered with [Added]. It may be sent again, with the same
// ID, if the answer fails to come.
type Add struct {
	ID     uint64 // of the question, unique in the session
	Object *sender.Object
}

// Added answers Add.
type Added struct {
	TOI flute.TOI
	Err error
}

// Reserve is sent by the node: take a TOI for a file that will be added with it. Answered with [Added], as an Add.
type Reserve struct {
	ID uint64 // as that of Add
}

// Release is sent by the node: give back a TOI that was reserved. Answered with [Taken].
type Release struct{ TOI flute.TOI }

// Finish is sent by the node: end the session once all files are sent as often as asked. Answered with [Taken].
type Finish struct{}

// Close is sent by the node, and answered with [Taken] then, or by Sessions: end the session now.
type Close struct{ Reason string }

// Remove is sent by the node: end an object now. Answered with [Taken]. It does nothing if the object has ended.
type Remove struct{ TOI flute.TOI }

// Taken answers Finish, Close, Remove and Release.
type Taken struct{}

// Inspect is sent by the node, in any state. Answered with [State].
type Inspect struct{ Objects int } // that are told at most

// State answers Inspect.
type State struct {
	Stats       sender.Stats
	Objects     []event.ObjectState
	ObjectCount int
}

// pump is sent by a session to itself: make and write the next datagrams.
type pump struct{}

// ran is sent by a lane: a Work has run, or has failed to.
type ran struct{}

func (Add) kind() string     { return "add" }
func (Reserve) kind() string { return "reserve" }
func (Release) kind() string { return "release" }
func (Finish) kind() string  { return "finish" }
func (Close) kind() string   { return "close" }
func (Remove) kind() string  { return "remove" }
func (Inspect) kind() string { return "inspect" }
func (pump) kind() string    { return "pump" }
func (ran) kind() string     { return "ran" }

// kindOf names what a sending session takes.
func kindOf(m any) string {
	if m, ok := m.(Message); ok {
		return m.kind()
	}
	return ""
}
