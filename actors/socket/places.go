package socket

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// A session costs whoever begins it one datagram, with any TSI, and this node a place in a table of bounded size. When
// the table is full, those sessions give way that have the least claim to their place.
const (
	// sourceShare is the part of the places, one of sourceShare, that a source may hold while others need them.
	sourceShare = 4
	// yieldShare is the part of the places, one of yieldShare, that is made free at once: to look at all sessions for
	// each new one would cost more than the session. It also bounds the sessions that have given way and are not over
	// yet, and it is what a source with more than its share cannot take with proven sessions: others need it to prove
	// themselves.
	yieldShare = 8
	// crowdPause is how long a source begins no session, while the table is full, that had more than its share of unproven
	// ones there: each costs a tenth of a millisecond.
	crowdPause = time.Second
	// A proven session gives way only when it was silent for yieldSilence, though senders repeat their FDT more often, or
	// has sent less than yieldDatagrams yet.
	yieldSilence   = 10 * time.Second
	yieldDatagrams = 16
)

// errNothing reports a datagram that is of no use without the packets before it.
var errNothing = flute.NewPacketError(flute.DropForeignTSI,
	"socket: no session has this source and TSI, and the packet carries nothing")

// checkFirst reports why a datagram cannot be the first of a session: it must carry something for an object, or for the
// FDT.
func checkFirst(datagram []byte) error {
	p, err := alc.Parse(datagram)
	if err != nil {
		if p, err = alc.ParseLayout(datagram, lct.RFC3451); err != nil {
			return err
		}
	}
	if !p.HasTOI || len(p.Body) == 0 {
		return errNothing
	}
	return nil
}

// lookup returns the route of key, opened if it is wanted, or nil after counting why not.
func (r *reader) lookup(key flute.SessionKey, datagram []byte) *route {
	rt := r.table[key]
	if rt != nil && (rt.batch != nil || !rt.feed.Inbox.Closed()) {
		return rt
	}
	if !r.filter.takes(key.Source, key.TSI) {
		r.counters.drop(flute.DropForeignTSI)
		return nil
	}
	if err := checkFirst(datagram); err != nil {
		r.counters.drop(flute.Reason(err))
		return nil
	}
	if rt == nil && len(r.table) >= r.max && !r.makeRoom(key.Source) {
		r.counters.drop(flute.DropBudget)
		return nil
	}
	rt = &route{source: key.Source, feed: receiving.Feed{Inbox: receiving.NewInbox(r.reception, key, r.limits)}}
	r.table[key] = rt
	r.open(rt.feed.Inbox)
	return rt
}

// prune removes the routes of sessions that are over, and reports whether there were any.
func (r *reader) prune() bool {
	before := len(r.table)
	for key, rt := range r.table {
		if rt.feed.Inbox.Closed() && rt.batch == nil {
			delete(r.table, key)
		}
	}
	return len(r.table) < before
}

// makeRoom forgets sessions that are over, or else has others give way to one of source. It reports whether there is
// room.
func (r *reader) makeRoom(source netip.Addr) bool {
	if _, ok := r.crowding[source]; ok && r.now.Sub(r.surveyed) < crowdPause {
		return false // without a look at all sessions for each of its datagrams
	}
	if r.prune() {
		return true
	}
	r.surveyed = r.now
	r.yielding = slices.DeleteFunc(r.yielding, (*receiving.Inbox).Gone)
	n := max(1, r.max/yieldShare) - len(r.yielding)
	before := len(r.table)
	for _, rt := range r.leastClaims(n) {
		if rt.feed.Inbox.Yield(rt.proven) {
			r.yielding = append(r.yielding, rt.feed.Inbox)
			delete(r.table, rt.feed.Inbox.Key)
			r.counters.yielded.Add(1)
		}
	}
	return len(r.table) < before
}

// leastClaims returns up to n routes whose sessions may give way: unproven ones of sources that have more than their
// share of those, then other unproven ones, then proven ones of sources that have more than their share, if those have
// taken the places in which others prove themselves.
func (r *reader) leastClaims(n int) (chosen []*route) {
	held := [2]map[netip.Addr]int{{}, {}} // unproven sessions, all sessions
	var list [2][]*route                  // unproven ones, proven ones that may give way
	proven := 0
	for _, rt := range r.table {
		rt.proven, rt.chosen = rt.feed.Inbox.IsProven(), false
		held[1][rt.source]++
		if rt.proven {
			proven++
		} else {
			held[0][rt.source]++
		}
		switch {
		case rt.batch != nil: // it has datagrams in the read in hand
		case !rt.proven:
			list[0] = append(list[0], rt)
		case rt.datagrams < yieldDatagrams || r.now.Sub(rt.latest) >= yieldSilence:
			list[1] = append(list[1], rt)
		}
	}
	choose := func(n, class, share int) {
		for _, rt := range list[class] {
			if len(chosen) < n && !rt.chosen && held[class][rt.source] > share {
				rt.chosen = true
				held[class][rt.source]--
				chosen = append(chosen, rt)
			}
		}
	}
	share := max(1, r.max/sourceShare)
	clear(r.crowding)
	for source, n := range held[0] {
		if n > share {
			r.crowding[source] = struct{}{}
		}
	}
	slices.SortFunc(list[0], compareClaims)
	choose(n, 0, share)
	choose(n, 0, 0)
	if excess := proven - (r.max - r.max/yieldShare); excess > len(chosen) {
		slices.SortFunc(list[1], compareClaims)
		choose(min(n, excess), 1, share)
	}
	return chosen
}

// compareClaims orders by how much a session has sent, in powers of two, then by how long it has been silent. Whoever
// floods the table has to send as much in each session as a good sender does.
func compareClaims(a, b *route) int {
	return cmp.Or(cmp.Compare(bits.Len64(a.datagrams), bits.Len64(b.datagrams)), a.latest.Compare(b.latest))
}
