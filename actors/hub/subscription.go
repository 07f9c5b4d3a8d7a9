package hub

import "github.com/flute-node/flute-node/actors/notice"

// DefaultQueue is how many events a subscription holds for a subscriber that is busy.
const DefaultQueue = 1024

// Subscription is one subscriber's bounded queue of events. The channel may be read from any goroutine; the rest
// belongs to the hub.
type Subscription struct {
	events chan notice.Event
	filter func(notice.Event) bool
	missed uint64
	closed bool
}

// NewSubscription returns a queue of n events (0: DefaultQueue, at least 2) that takes what filter accepts, or
// everything when filter is nil. filter runs on the hub: it must be quick; if it panics, the event counts as missed.
func NewSubscription(n int, filter func(notice.Event) bool) *Subscription {
	if n == 0 {
		n = DefaultQueue
	}
	return &Subscription{events: make(chan notice.Event, max(n, 2)), filter: filter}
}

// Events returns the queue. It is closed when the subscription or the node ends.
func (s *Subscription) Events() <-chan notice.Event { return s.events }

// offer queues e, or counts it as missed.
func (s *Subscription) offer(e notice.Event) {
	if s.closed || !s.wants(e) {
		return
	}
	// Room for two: a Missed is only worth its place when the event behind it fits too.
	if s.missed > 0 && cap(s.events)-len(s.events) >= 2 {
		s.events <- notice.Missed{Count: s.missed}
		s.missed = 0
	}
	if s.missed > 0 {
		s.missed++
		return
	}
	select {
	case s.events <- e:
	default:
		s.missed++
	}
}

// miss counts an event that the hub has lost, and tells it at once if there is room.
func (s *Subscription) miss() {
	s.missed++
	select {
	case s.events <- notice.Missed{Count: s.missed}:
		s.missed = 0
	default:
	}
}

func (s *Subscription) wants(e notice.Event) (yes bool) {
	if s.filter == nil {
		return true
	}
	defer func() {
		if recover() != nil {
			s.missed++
			yes = false
		}
	}()
	return s.filter(e)
}

// Close ends the queue of a subscription that no hub has.
func (s *Subscription) Close() { s.close() }

// close ends the queue. A count of missed events that is left goes out if there is room.
func (s *Subscription) close() {
	if s.closed {
		return
	}
	s.closed = true
	if s.missed > 0 {
		select {
		case s.events <- notice.Missed{Count: s.missed}:
		default:
		}
	}
	close(s.events)
}
