package hub

import (
	"slices"
	"sync"
)

// Subscribers are the subscriptions of a hub. They live longer than it: the node makes them once, and closes them when
// the hub is gone. The zero value is ready to use. They are safe for concurrent use.
type Subscribers struct {
	mu     sync.Mutex
	list   []*Subscription // replaced, not changed
	closed bool
}

// Add has the hub offer to s what it handles from now on, also what was published before. After Close it closes s.
func (l *Subscribers) Add(s *Subscription) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.list = append(slices.Clip(l.list), s)
	}
	l.mu.Unlock()
	if closed {
		s.close()
	}
}

// Close closes all subscriptions, and those to come.
func (l *Subscribers) Close() {
	l.mu.Lock()
	list := l.list
	l.list, l.closed = nil, true
	l.mu.Unlock()
	for _, s := range list {
		s.close()
	}
}

// all returns the subscriptions, not to be changed.
func (l *Subscribers) all() []*Subscription {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

// remove closes s.
func (l *Subscribers) remove(s *Subscription) {
	l.mu.Lock()
	l.list = slices.DeleteFunc(slices.Clone(l.list), func(o *Subscription) bool { return o == s })
	l.mu.Unlock()
	s.close()
}
