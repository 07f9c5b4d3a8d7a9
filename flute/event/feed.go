package event

import "github.com/flute-node/flute-node/flute"

// FeedStats counts what came of a session on one of its feeds. Received = Accepted + Duplicate + Dropped, at every
// moment; the sums over all feeds are those of the session's Counters.
type FeedStats struct {
	Feed      flute.Feed `json:"feed"`
	Received  uint64     `json:"received"`  // datagrams
	Accepted  uint64     `json:"accepted"`  // that were used: no feed had brought them before
	Duplicate uint64     `json:"duplicate"` // that brought nothing new
	Dropped   uint64     `json:"dropped"`   // for any reason
	// Late counts datagrams that another feed of the channel had brought before, Lost those that only others brought.
	// Both look at the latest 16,384 datagrams of the session, and are 0 until an FDT Instance was received.
	Late uint64 `json:"late"`
	Lost uint64 `json:"lost"`
	// Account says how well the feed alone is received: its Symbols, loss, margin and Jitter, copies included. What
	// is of the session as a whole stays 0: Useful, Repaired, Put, Overhead, and what is said of its clock and its
	// FDT Instances. All of it rests on packets of objects that an FDT Instance had described before they came. Loss
	// and margin stay 0, with Due and MarginBlocks, where the feeds are of several channels: these may share the
	// symbols of a source block.
	Account Account `json:"account"`
}

// FeedState is emitted when a feed of a session brings nothing any more while others do, and when it is heard again.
type FeedState struct {
	Session flute.SessionKey `json:"session"`
	Feed    flute.Feed       `json:"feed"`
	Alive   bool             `json:"alive"`
}

func (FeedState) isEvent() {}

// EventName implements [Event].
func (FeedState) EventName() string { return "feed_state" }
