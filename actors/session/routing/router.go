package routing

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultMaxSessions bounds the sessions of one socket: a TSI costs an attacker one datagram, a session sessionBytes.
// See places.go for which of them give way when there are more.
const DefaultMaxSessions = 4096

// sessionBytes is what a session holds outside of every budget: its actor, Inbox and Ledger, while they are empty.
const sessionBytes = 20 << 10

// Config says which sessions of a socket are received. Group, Reception, Open and Counters are required. Of a reception
// with several feeds each has a socket and a Router; all have the same Group, Shared and MaxSessions.
type Config struct {
	Group       netip.AddrPort // in the names of the sessions
	Feed        uint8          // the index of the feed; of several
	As          netip.Addr     // the source in the names of the sessions; zero: that of the datagrams
	Shared      *Shared        // the sessions of all feeds; nil: there is one feed
	Sources     []netip.Addr   // wanted; empty: any
	TSIs        []flute.TSI    // wanted; empty: any
	MaxSessions int            // at once; zero: DefaultMaxSessions
	Reception   *receiving.Reception
	Counters    *Counters
	// Open is called by the reader with a session that is new: it has no actor yet.
	Open func(*receiving.Inbox)
}

// Router implements socket.Router. It belongs to one reader after the other; Warnings may be called by any goroutine.
type Router struct {
	cfg    Config
	places map[flute.SessionKey]*place
	recent [recentPlaces]*place // by the last bits of the TSI: to find one costs half of what a map costs

	yielding []*receiving.Inbox      // of sessions that gave way, and may not be over yet
	crowding map[netip.Addr]struct{} // sources that had too many unproven sessions when all were looked at last
	surveyed time.Time               // when that was
	full     bool                    // no place was made free then
	yielded  atomic.Uint64           // sessions that gave way to others
	told     atomic.Bool             // that sessions give way

	starts starts
}

// recentPlaces is how many sessions a Router finds without its map.
const recentPlaces = 1024

var _ socket.Router = (*Router)(nil)

// place is that of one session.
type place struct {
	socket.Flow
	source    netip.Addr // of its datagrams
	tsi       flute.TSI
	inbox     *receiving.Inbox
	datagrams uint64    // so far
	latest    time.Time // when the last of them came
	proven    bool      // IsProven, when it was asked last
	chosen    bool      // to give way
}

// isOpen reports whether the session takes datagrams.
func (p *place) isOpen() bool { return p.IsInHand() || !p.inbox.Closed() }

// New returns a Router without sessions.
func New(cfg Config) *Router {
	cfg.MaxSessions = cmp.Or(cfg.MaxSessions, DefaultMaxSessions)
	return &Router{
		cfg: cfg, places: map[flute.SessionKey]*place{}, crowding: map[netip.Addr]struct{}{},
		starts: newStarts(cfg.MaxSessions),
	}
}

// Bounds returns what the sessions of one socket hold at most besides what their own configurations say.
func (c *Config) Bounds() []bounds.Bound {
	sessions := uint64(cmp.Or(c.MaxSessions, DefaultMaxSessions))
	return []bounds.Bound{{
		Part: "sessions", Of: bounds.Reception, Count: sessions, Bytes: sessions * sessionBytes,
		Set: "node.ReceiveConfig.MaxSessions",
	}, c.Reception.Bound()}
}

// Route returns the Flow to the session of a datagram, or nil after counting why there is none.
func (r *Router) Route(now time.Time, d *slab.Datagram) *socket.Flow {
	tsi, _, err := lct.Peek(d.Data)
	if err != nil {
		r.drop(drop.Of(err))
		return nil
	}
	recent := &r.recent[tsi%recentPlaces]
	p := *recent
	if p == nil || p.tsi != tsi || p.source != d.Source.Addr() || !p.isOpen() {
		p = r.lookup(now, d.Source.Addr(), tsi, d.Data)
		if p == nil {
			return nil
		}
		*recent = p
	}
	if !p.IsInHand() {
		p.latest = now
	}
	p.datagrams++
	return &p.Flow
}

// Owners returns how many sessions have a place.
func (r *Router) Owners() int { return len(r.places) }

// Lose counts datagrams that no session got.
func (r *Router) Lose(n int, why socket.Loss) {
	reason := drop.Fault
	switch why {
	case socket.LossTooLong:
		reason = drop.Truncated
	case socket.LossMemory:
		reason = drop.Budget
	case socket.LossClosed:
		reason = drop.Closed
	case socket.LossCrash:
	}
	r.cfg.Counters.Drop(reason, uint64(n))
}

// Warnings tells, once, that there are more sessions than places.
func (r *Router) Warnings() []string {
	if r.yielded.Load() == 0 || r.told.Swap(true) {
		return nil
	}
	const text = "%v: more than %d sessions at once: those that have shown no FDT Instance give way to others"
	return []string{fmt.Sprintf(text, r.cfg.Group, r.cfg.MaxSessions)}
}

func (r *Router) drop(reason flute.DropReason) { r.cfg.Counters.Drop(reason, 1) }

func (r *Router) wants(source netip.Addr, tsi flute.TSI) bool {
	return allows(r.cfg.Sources, source) && allows(r.cfg.TSIs, tsi)
}

func allows[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// errNothing reports a datagram that is of no use without the packets before it: padding, or the end of a session.
var errNothing = drop.NewError(drop.NoSession,
	"routing: no session has this source and TSI, and the packet carries nothing")

// checkFirst reports why a datagram cannot be the first of a session: it must carry something for an object, or for the
// FDT.
func (r *Router) checkFirst(datagram []byte) error {
	var p alc.Packet
	var err error
	if r.isROUTE() {
		err = p.ParseROUTE(datagram)
	} else {
		p, err = alc.Parse(datagram)
	}
	if err != nil && !r.isROUTE() {
		if p, err = alc.ParseLayout(datagram, lct.RFC3451); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if !p.HasTOI || len(p.Body) == 0 {
		return errNothing
	}
	return nil
}

// isROUTE reports whether the datagrams are of ROUTE (RFC 9223), where TOI 0 needs no EXT_FDT.
func (r *Router) isROUTE() bool {
	return r.cfg.Reception != nil && r.cfg.Reception.Config != nil && r.cfg.Reception.Config.ROUTE
}

// lookup returns the place of a session, opened if it is wanted, or nil after counting why not.
func (r *Router) lookup(now time.Time, source netip.Addr, tsi flute.TSI, datagram []byte) *place {
	key := flute.SessionKey{Source: source, Group: r.cfg.Group, TSI: tsi}
	if r.cfg.As.IsValid() {
		key.Source = r.cfg.As
	}
	p := r.places[key]
	if p != nil && p.isOpen() && p.source == source {
		return p
	}
	if !r.wants(source, tsi) {
		r.drop(drop.ForeignTSI)
		return nil
	}
	if err := r.checkFirst(datagram); err != nil {
		r.drop(drop.Of(err))
		return nil
	}
	if !r.cfg.Shared.knows(key) && !r.starts.mayStart(now, source, r.cfg.Reception.Proofs()) {
		r.drop(drop.Budget)
		return nil
	}
	if p == nil && len(r.places) >= r.cfg.MaxSessions && !r.makeRoom(now, source) {
		r.drop(drop.Budget)
		return nil
	}
	inbox, isNew := r.cfg.Shared.inbox(key, func() *receiving.Inbox {
		return receiving.NewInbox(r.cfg.Reception, key)
	})
	feed := &receiving.Feed{Inbox: inbox, Index: r.cfg.Feed}
	p = &place{Flow: socket.NewFlow(feed), source: source, tsi: tsi, inbox: inbox}
	r.places[key] = p
	if isNew {
		r.starts.add(now, p, r.cfg.Reception.Proofs())
		r.cfg.Open(inbox)
	}
	return p
}
