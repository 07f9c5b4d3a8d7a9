package tracing

import (
	"time"

	"github.com/flute-node/flute-node/flute"
)

// spans are those that are open, by session and TOI. At most maxOpen are put in.
type spans struct {
	of    map[flute.SessionKey]map[flute.TOI]*span
	count int

	most  flute.SessionKey // that had most spans when it was looked for
	asked time.Time        // when that was
}

// searchPause is the least time between two searches for the session that has most spans: all are looked at.
const searchPause = 100 * time.Millisecond

// get returns the span of an object; nil: there is none.
func (s *spans) get(key object) *span { return s.of[key.session][key.toi] }

// add puts the span of an object in that has none.
func (s *spans) add(key object, one *span) {
	all := s.of[key.session]
	if all == nil {
		all = map[flute.TOI]*span{}
		s.of[key.session] = all
	}
	all[key.toi] = one
	s.count++
}

// remove takes the span of an object out that has one.
func (s *spans) remove(key object) {
	all := s.of[key.session]
	delete(all, key.toi)
	if s.count--; len(all) == 0 {
		delete(s.of, key.session)
	}
}

// crowded returns an object of the session that has most spans, if taker has fewer than that has without it.
func (s *spans) crowded(taker flute.SessionKey, now time.Time) (victim object, ok bool) {
	own := len(s.of[taker])
	if now.Sub(s.asked) >= searchPause {
		s.asked = now
		for session, all := range s.of {
			if len(all) > len(s.of[s.most]) {
				s.most = session
			}
		}
	}
	if len(s.of[s.most]) <= own+1 {
		return victim, false
	}
	for toi := range s.of[s.most] {
		return object{s.most, toi}, true
	}
	return victim, false
}
