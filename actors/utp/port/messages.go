package port

import (
	"net/netip"

	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/supervisor"
)

// Dial is sent by the user: begin a connection. Answered with Dialed.
type Dial struct{ Remote netip.AddrPort }

// Dialed answers Dial, before the peer does.
type Dialed struct {
	Channel *channel.Channel
	Err     error
}

// Listen is sent by the user: accept connections into Queue, or none any more for nil. Answered with Listening.
type Listen struct{ Backlog *Backlog }

// Listening answers Listen. The error is ErrListening.
type Listening struct{ Err error }

// Leave is sent by the user: close the socket once it has no connection and no listener.
type Leave struct{}

// Close is sent by the user: close all connections, and then the socket; at once with Now. Answered with Closing.
// Port.Closed tells when the socket is closed.
type Close struct{ Now bool }

// Closing answers Close.
type Closing struct{ Channels []*channel.Channel } // that are not released yet

// Inspect is sent by the user; answered with Stats.
type Inspect struct{}

// readerEnded is sent by the reader when it cannot go on.
type readerEnded struct{ err error }

// reported is sent by the reader, or by whoever writes: there are reports of ICMP.
type reported struct{}

// resume is sent by the actor to itself, after a while: try to open the socket again.
type resume struct{}

// Start is sent to Ports: work on a Port, which is in the Ledger.
type Start struct{ Port *Port }

// ended is sent by a socket to Ports: nothing of it is needed any more. Sent again after a crash of either.
type ended struct{ port *Port }

// kindOf names what a socket takes.
func kindOf(m any) string {
	switch m.(type) {
	case *channel.Batch:
		return "packets"
	case channel.Tick:
		return "tick"
	case channel.Flush:
		return "flush"
	case channel.Done:
		return "done"
	case channel.Released:
		return "released"
	case channel.Crashed:
		return "crashed"
	case Dial:
		return "dial"
	case Listen:
		return "listen"
	case Leave:
		return "leave"
	case Close:
		return "close"
	case Inspect:
		return "inspect"
	case readerEnded:
		return "reader_ended"
	case reported:
		return "reported"
	case resume:
		return "resume"
	}
	return ""
}

// kindOfPorts names what Ports takes.
func kindOfPorts(m any) string {
	switch m.(type) {
	case Start:
		return "start"
	case ended:
		return "ended"
	case supervisor.ChildGaveUp:
		return "child_gave_up"
	}
	return ""
}
