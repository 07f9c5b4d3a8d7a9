package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// A session costs whoever begins it one datagram, with any TSI. What it has shown of itself decides how long it may be
// silent, and whether anybody is told of it: nothing yet; opened, when a packet of it was of use; proven, when an FDT
// Instance of it was valid.

// Opened reports whether SessionOpened was emitted.
func (l *Ledger) Opened() bool { return l.opened }

// Proven reports whether a valid FDT Instance of the session was received.
func (l *Ledger) Proven() bool { return l.proven }

// opening returns events with SessionOpened, if no event of the session was emitted before.
func (l *Ledger) opening(events []event.Event) []event.Event {
	if l.opened {
		return events
	}
	l.opened = true
	return append(events, event.SessionOpened{Session: l.key})
}

// silentAt returns when the session ends because it is silent. One whose objects are being repaired is not.
func (l *Ledger) silentAt() time.Time {
	return maxTime(l.last.Add(l.patience()), l.put.Add(repairGrace))
}

// patience returns how long the session may be silent before it ends. Objects that it holds undescribed have their own
// timeout.
func (l *Ledger) patience() time.Duration {
	switch {
	case l.proven:
		return l.sessionTimeout()
	case l.undescribed.whole.n > 0: // nothing but its description is missing, and that may come last
		return l.sessionTimeout()
	case l.undescribed.partial.n > 0:
		return min(l.sessionTimeout(), max(l.undescribedTimeout(), l.cfg.UnprovenTimeout))
	default:
		return min(l.sessionTimeout(), l.cfg.UnprovenTimeout)
	}
}
