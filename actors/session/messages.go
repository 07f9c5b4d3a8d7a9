package session

import (
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
)

// Message is what Sessions and its children take.
//
//sumtype:decl
type Message interface{ isMessage() }

// Packets is sent by a reader to a receiving session: datagrams of one session in the order of arrival. Data lane.
type Packets struct {
	Slab      *slab.Slab // holds the bytes; Packets has one reference
	Datagrams []Datagram
	done      int // datagrams that were routed
	free      *freeList
	pins      bool // it is the first in its Inbox that holds the slab
}

// Datagram is one of Packets.
type Datagram struct {
	Data []byte // a view into the slab
	Port uint16 // UDP source port
}

// Open is sent by a reader to Sessions when the first datagram of a session arrived; the datagrams wait in the Inbox,
// which Memory knows already.
type Open struct{ Inbox *Inbox }

// Close is sent by the node to Sessions, to end all sessions of a Reception, and by Sessions to each of them.
type Close struct {
	Reception uint64
	Reason    string
}

// StartSender is sent by the node to Sessions: run a sending session. Answered with its PID. It may be sent again if the
// answer fails to come.
type StartSender struct{ out *outgoing }

// NewStartSender returns the message for one session.
func NewStartSender(cfg SenderConfig) StartSender { return StartSender{&outgoing{SenderConfig: cfg}} }

// Drain asks Sessions to end all sessions, and to answer Drained once none is left. It is sent by the node, after it closed
// the sockets.
type Drain struct{ Reason string }

// Drained answers Drain.
type Drained struct{}

// closed is sent by a receiving session to Sessions when it is over.
type closed struct{ inbox *Inbox }

// tick is sent by a session's own timer, and by its reader when it has to yield.
type tick struct{}

func (*Packets) isMessage()    {}
func (Open) isMessage()        {}
func (Close) isMessage()       {}
func (StartSender) isMessage() {}
func (Drain) isMessage()       {}
func (closed) isMessage()      {}
func (tick) isMessage()        {}

// Reception is what all sessions of one listening socket share. It is not changed after it was made.
type Reception struct {
	ID     uint64
	Config *receiver.Config
	// Drops gets the datagrams of sessions that end without having been opened; nobody else hears of those.
	Drops interface {
		Drop(r flute.DropReason, n uint64)
	}
}
