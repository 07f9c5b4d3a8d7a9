package receiver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// merge adds the File elements of f to the database, which is the union of all FDT Instances that have not expired
// (RFC 6726, section 3.2): a file that a later FDT Instance leaves out stays. It returns the run of an object that f
// contradicts; 0: of none.
func (s *Session) merge(now time.Time, f *fdt.Instance, expires time.Time) (contested run) {
	l := s.l
	report := s.report(f)
	at, deferred := len(l.effects.Events), 0
	for i := range f.Files {
		err := s.mergeFile(now, f, &f.Files[i], expires)
		if errors.Is(err, errBudget) && l.shed() {
			err = s.mergeFile(now, f, &f.Files[i], expires)
		}
		if err != nil {
			if errors.As(err, new(contradiction)) {
				contested = l.entries[f.Files[i].TOI].run
			}
			if errors.Is(err, errBudget) {
				deferred++
				s.postpone(&f.Files[i], err)
			}
			reject(&report, f.Files[i].TOI, err)
			if e := l.entries[f.Files[i].TOI]; e == nil || e.file == nil { // others have an end of their own
				l.completion.refuse(f.Files[i].TOI.String())
			}
			continue
		}
		l.completion.accept(f.Files[i].TOI)
		report.Files++
	}
	if f.Complete {
		l.completion.announced(now, f.ID)
	}
	if in := l.instances[f.ID]; in != nil && !in.settle(now, deferred) {
		return contested
	}
	l.effects.Events = slices.Insert(l.effects.Events, at, event.Event(report)) // before what follows from it
	return contested
}

// mergeFile adds one File element of f.
func (s *Session) mergeFile(now time.Time, f *fdt.Instance, file *fdt.File, expires time.Time) error {
	l, id := s.l, f.ID
	file = located(f, file)
	run := l.lines[0].run
	if in := l.instances[id]; in != nil {
		run = in.run
	}
	if e := l.entries[file.TOI]; e != nil && e.file != nil {
		field := changed(e.file, file)
		switch {
		case field == "" && (e.run == run || sharesDigest(e.file, file) || e.isUntouched()):
			s.follow(e, run)
			s.again(e, id, file, expires)
			l.describes(id, e)
			s.rejoin(e)
			return nil
		case due(e.expires, now):
			s.dismiss(e, event.FailExpired, "its FDT Instance has expired")
		default:
			return contradiction(field)
		}
	} else if e != nil && e.run != run {
		s.claim(e, file, run)
	}
	own, cost := describedBy(file)
	if l.cfg.ROUTE {
		cost += addressOverhead
	}
	if !l.reserveDescription(now, cost) {
		return errBudget
	}
	e := l.entries[file.TOI]
	if e == nil {
		e = &entry{record: record{toi: file.TOI}}
		l.give(e, run)
		l.entries[file.TOI] = e
	}
	l.leaveUndescribed(e)
	delete(l.deferred, e.toi)
	e.file, e.cost, e.coming = own, cost, comingBy(file)
	if own.HasOTI && !isEmpty(own) {
		// It may still be right in EXT_FTI, which has priority.
		if e.badOTI = l.checkOTI(&own.OTI); e.badOTI != nil {
			own.HasOTI = false
		}
	}
	if !e.closeAt.IsZero() {
		e.closeAt = now.Add(l.closeGrace(e))
		l.schedule(e.closeAt)
	}
	s.rejoin(e)
	s.confirm(e, id, expires)
	l.describes(id, e)
	s.introduce(e, file)
	return nil
}

// describes notes which FDT Instance describes e, if it is the one of the ID that e has: another may get that later.
func (l *Ledger) describes(id flute.InstanceID, e *entry) {
	if in := l.instances[id]; in != nil && e.instance == id {
		e.by = in.serial
	}
}

// introduce draws the conclusions from the first description of e.
func (s *Session) introduce(e *entry, file *fdt.File) {
	l := s.l
	if !s.choose(e, file) {
		return
	}
	if e.born = e.first; e.born.IsZero() {
		e.born = l.now
	}
	l.ripen(e)
	if e.phase == failed {
		// It failed before anybody knew of it; now that it is announced, its end must be told.
		s.fail(e, e.reason, e.detail)
		return
	}
	untold := e.phase == resting
	// RFC 6726, section 3.4.2: of two TOIs for one URI, the FDT Instance that is newer names the current version.
	if toi, ok := l.locations[e.file.ContentLocation]; ok {
		old := l.entries[toi]
		isEarlier := e.isEarlier(old)
		if isEarlier && old.run != e.run {
			e.earlier = &earlier{l.now, old.run, old.toi}
		}
		switch {
		case isEarlier && old.run == e.run:
			if untold {
				e.phase = announced
			}
			s.fail(e, event.FailSuperseded, fmt.Sprintf("by TOI %v", toi))
			return
		case e.instance != old.instance:
			l.follows(e, old)
			if old.phase <= receiving {
				s.supersede(old)
			}
		}
	}
	l.locations[e.file.ContentLocation] = e.toi
	if untold {
		s.emit(l.failure(e, event.ObjectState{}, true))
	}
	if s.tellKnown(e) {
		return
	}
	if e.isActive() {
		l.effects.Described = append(l.effects.Described, e.toi)
	}
}

// again takes a File element whose TOI is described already in the same way, or with more.
func (s *Session) again(e *entry, id flute.InstanceID, file *fdt.File, expires time.Time) {
	isLater := id.NewerThan(e.instance)
	if !isLater {
		id = e.instance
	}
	if !e.ended() {
		if !s.choose(e, file) {
			s.confirm(e, id, expires)
			return
		}
		augmented := *e.file // a copy: a Work may be reading the old one
		s.augment(e, &augmented, file, isLater)
		e.file, e.coming = &augmented, comingBy(file)
		defer s.tellKnown(e)
	}
	s.confirm(e, id, expires)
	if e.phase == resting && (isEmpty(e.file) || e.pending.bytes > 0) { // no packet needs to come
		s.l.effects.Described = append(s.l.effects.Described, e.toi)
	}
}

// confirm notes that an FDT Instance describes e, until expires if that is later than what it was.
func (s *Session) confirm(e *entry, id flute.InstanceID, expires time.Time) {
	l := s.l
	e.instance = id
	if e.isIdle() {
		l.retire(e)
	}
	if expires.After(e.expires) {
		e.expires = expires
	}
	l.schedule(e.expires)
}

// reserveDescription makes room for one more described object and charges cost for it; for that, objects that have
// ended are forgotten, those first that ended or were described longest ago. It forgets no more than what would be
// enough: if the budget is still spent then, another session has taken it.
func (l *Ledger) reserveDescription(now time.Time, cost uint64) bool {
	if len(l.entries)-l.undescribed.count() >= l.cfg.MaxObjects {
		if _, ok := l.forgetOldest(now); !ok {
			return false
		}
	}
	for freed := uint64(0); !l.share.Small.TryReserve(cost); {
		if freed >= cost {
			return false
		}
		n, ok := l.forgetOldest(now)
		if !ok {
			return false
		}
		freed += n
	}
	return true
}

// retire makes e the newest of the described objects that hold no more than their description. It does nothing for one
// that is not described, or forgotten.
func (l *Ledger) retire(e *entry) {
	if e.file != nil && !e.gone {
		l.history.push(e)
	}
}

// forgetOldest forgets one object that has ended, or rests, and returns how many bytes that gives back.
func (l *Ledger) forgetOldest(now time.Time) (freed uint64, ok bool) {
	for e := l.history.first; e != nil; e = l.history.first {
		if !e.isIdle() { // it was begun anew
			l.history.remove(e)
			continue
		}
		freed = e.cost
		if e.phase == resting {
			// Its FDT Instance was read; without that, nobody would describe it again until that has expired.
			l.reread(e.instance, now.Add(restFirst))
		}
		l.remove(e)
		return freed, true
	}
	return 0, false
}
