package event

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Event is the sealed set of announcements.
//
//sumtype:decl
type Event interface {
	isEvent()
	// EventName returns the stable name of the kind of event, such as "object_completed". It is that of the JSON lines.
	EventName() string
}

// SessionOpened is emitted when the first valid packet of a transport session arrived, or a sending session started.
type SessionOpened struct {
	Session flute.SessionKey `json:"session"`
	Sending bool             `json:"sending,omitempty"` // the node's own session
}

// SessionClosed is emitted once a transport session ended: by its A flag and the grace time, by inactivity, or on
// request, and every datagram of it was counted. No event of the session follows.
type SessionClosed struct {
	Session  flute.SessionKey `json:"session"`
	Reason   string           `json:"reason"`
	Counters flute.Counters   `json:"counters"`
	Bytes    uint64           `json:"bytes,omitempty"`   // of UDP payload that came
	Feeds    []FeedStats      `json:"feeds,omitempty"`   // of a session that has several
	Account  *Account         `json:"account,omitempty"` // of a session that was received
	Sending  bool             `json:"sending,omitempty"` // the node's own session
}

// SessionComplete is emitted once for what a sender announced in a transport session: it said that no file will follow
// (RFC 6726, section 3.4.2), and every object that it described has its end. A sender that starts again has another.
type SessionComplete struct {
	Session   flute.SessionKey `json:"session"`
	Completed int              `json:"completed"`         // objects
	Failed    int              `json:"failed"`            // objects and refused File elements; superseded ones are not counted
	Refused   int              `json:"refused,omitempty"` // objects that the receiver does not want
}

// SessionStats is emitted once per second while packets of the session arrive: with a packet, or an eighth of a second
// later if none comes.
type SessionStats struct {
	Session  flute.SessionKey `json:"session"`
	Counters flute.Counters   `json:"counters"`
	Bytes    uint64           `json:"bytes,omitempty"` // of UDP payload that came
	Held     uint64           `json:"held"`            // bytes of memory
	Feeds    []FeedStats      `json:"feeds,omitempty"` // of a session that has several
	Account  Account          `json:"account"`
}

// FDTReceived is emitted for each FDT Instance that was decoded and accepted.
type FDTReceived struct {
	Session  flute.SessionKey `json:"session"`
	ID       flute.InstanceID `json:"fdt_instance_id"`
	Files    int              `json:"files"` // File elements accepted
	Expires  time.Time        `json:"expires"`
	Complete bool             `json:"complete"` // no further file will be announced (RFC 6726, section 3.4.2)

	Rejected      []string `json:"rejected"` // reasons for File elements refused, the first 16
	RejectedCount int      `json:"rejected_count"`
	Warnings      []string `json:"warnings,omitempty"` // what could not be read of others, the first 16
	WarningCount  int      `json:"warning_count,omitempty"`
}

// FDTRejected is emitted for an FDT Instance, or an S-TSID, that could not be used. An S-TSID for which there was no
// room is received again with its next turn, and so is the ObjectCompleted of its file emitted again.
type FDTRejected struct {
	Session flute.SessionKey `json:"session"`
	ID      flute.InstanceID `json:"fdt_instance_id"`
	STSID   bool             `json:"s_tsid,omitempty"` // of ROUTE: it is an S-TSID, which has no ID
	Reason  string           `json:"reason"`
}

// What names what was rejected.
func (e FDTRejected) What() string {
	if e.STSID {
		return "S-TSID"
	}
	return fmt.Sprintf("FDT Instance %d", e.ID)
}

// FDTPublished is emitted for each FDT Instance that a sending session has made. It is sent after the event.
type FDTPublished struct {
	Session  flute.SessionKey `json:"session"`
	ID       flute.InstanceID `json:"fdt_instance_id"`
	Files    int              `json:"files"`
	Bytes    int              `json:"bytes"` // before content encoding
	Expires  time.Time        `json:"expires"`
	Complete bool             `json:"complete"`
	XML      string           `json:"xml,omitempty"` // if the session was asked for it, and not too much of it waits
}

// MatrixDetected is emitted once per session, when a receiver set to auto has found out which variant of Reed-Solomon
// codes the sender uses.
type MatrixDetected struct {
	Session flute.SessionKey `json:"session"`
	Matrix  string           `json:"rs_matrix"`
	By      string           `json:"by"` // "surplus_symbol" or "digest"
}

// Late is emitted by a sending session for a transfer of a carousel that ended after the next one was to begin, by its
// interval, or after its target. A carousel that is late again and again says so once, until it has been on time.
// Without a TOI it is about the time until which all files of the session are to be sent: as things are, they will be
// sent later, by By.
type Late struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	By              time.Duration    `json:"by_ns"`
}

// TransferStarted is emitted by a sending session with the first packet of each transfer, if it is asked to.
type TransferStarted struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Transfer        int              `json:"transfer"` // counted from 1
}

// TransferDone is emitted by a sending session with the last packet of each transfer, if it is asked to.
type TransferDone struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Transfer        int              `json:"transfer"` // counted from 1
	Packets         uint64           `json:"packets"`
	Duration        time.Duration    `json:"duration_ns"` // from the first packet to the last
}

// QueueEmpty is emitted by a sending session when no file of a priority has packets to come any more.
type QueueEmpty struct {
	Session  flute.SessionKey `json:"session"`
	Priority int8             `json:"priority"`
}

// Warning reports something about a session or an object that an operator should mend, such as two senders with one
// TSI.
type Warning struct {
	Text string `json:"text"`
}

func (SessionOpened) isEvent()   {}
func (SessionClosed) isEvent()   {}
func (SessionComplete) isEvent() {}
func (SessionStats) isEvent()    {}
func (FDTReceived) isEvent()     {}
func (FDTPublished) isEvent()    {}
func (FDTRejected) isEvent()     {}
func (ObjectStarted) isEvent()   {}
func (ObjectProgress) isEvent()  {}
func (ObjectCompleted) isEvent() {}
func (ObjectFailed) isEvent()    {}
func (ObjectRefused) isEvent()   {}
func (MatrixDetected) isEvent()  {}
func (Late) isEvent()            {}
func (TransferStarted) isEvent() {}
func (TransferDone) isEvent()    {}
func (QueueEmpty) isEvent()      {}
func (Warning) isEvent()         {}
