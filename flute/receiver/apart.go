package receiver

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

// Packets of a known object that come after a seam are held apart: they may be of another file, which has the object's
// TOI now. Once an FDT Instance has told whose they are, they are taken as if they came then, or forgotten.

const (
	// apartPatience is how long an object with a digest waits for that FDT Instance: if what it then takes is of
	// another file, the digest will tell.
	apartPatience = 5 * time.Second
	// maxApartRuns bounds the runs of which packets are held for one TOI. Beyond it the oldest is forgotten that nobody
	// sends any more, as far as is known.
	maxApartRuns = maxDoubts
)

// apart is the packets of one TOI that are held apart, by run.
type apart struct {
	runs []apartRun // oldest first
}

type apartRun struct {
	run     run
	packets pending
}

// rename gives the packets of runs that were recognised their new name.
func (h *apart) rename(same func(run) bool, known run) {
	if h == nil {
		return
	}
	for i := range h.runs {
		if same(h.runs[i].run) {
			h.runs[i].run = known
		}
	}
}

// has reports whether packets of r are held.
func (h *apart) has(r run) bool {
	return h != nil && slices.ContainsFunc(h.runs, func(a apartRun) bool { return a.run == r && a.packets.bytes != 0 })
}

// bytes returns what is charged for h.
func (h *apart) bytes() (n uint64) {
	for i := range h.runs {
		n += h.runs[i].packets.bytes
	}
	return n
}

// dropEmpty forgets runs of which nothing is held.
func (h *apart) dropEmpty() {
	h.runs = slices.DeleteFunc(h.runs, func(r apartRun) bool { return r.packets.bytes == 0 })
}

// setApart keeps p of the known object e, which came on ln, apart. It reports true if the packet is for the object
// after all: there is no room for it, and what is mixed here can be told later.
func (s *Session) setApart(now time.Time, ln *line, e *entry, p *alc.Packet) (object bool, err error) {
	if len(p.Body) == 0 {
		return false, nil
	}
	l := s.l
	h := l.apart[e.toi]
	if h == nil {
		if l.apart == nil {
			l.apart = map[flute.TOI]*apart{}
		}
		h = &apart{}
		l.apart[e.toi] = h
	}
	at := slices.IndexFunc(h.runs, func(r apartRun) bool { return r.run == ln.run })
	if at < 0 {
		if len(h.runs) == maxApartRuns {
			gone := max(0, slices.IndexFunc(h.runs, func(r apartRun) bool { return l.lineOf(r.run) == nil }))
			l.undescribed.budget.Release(h.runs[gone].packets.bytes)
			h.runs = slices.Delete(h.runs, gone, gone+1)
		}
		h.runs = append(h.runs, apartRun{run: ln.run})
		at = len(h.runs) - 1
	}
	kept := &h.runs[at].packets
	if kept.has(p) {
		return false, errDuplicate
	}
	if l.apartSince.IsZero() {
		l.apartSince = now
		l.schedule(now.Add(apartPatience))
	}
	cost := keptCost(p)
	switch {
	case h.bytes()+cost <= l.undescribed.budget.Limit()/pendingShare && l.reserveApart(e, cost):
		kept.add(p)
		return false, nil
	case e.isIdle() || e.contested || l.rival.in != nil || s.foreign(ln, e):
		h.dropEmpty()
		if len(h.runs) == 0 {
			delete(l.apart, e.toi)
		}
		return false, errBudget
	}
	s.trust(ln, e)
	return true, nil
}

// reserveApart reserves n bytes for packets of e that are held apart. Undescribed objects give way to a described one.
func (l *Ledger) reserveApart(e *entry, n uint64) bool {
	if e.file == nil {
		return l.undescribed.budget.TryReserve(n)
	}
	return l.reserveUndescribed(e, n)
}

// reclaim gives e back to the run that comes on ln now, if the FDT Instance that describes e is of that run: the object
// was given to another one when nobody could tell whose it is.
func (s *Session) reclaim(ln *line, e *entry) {
	if e == nil || e.run == ln.run || e.file == nil || e.contested || !ln.told {
		return
	}
	if in := s.l.instances[e.instance]; in != nil && in.read && in.run == ln.run && in.serial == e.by {
		s.trust(ln, e)
	}
}

// foreign reports whether packets on ln cannot be of the sender of e as long as that one is heard from another port.
func (s *Session) foreign(ln *line, e *entry) bool {
	other := s.l.lineOf(e.run)
	return other != nil && other != ln
}

// rejoin takes the packets that are held for e and of its run. Those of a sender that nothing has told yet stay, unless
// e has ended; the others are forgotten.
func (s *Session) rejoin(e *entry) {
	l := s.l
	h := l.apart[e.toi]
	if h == nil {
		return
	}
	h.runs = slices.DeleteFunc(h.runs, func(r apartRun) bool {
		switch {
		case e.ended():
		case r.run == e.run:
			e.pending.join(&r.packets)
			return true
		case l.isDoubtful(r.run):
			return false
		}
		l.undescribed.budget.Release(r.packets.bytes)
		return true
	})
	if len(h.runs) == 0 {
		delete(l.apart, e.toi)
	}
	switch {
	case e.pending.bytes == 0:
	case e.file != nil:
		l.effects.Described = append(l.effects.Described, e.toi)
	case e.pending.whole():
		l.undescribed.complete(e)
	}
}

// isRepeated reports whether k, which is of one run, has the whole of the described object e.
func (e *entry) isRepeated(k *pending) bool {
	switch {
	case e.file == nil:
		return false
	case e.held != nil:
		return e.phase == receiving && k.isAll(&e.held.OTI)
	}
	return e.isUntouched() && e.file.HasOTI && k.isAll(&e.file.OTI)
}

// forgetAllButLast forgets what h holds of other runs than the last one.
func (l *Ledger) forgetAllButLast(h *apart) {
	others := h.runs[:len(h.runs)-1]
	for i := range others {
		l.undescribed.budget.Release(others[i].packets.bytes)
	}
	h.runs = slices.Delete(h.runs, 0, len(others))
}

// forgetApart forgets all packets that are held apart.
func (l *Ledger) forgetApart() {
	for _, h := range l.apart {
		l.undescribed.budget.Release(h.bytes())
	}
	clear(l.apart)
	l.apartSince = noTime
}

// sweepApart does what time brings to packets that are held.
func (s *Session) sweepApart(now time.Time) {
	l := s.l
	switch {
	case l.apartSince.IsZero():
	case len(l.apart) == 0:
		l.apartSince = noTime
	case !due(l.apartSince.Add(apartPatience), now):
		l.schedule(l.apartSince.Add(apartPatience))
	default:
		s.endPatience()
		l.apartSince = now
		l.schedule(now.Add(apartPatience))
	}
}

// endPatience gives what is held to objects with a digest, to those that have nothing else, and in place of what they
// have to those that were sent once more as a whole. It forgets what nobody waits for, and reports whether an object
// got any.
func (s *Session) endPatience() (any bool) {
	l := s.l
	for toi, h := range l.apart {
		e := l.entries[toi]
		last := h.runs[len(h.runs)-1]
		ln := l.lineOf(last.run)
		switch {
		case e == nil || ln == nil && l.rival.in == nil:
			l.undescribed.budget.Release(h.bytes())
			delete(l.apart, toi)
		case ln == nil || l.rival.in != nil || e.contested || s.foreign(ln, e):
		case e.ended(): // nothing is missing
			l.undescribed.budget.Release(h.bytes())
			delete(l.apart, toi)
		case hasDigest(e.file):
			s.trust(ln, e)
			any = true
		case e.isRepeated(&last.packets):
			// It was sent once more as a whole: what came before is not needed, and nothing can be mixed. That it is
			// the same file the FDT Instance says, as long as it is valid (RFC 6726, section 3.3: a later one MUST NOT
			// change what was said of a TOI).
			if e.held != nil {
				l.drop(e, true)
				e.phase = announced
			}
			l.forgetAllButLast(h)
			s.trust(ln, e)
			e.mixed, any = false, true
		case e.isUntouched(): // nothing can be mixed, if all that is held is of one run
			several := len(h.runs) > 1
			s.trust(ln, e)
			e.mixed, any = several, true
		}
	}
	return any
}
