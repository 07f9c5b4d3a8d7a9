package receiving

import (
	"sync"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/drop"
)

// losses counts datagrams that never reached the core. Anybody adds; the session absorbs, until it is over.
type losses struct {
	mu      sync.Mutex
	dropped [drop.NumReasons]int
	sealed  bool
	missed  int // after the seal
}

func (l *losses) count(n int, why actors.Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sealed {
		l.missed += n
		return
	}
	switch why {
	case actors.LossFull:
		l.dropped[drop.Mailbox] += n
	case actors.LossClosed:
		l.dropped[drop.Closed] += n
	case actors.LossCrash:
		l.dropped[drop.Fault] += n
	}
}

// absorb moves the counts to the core; the last time, seal says that it is.
func (l *losses) absorb(to *receiver.Ledger, seal bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r, n := range l.dropped {
		if n > 0 {
			to.Drop(flute.DropReason(r), n)
			l.dropped[r] = 0
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
