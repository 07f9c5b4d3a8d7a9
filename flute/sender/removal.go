package sender

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// When is when an object ends that is removed or replaced.
type When uint8

// AtOnce is with the next packet. AfterTransfer is after the running transfer, whose last packet has the B flag; an
// object that is not in transfer, or is paused, ends at once.
const (
	AtOnce When = iota
	AfterTransfer
)

// Remove ends the object with this TOI, and reports whether packets of it were still to come. FDT Instances cease to
// describe it within Config.FDTCollect; that of the last file stays, since none may be empty. An object that is sent
// for ever ends as completed if it was sent once, and so does one whose running transfer comes to its end; others end
// as failed, cancelled. An object that was sent as often as asked ceases to be described.
func (s *Session) Remove(toi flute.TOI, when When) bool {
	o := s.names.objects[toi]
	switch {
	case o == nil || o.state == gone:
		return false
	case o.state == finished:
		s.bury(o)
		return false
	case when == AfterTransfer && o.state == active && !o.paused:
		o.stop()
		o.leaving = true
		return true
	}
	s.give(o, event.FailCancelled, "")
	if o.state == finished {
		s.bury(o)
	}
	return true
}

// bury has a finished object no longer described.
func (s *Session) bury(o *object) {
	s.names.vacate(o)
	s.plan.bury(o)
	s.alarm = time.Time{}
}
