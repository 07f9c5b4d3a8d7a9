package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
)

// A file may come whole before any FDT Instance does. If its sender was started again meanwhile, with the same numbers,
// the FDT Instance is that of the next program, which may have another version of the file. A digest tells them apart.
// Without one the file waits: a program that was started again sends its own version.

// claim gives e, which nothing has described so far, to the run whose FDT Instance describes it now. What came before
// that run may be of another file. It is used if a digest will tell, or if nothing needs to be added to it and the run
// sends nothing else under that TOI.
func (s *Session) claim(e *entry, file *fdt.File, to run) {
	switch ln := s.l.lineOf(to); {
	case hasDigest(file) && ln != nil:
		s.l.apart[e.toi].rename(ln.isDoubt, to)
	case !hasDigest(file) && e.phase <= receiving && (!e.mayBeWhole(file) || s.l.apart[e.toi].has(to)):
		s.l.drop(e, true)
		e.phase = announced
	case !hasDigest(file) && e.phase <= receiving:
		e.claimed = s.l.now
	}
	s.l.give(e, to)
}

// mayBeWhole reports whether nothing needs to be added to what came of e, which file describes.
func (e *entry) mayBeWhole(file *fdt.File) bool {
	if e.held != nil {
		return e.held.IsWhole()
	}
	return e.pending.whole() || file.HasOTI && file.OTI.TransferLength > 0 && e.pending.suffices(&file.OTI)
}

// isClaimed reports whether e may be the file of an earlier program: an FDT Instance of another run describes it, and
// nothing of it has come since.
func (e *entry) isClaimed() bool {
	return !e.claimed.IsZero() && e.phase <= receiving && !hasDigest(e.file)
}

// disclaim receives e anew if it is claimed: a packet of it has come from the run whose FDT Instance describes it.
func (s *Session) disclaim(e *entry) {
	if e.isClaimed() {
		s.l.drop(e, true)
		e.phase = announced
	}
	e.claimed = noTime
}

// awaitsRun reports whether e, which is whole, cannot be published yet: perhaps the run that describes it sends another
// version. It waits for that as long as it takes to believe a rival.
func (o *Object) awaitsRun(now time.Time) bool {
	e := o.e
	if !e.isClaimed() {
		return false
	}
	at := o.l.claimedUntil(e)
	if due(at, now) {
		e.claimed = noTime
		return false
	}
	e.phase = receiving
	o.l.schedule(at)
	return true
}

// claimedUntil returns until when e, which is claimed, waits.
func (l *Ledger) claimedUntil(e *entry) time.Time { return e.claimed.Add(l.rivalTime()) }

// sweepClaimed has e published, which is claimed and whole, once it has waited long enough.
func (s *Session) sweepClaimed(now time.Time, e *entry) {
	if at := s.l.claimedUntil(e); due(at, now) {
		s.l.effects.Described = append(s.l.effects.Described, e.toi)
	} else {
		s.l.schedule(at)
	}
}
