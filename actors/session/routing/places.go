package routing

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/session/receiving"
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
	// crowdPause is how long a source begins no session, while the table is full, that had more than its share of
	// unproven ones there: each costs a tenth of a millisecond.
	crowdPause = time.Second
	// surveyPause is how long nobody has all sessions looked at again where that has made no place free: those that
	// gave way are not over yet.
	surveyPause = 2 * time.Millisecond
	// A proven session gives way only when it was silent for yieldSilence, though senders repeat their FDT more often,
	// or has sent less than yieldDatagrams yet.
	yieldSilence   = 10 * time.Second
	yieldDatagrams = 16
)

// prune removes the places of sessions that are over, and reports whether there were any.
func (r *Router) prune() bool {
	before := len(r.places)
	for key, p := range r.places {
		if !p.isOpen() {
			delete(r.places, key)
		}
	}
	return len(r.places) < before
}

// makeRoom forgets sessions that are over, or else has others give way to one of source. It reports whether there is
// room.
func (r *Router) makeRoom(now time.Time, source netip.Addr) bool {
	if _, ok := r.crowding[source]; ok && now.Sub(r.surveyed) < crowdPause {
		return false // without a look at all sessions for each of its datagrams
	}
	if r.full && now.Sub(r.surveyed) < surveyPause {
		return false
	}
	if r.prune() {
		return true
	}
	r.surveyed, r.recent = now, [recentPlaces]*place{}
	r.yielding = slices.DeleteFunc(r.yielding, (*receiving.Inbox).Gone)
	most := max(1, r.cfg.MaxSessions/yieldShare)
	before := len(r.places)
	for _, p := range r.leastClaims(now, most-len(r.yielding)) {
		if p.inbox.Yield(p.proven) {
			r.yielding = append(r.yielding, p.inbox)
			delete(r.places, p.inbox.Key)
			r.yielded.Add(1)
		}
	}
	r.full = len(r.places) == before
	return len(r.places) < before
}

// leastClaims returns up to n places whose sessions may give way: unproven ones of sources that have more than their
// share of those, then other unproven ones, then proven ones of sources that have more than their share, if those have
// taken the places in which others prove themselves.
func (r *Router) leastClaims(now time.Time, n int) (chosen []*place) {
	held := [2]map[netip.Addr]int{{}, {}} // unproven sessions, all sessions
	var list [2][]*place                  // unproven ones, proven ones that may give way
	proven := 0
	for _, p := range r.places {
		p.proven, p.chosen = p.inbox.IsProven(), false
		held[1][p.source]++
		if p.proven {
			proven++
		} else {
			held[0][p.source]++
		}
		switch {
		case p.IsGathering(): // there are datagrams for it that it was not handed yet
		case !p.proven:
			list[0] = append(list[0], p)
		case p.datagrams < yieldDatagrams || now.Sub(p.latest) >= yieldSilence:
			list[1] = append(list[1], p)
		}
	}
	choose := func(n, class, share int) {
		for _, p := range list[class] {
			if len(chosen) < n && !p.chosen && held[class][p.source] > share {
				p.chosen = true
				held[class][p.source]--
				chosen = append(chosen, p)
			}
		}
	}
	share := max(1, r.cfg.MaxSessions/sourceShare)
	clear(r.crowding)
	for source, n := range held[0] {
		if n > share {
			r.crowding[source] = struct{}{}
		}
	}
	slices.SortFunc(list[0], compareClaims)
	choose(n, 0, share)
	choose(n, 0, 0)
	if excess := proven - (r.cfg.MaxSessions - r.cfg.MaxSessions/yieldShare); excess > len(chosen) {
		slices.SortFunc(list[1], compareClaims)
		choose(min(n, excess), 1, share)
	}
	return chosen
}

// compareClaims orders by how much a session has sent, in powers of two, then by how long it has been silent. Whoever
// floods the table has to send as much in each session as a good sender does.
func compareClaims(a, b *place) int {
	return cmp.Or(cmp.Compare(bits.Len64(a.datagrams), bits.Len64(b.datagrams)), a.latest.Compare(b.latest))
}
