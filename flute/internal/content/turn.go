package content

import (
	"errors"
	"sync/atomic"
)

// Publications run at the same time and in any order, but of the versions of one file, the newest shall be the one that
// stays. So publications under one Content-Location take turns. A version that is verified before an older one has
// begun to be published takes its place; if that has begun, it waits for the end. No Publication waits on its
// goroutine: its Run ends with ErrTurn, and whoever started it starts another when the turn has come.

var (
	// ErrTurn says that an older version is being published.
	ErrTurn = errors.New("receiver: an older version is being published")
	// ErrNewer says that a newer version has the Content-Location.
	ErrNewer = errors.New("receiver: a newer version has its Content-Location")
)

// Turn is the place of a Publication among those under one Content-Location. The zero value is that of the only one. It
// is safe for concurrent use, but for Follow.
type Turn struct {
	older []*Turn // that are on their way to publish under the same Content-Location
	state atomic.Uint32
}

// The states of a Turn.
const (
	turnAhead uint32 = iota // publication has not begun
	turnTaken               // it is under way
	turnOver                // it has ended
	turnLost                // it will not take place
)

// Follow puts t behind older ones, before it is run. Follow(nil) forgets them.
func (t *Turn) Follow(older []*Turn) { t.older = older }

// GiveUp keeps the publication from taking place. false: it has begun, or was given up before.
func (t *Turn) GiveUp() bool { return t.state.CompareAndSwap(turnAhead, turnLost) }

// End tells that the publication is over, however it went.
func (t *Turn) End() { t.state.Store(turnOver) }

// IsTaken reports whether the publication is under way.
func (t *Turn) IsTaken() bool { return t.state.Load() == turnTaken }

// IsOver reports whether the publication has ended, or will not take place.
func (t *Turn) IsOver() bool { return t.state.Load() >= turnOver }

// take begins the publication. ErrNewer: it must not take place; ErrTurn: not now.
func (t *Turn) take() error {
	for _, older := range t.older {
		if !older.GiveUp() && older.IsTaken() {
			return ErrTurn
		}
	}
	if !t.state.CompareAndSwap(turnAhead, turnTaken) {
		return ErrNewer
	}
	return nil
}
