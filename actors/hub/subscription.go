package hub

import (
	"sync"

	"github.com/flute-node/flute-node/actors/notice"
)

// DefaultQueue is how many events a subscription holds for a subscriber that is busy.
const DefaultQueue = 1024

// Subscription is one subscriber's bounded queue of events. It is safe for concurrent use.
type Subscription struct {
	events chan notice.Event
	filter func(notice.Event) bool
	done   chan struct{} // closed when no event will come

	mu     sync.Mutex // held by whoever writes to events
	missed uint64
	closed bool
}

// NewSubscription returns a queue of n events (0: DefaultQueue, at least 2) that takes what filter accepts, or
// everything when filter is nil. filter runs on the hub: it must be quick; if it panics, the event counts as missed.
func NewSubscription(n int, filter func(notice.Event) bool) *Subscription {
	if n == 0 {
		n = DefaultQueue
	}
	return &Subscription{events: make(chan notice.Event, max(n, 2)), filter: filter, done: make(chan struct{})}
}

// Events returns the queue. It is closed when the subscription or the node ends.
func (s *Subscription) Events() <-chan notice.Event { return s.events }

// Done is closed when the subscription or the node ends. Events may wait in the queue then.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// offer queues e, or counts it as missed.
func (s *Subscription) offer(e notice.Event) {
	wanted, ok := s.wants(e)
	if !wanted {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	// Room for two: a Missed is only worth its place when the event behind it fits too.
	if s.missed > 0 && cap(s.events)-len(s.events) >= 2 {
		s.events <- notice.Missed{Count: s.missed}
		s.missed = 0
	}
	if s.missed > 0 || !ok {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.missed++
	select {
	case s.events <- notice.Missed{Count: s.missed}:
		s.missed = 0
	default:
	}
}

// wants asks the filter. ok is false when that panics: then it is not known whether the event was wanted.
func (s *Subscription) wants(e notice.Event) (wanted, ok bool) {
	if s.filter == nil {
		return true, true
	}
	defer func() {
		if recover() != nil {
			wanted, ok = true, false
		}
	}()
	return s.filter(e), true
}

// close ends the queue. A count of missed events that is left goes out if there is room.
func (s *Subscription) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	close(s.done)
}
