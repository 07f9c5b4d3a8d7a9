package receiving

import (
	"sync"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/drop"
)

// losses counts datagrams that never reached the core. Anybody adds; the session absorbs, until it is over.
type losses struct {
	mu      sync.Mutex
	dropped [defaults.MaxFeeds][drop.NumReasons]int
	sealed  bool
	missed  int // after the seal
}

// count counts n datagrams of a feed.
func (l *losses) count(feed uint8, n int, why actors.Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sealed {
		l.missed += n
		return
	}
	switch why {
	case actors.LossFull:
		l.dropped[feed][drop.Mailbox] += n
	case actors.LossClosed:
		l.dropped[feed][drop.Closed] += n
	case actors.LossCrash:
		l.dropped[feed][drop.Fault] += n
	}
}

// absorb moves the counts to the core; the last time, seal says that it is.
func (l *losses) absorb(to *receiver.Ledger, seal bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for feed := range l.dropped {
		for r, n := range l.dropped[feed] {
			if n > 0 {
				to.Drop(uint8(feed), flute.DropReason(r), n)
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
