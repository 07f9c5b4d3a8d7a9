package receiving

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/drop"
)

// losses counts datagrams that never reached the core. Anybody adds; the session absorbs, until it is over.
type losses struct {
	news    atomic.Bool // something was counted since the session absorbed it
	mu      sync.Mutex
	dropped [defaults.MaxFeeds][lossReasons]int
	sealed  bool
	missed  int // after the seal
}

// The reasons under which losses are counted.
const (
	lossMailbox = iota
	lossClosed
	lossFault
	lossReasons
)

var reasonOf = [lossReasons]flute.DropReason{
	lossMailbox: drop.Mailbox, lossClosed: drop.Closed, lossFault: drop.Fault,
}

// count counts n datagrams of a feed.
func (l *losses) count(feed uint8, n int, why actors.Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sealed {
		l.missed += n
		return
	}
	l.news.Store(true)
	switch why {
	case actors.LossFull:
		l.dropped[feed][lossMailbox] += n
	case actors.LossClosed:
		l.dropped[feed][lossClosed] += n
	case actors.LossCrash:
		l.dropped[feed][lossFault] += n
	}
}

// absorb moves the counts to the core; the last time, seal says that it is.
func (l *losses) absorb(to *receiver.Ledger, seal bool) {
	if !l.news.Swap(false) && !seal {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for feed := range l.dropped {
		for r, n := range l.dropped[feed] {
			if n > 0 {
				to.Drop(uint8(feed), reasonOf[r], n)
				l.dropped[feed][r] = 0
			}
		}
	}
	l.sealed = l.sealed || seal
}

// late returns what was counted after the seal, once.
func (l *losses) late() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.missed
	l.missed = 0
	return n
}
