package routing

import (
	"sync"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
)

// Shared is the sessions of a reception whose datagrams come on several feeds, each with a Router of its own: all of
// them find the same Inbox. It is safe for concurrent use.
type Shared struct {
	mu      sync.Mutex
	inboxes map[flute.SessionKey]*receiving.Inbox
	pruned  int // how many were left when those that are over were forgotten
}

// NewShared returns a Shared without sessions.
func NewShared() *Shared { return &Shared{inboxes: map[flute.SessionKey]*receiving.Inbox{}} }

// knows reports whether the session of key was begun by a datagram on another feed, and goes on.
func (s *Shared) knows(key flute.SessionKey) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return isOpen(s.inboxes[key])
}

// isOpen reports whether in is there and takes datagrams.
func isOpen(in *receiving.Inbox) bool { return in != nil && !in.Closed() && !in.IsYielding() }

// inbox returns the Inbox of key: the one that is open, or else a new one. A nil Shared has none.
func (s *Shared) inbox(key flute.SessionKey, open func() *receiving.Inbox) (in *receiving.Inbox, isNew bool) {
	if s == nil {
		return open(), true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in = s.inboxes[key]; isOpen(in) {
		return in, false
	}
	if len(s.inboxes) > 2*s.pruned+recentPlaces { // few of those that are over are kept
		for key, in := range s.inboxes {
			if in.Closed() {
				delete(s.inboxes, key)
			}
		}
		s.pruned = len(s.inboxes)
	}
	in = open()
	s.inboxes[key] = in
	return in, true
}
