package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// An FDT Instance may have an earlier ID than the one that describes the newest version of a file, and give the file
// another TOI. In one run it is an older version (RFC 6726, section 3.4.1). If it may be of another run, either the
// sender was started again and numbers its FDT Instances from the start, or somebody sends again what the sender has
// sent before. As with a rival, that is decided by whether the sender before is heard: until then the file waits.

// earlier is the doubt about an object that such an FDT Instance describes.
type earlier struct {
	since time.Time // when it was described
	run   run       // of the version that it would replace
	than  flute.TOI // of that version
}

// isEarlier reports whether the FDT Instance that describes e comes before the one that describes old.
func (e *entry) isEarlier(old *entry) bool {
	return old.instance.NewerThan(e.instance) && (old.instance-e.instance)&flute.MaxInstanceID <= maxKnownInstances
}

// awaitsSender decides about e, which is whole. It reports whether e cannot be published now: nobody knows yet which
// version is the newer one, or e has failed.
func (o *Object) awaitsSender(now time.Time) bool {
	l, e := o.l, o.e
	doubt := e.earlier
	if doubt == nil {
		return false
	}
	before := l.lineOf(doubt.run)
	switch {
	case before != nil && before.run == doubt.run && before.last.After(doubt.since):
		l.restoreVersion(e)
		o.fail(event.FailSuperseded, "an earlier FDT Instance describes it, and the sender of the later one goes on")
		return true
	case due(doubt.since.Add(l.rivalTime()), now):
		e.earlier = nil
		return false
	}
	e.phase = receiving
	o.wait()
	return true
}

// restoreVersion makes the version that e would have replaced the newest again.
func (l *Ledger) restoreVersion(e *entry) {
	old := l.entries[e.earlier.than]
	if old == nil || old.location() != e.location() || l.locations[e.location()] != e.toi {
		return
	}
	l.locations[e.location()] = old.toi
	old.newer, old.outdated = flute.TOI{}, noTime
}

// isUndecided reports whether e is whole, and waits until it is known which version is the newer one.
func (e *entry) isUndecided() bool {
	return (e.earlier != nil || e.isClaimed()) && e.phase == receiving && e.held != nil && e.held.IsWhole()
}
