package sender

import (
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// Update puts o in the place of the object with the same Content-Location, which ends, and returns the TOI of o: it is
// another one, and comes first among those that wait. It is Add if there is no such object; that of the same version of
// a Source stays. The errors are those of Add; after one nothing has changed. With AfterTransfer o is described once
// the running transfer of the other one has ended, since receivers drop an object when they learn that there is a newer
// one.
func (s *Session) Update(o *Object, when When) (flute.TOI, error) {
	old := s.names.locations[o.file.ContentLocation]
	if old == nil || !old.live() {
		return s.Add(o)
	}
	if err := s.take(o); err != nil {
		return flute.TOI{}, s.Refuse(o, err)
	}
	if o.version == old.version && o.version != (Version{}) && old.predecessor == nil && !old.leaving {
		s.closeOwned(o) // it is the same, read once more
		return old.toi, nil
	}
	if s.plan.complete && !s.closed {
		return flute.TOI{}, s.Refuse(o, ErrComplete)
	}
	n, err := s.admit(o, old)
	if err != nil {
		return flute.TOI{}, s.Refuse(o, err)
	}
	s.succeed(old, n, when)
	return n.toi, nil
}

// succeed has n take the place of old.
func (s *Session) succeed(old, n *object, when When) {
	if before := old.predecessor; before != nil { // old was never described: n takes its place in the line
		s.withdraw(old, event.FailSuperseded, "it was replaced before it was described")
		s.names.locations[n.location] = n
		old = before
	} else if when == AtOnce || old.state != active || old.paused {
		if n.held = old.held; n.held {
			s.held = append(s.held, n)
		}
		s.enlist(n, true)
		s.supersede(old)
		return
	}
	old.stop()
	old.leaving = true
	old.successor, n.predecessor, n.state = n, old, deferred
}

// withdraw ends an object that waits for the end of its predecessor: nobody has heard of it.
func (s *Session) withdraw(o *object, reason event.FailReason, detail string) {
	before := o.predecessor
	before.successor, o.predecessor = nil, nil
	s.stats.counts.Added++
	s.stats.failed(o, reason, detail)
	o.state = gone
	s.letGo(o)
	s.names.locations[o.location] = before
	s.names.forget(o)
}

// replace has the successor of o, which has ended, take its place.
func (s *Session) replace(o *object) {
	n := o.successor
	if n == nil {
		return
	}
	o.successor, n.predecessor = nil, nil
	s.enlist(n, true)
}
