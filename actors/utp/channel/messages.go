package channel

import (
	"github.com/flute-node/flute-node/supervisor"
	"github.com/flute-node/flute-node/utp/core"
)

// message is what a channel takes besides *Batch.
//
//sumtype:decl
type message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// wake is sent by the user of a connection, or whoever changed what it wishes: look at all of that.
type wake struct{}

// tick is sent by the timer wheel: the deadline of the core has come.
type tick struct{}

// reported is sent by the socket's actor: what ICMP says of a packet of ours. It has to be checked.
type reported struct {
	quoted  core.Quoted
	longest int // bytes of a datagram that the path takes; 0: nobody listens
}

// Inspect is sent by the user; answered with core.Stats.
type Inspect struct{}

func (wake) kind() string     { return "wake" }
func (tick) kind() string     { return "tick" }
func (reported) kind() string { return "reported" }
func (Inspect) kind() string  { return "inspect" }

// Tick is sent to the socket's actor by the timer of the Line: a deadline of the wheel, or of the Outbox, has come.
type Tick struct{}

// Flush is sent to the socket's actor by a channel: send what waits in the Outbox.
type Flush struct{}

// Done is sent to the socket's actor by a channel: its connection needs no datagram any more.
type Done struct{ Channel *Channel }

// Released is sent to the socket's actor by a channel: the user has closed it as well, and the actor may end.
type Released struct{ Channel *Channel }

// Crashed is sent to the socket's actor by Channels: the channel's actor is given up. The socket resets the connection.
type Crashed struct {
	Channel *Channel
	Reason  error
}

// Open is sent by the socket's actor to Channels: spawn the actor of a channel that is in the Ledger.
type Open struct{ Channel *Channel }

// Close is sent by the socket's actor to Channels: the channel was taken from the Ledger; stop its actor.
type Close struct{ Channel *Channel }

var _ core.Stats // what answers Inspect

// kindOf names what a channel takes.
func kindOf(m any) string {
	switch m := m.(type) {
	case message:
		return m.kind()
	case *Batch:
		return "packets"
	}
	return ""
}

// kindOfChannels names what Channels takes.
func kindOfChannels(m any) string {
	switch m.(type) {
	case Open:
		return "open"
	case Close:
		return "close"
	case supervisor.ChildGaveUp:
		return "child_gave_up"
	}
	return ""
}
