package routing

import (
	"net/netip"
	"slices"
	"time"
)

// To begin a session and to end it costs a hundred times what a datagram of a known one costs. A flood of TSIs would
// spend all processors on that until the table is full, while the kernel drops the datagrams of others. So a source
// that has many unproven sessions begins others at a pace. Good senders prove each session with its first FDT Instance,
// and are not held up by it.
const (
	// startShare is the part of the places, one of startShare, that a source takes at once with unproven sessions; and
	// leastStarts how many these are at least.
	startShare  = 8
	leastStarts = 256
	// startPause is the least time between two others.
	startPause = 10 * time.Millisecond
	// All are looked at again when one of provenShare was proven since, or after reviewPause: those that are over lived
	// for seconds.
	provenShare = 8
	reviewPause = 100 * time.Millisecond
)

// starts are the unproven sessions of all sources.
type starts struct {
	free     int      // how many of a source are begun at once
	places   []*place // unproven when they were looked at last
	sources  map[netip.Addr]*sourceStarts
	reviewed time.Time // when that was
	proofs   uint64    // of the reception, then
}

// sourceStarts are those of one source.
type sourceStarts struct {
	count int
	last  time.Time // when the latest was begun
}

func newStarts(maxSessions int) starts {
	return starts{free: max(leastStarts, maxSessions/startShare), sources: map[netip.Addr]*sourceStarts{}}
}

// mayStart reports whether source may begin a session. proofs is how many sessions have proved themselves so far.
func (s *starts) mayStart(now time.Time, source netip.Addr, proofs uint64) bool {
	if of := s.sources[source]; of == nil || of.count < s.free {
		return true
	}
	s.review(now, proofs)
	of := s.sources[source]
	return of == nil || of.count < s.free || now.Sub(of.last) >= startPause
}

// add takes note of a session that was begun.
func (s *starts) add(now time.Time, p *place, proofs uint64) {
	if len(s.places) >= s.free { // else those that were proven long ago may stay
		s.review(now, proofs)
	}
	of := s.sources[p.source]
	if of == nil {
		of = &sourceStarts{}
		s.sources[p.source] = of
	}
	of.count, of.last = of.count+1, now
	s.places = append(s.places, p)
}

// review forgets sessions that are unproven no more.
func (s *starts) review(now time.Time, proofs uint64) {
	if proofs-s.proofs <= uint64(len(s.places)/provenShare) && now.Sub(s.reviewed) < reviewPause {
		return
	}
	s.reviewed, s.proofs = now, proofs
	s.places = slices.DeleteFunc(s.places, func(p *place) bool {
		over := p.inbox.IsProven() || p.inbox.IsYielding() || !p.isOpen()
		if of := s.sources[p.source]; over {
			if of.count--; of.count == 0 {
				delete(s.sources, p.source)
			}
		}
		return over
	})
}
