package socket

import (
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// Router decides whose each datagram is, and opens owners that are new. Each protocol has one. It is told everything
// that becomes of datagrams which no owner can count.
//
// It belongs to the readers of one Endpoint, one after the other, and outlives them; only Warnings is called by others.
type Router interface {
	// Route returns the Flow of the owner of d, which came with a read at now; nil: it is nobody's, which the Router
	// has counted. The same owner has the same Flow.
	Route(now time.Time, d *slab.Datagram) *Flow
	// Owners returns how many owners there are, about.
	Owners() int
	// Lose counts n datagrams that no owner got.
	Lose(n int, why Loss)
	// Warnings returns what an operator should know since the last call. It is safe for concurrent use.
	Warnings() []string
}

// Loss says why a datagram that was read has reached no owner.
type Loss uint8

// The losses.
const (
	LossTooLong Loss = iota // the datagram is longer than the room for one
	LossMemory              // each slab waits for some owner
	LossClosed              // the owner has ended meanwhile
	LossCrash               // the reader panicked
)

// Feed is the way to one owner of datagrams: a transport session, or a connection. It is called by the reader only.
type Feed interface {
	// Begin begins a batch of datagrams in s, with a reference for it; or, if the last one was kept, goes on with it.
	Begin(s *slab.Slab)
	// Add adds a datagram, whose bytes are in the slab, to the batch.
	Add(d *slab.Datagram)
	// HasRoom reports whether Offer will hand the batch over, and should, when slabs of so many bytes are left for all
	// owners.
	HasRoom(slabsLeft int) bool
	// Offer hands the batch over. It returns how many datagrams the owner cannot count any more, because it has ended.
	Offer() (late int)
	// Refuse drops the batch instead, for want of room. It returns the same.
	Refuse() (late int)
	// Abandon drops the batch, and returns how many datagrams it had. The owner does not count them.
	Abandon() int
}

// patient is a Feed whose owner does better with many datagrams at once. MayWait is asked between two reads: whether
// the batch may be kept for a while, so that later datagrams join it.
type patient interface{ MayWait() bool }

// patron is a Feed whose owner tells whether it may be waited for, so that nothing is lost while nobody reads: the
// sender waits as well, or the system has a large buffer.
type patron interface{ MayLag() bool }

// Flow is what the reader knows of one owner. A Router has one for each, made by NewFlow; it must not be copied.
type Flow struct {
	feed      Feed
	patient   patient       // feed, if it is one; else nil
	patron    patron        // likewise
	router    Router        // that has returned it
	next      *Flow         // to another owner of the datagram that was routed last; nil: there is none
	gathering bool          // there is a batch
	inHand    bool          // with datagrams of the read in hand
	kept      bool          // it waits among those that are kept
	begun     time.Time     // when the read came that the batch began with
	stuck     bool          // it had no room after all patience, and has had none since
	since     time.Time     // when the current patiencePeriod began
	waited    time.Duration // in that period
	alone     time.Duration // that it was waited for, as the only owner, since it had room
}

// NewFlow returns the Flow to the owner behind feed.
func NewFlow(feed Feed) Flow {
	p, _ := feed.(patient)
	w, _ := feed.(patron)
	return Flow{feed: feed, patient: p, patron: w}
}

// press tells the owner, if it may wait for something else than its memory, that datagrams are lost by that. It reports
// whether that is news.
func (f *Flow) press() bool {
	p, ok := f.feed.(interface{ Press() bool })
	return ok && p.Press()
}

// lose counts n datagrams that the owner does not count.
func (f *Flow) lose(n int, why Loss) {
	if n > 0 {
		f.router.Lose(n, why)
	}
}

// IsGathering reports whether there are datagrams for this owner that it was not handed yet.
func (f *Flow) IsGathering() bool { return f.gathering }

// IsInHand reports whether datagrams of the read in hand are for this owner.
func (f *Flow) IsInHand() bool { return f.inHand }
