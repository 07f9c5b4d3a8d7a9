package sending

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// Message is what a sending session takes. It emits hub.Publish, and hands Works to the lanes.
//
//sumtype:decl
type Message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// Add is sent by the node: one file more, already prepared. Answered with [Added]. It may be sent again, with the same
// ID, if the answer fails to come.
type Add struct {
	ID     uint64 // of the question, unique in the session
	Object *sender.Object
}

// Update is sent by the node: a file in the place of the one with its Content-Location. Answered with [Added], and may
// be sent again like Add.
type Update struct {
	ID     uint64 // of the question, among those of Add
	Object *sender.Object
	When   sender.When
}

// Added answers Add, Update, Reserve and Find.
type Added struct {
	TOI flute.TOI
	Err error
}

// Reserve is sent by the node: take a TOI for a file that will be added with it. Answered with [Added], as an Add.
type Reserve struct {
	ID uint64 // as that of Add
}

// Find is sent by the node: which TOI has the file with a Content-Location? Answered with [Added], with TOI 0
// if there is none.
type Find struct{ Location string }

// Release is sent by the node: give back a TOI that was reserved. Answered with [Taken].
type Release struct{ TOI flute.TOI }

// Publish is sent by the node: describe and send the files that wait for it. Answered with [Taken].
type Publish struct{}

// Finish is sent by the node: end the session once all files are sent as often as asked. Answered with [Taken].
type Finish struct{}

// Close is sent by the node, and answered with [Taken] then, or by Sessions: end the session now.
type Close struct{ Reason string }

// Remove is sent by the node: end an object. Answered with [Taken].
type Remove struct {
	TOI  flute.TOI
	When sender.When
}

// Trigger is sent by the node: the next turn of an object begins at a time, or now. Answered with [Taken].
type Trigger struct {
	TOI flute.TOI
	At  time.Time // zero: now
}

// PauseObject is sent by the node: an object waits, or goes on. Answered with [Taken].
type PauseObject struct {
	TOI    flute.TOI
	Paused bool
}

// PauseQueue is sent by the node: the files of a priority wait, or go on. Answered with [Taken].
type PauseQueue struct {
	Priority int8
	Paused   bool
}

// PauseSession is sent by the node: the session waits, or goes on. Answered with [Taken].
type PauseSession struct{ Paused bool }

// SetRate is sent by the node: bits per second at most, from now on; 0: without a bound. Answered with [Taken].
type SetRate struct{ Rate uint64 }

// Taken answers what is not answered otherwise.
type Taken struct {
	Found bool // packets of the object of Remove, Trigger or PauseObject were to come
}

// Inspect is sent by the node, in any state. Answered with [State].
type Inspect struct{ Objects int } // that are told at most

// State answers Inspect.
type State struct {
	Stats       sender.Stats
	Rate        uint64 // bits of UDP payload in the latest second
	Queues      []sender.QueueState
	Objects     []event.ObjectState
	ObjectCount int
}

// pump is sent by a session to itself: make and write the next datagrams.
type pump struct{}

// ran is sent by a lane: a Work has run, or has failed to.
type ran struct{}

func (Add) kind() string          { return "add" }
func (Find) kind() string         { return "find" }
func (Reserve) kind() string      { return "reserve" }
func (Release) kind() string      { return "release" }
func (Publish) kind() string      { return "publish" }
func (Finish) kind() string       { return "finish" }
func (Close) kind() string        { return "close" }
func (Remove) kind() string       { return "remove" }
func (Inspect) kind() string      { return "inspect" }
func (SetRate) kind() string      { return "set-rate" }
func (pump) kind() string         { return "pump" }
func (ran) kind() string          { return "ran" }
func (Update) kind() string       { return "update" }
func (Trigger) kind() string      { return "trigger" }
func (PauseObject) kind() string  { return "pause-object" }
func (PauseQueue) kind() string   { return "pause-queue" }
func (PauseSession) kind() string { return "pause-session" }

// kindOf names what a sending session takes.
func kindOf(m any) string {
	if m, ok := m.(Message); ok {
		return m.kind()
	}
	return ""
}
