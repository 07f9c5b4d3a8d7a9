package receiver

import (
	"errors"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/store"
)

// An object that no FDT Instance describes yet costs as little as it can: its packets are kept as they came, in memory.
// Only a large one is received at once, into a file of the store. One that is whole waits for its description as long
// as there is room for it; the others are forgotten when they were silent for Config.UndescribedTimeout.

const (
	// smallObject is the transfer length in bytes up to which an undescribed object stays in memory.
	smallObject = 64 << 10
	// maxStaged bounds the undescribed objects that have a file in the store.
	maxStaged = 64
	// undescribedOverhead is charged for each undescribed object besides its packets: entry, and its place in a map.
	undescribedOverhead = 736
	// undescribedShare is the part of the memory that a session may have at most, one of undescribedShare, that
	// undescribed objects may hold: a flood of them shall not take what described ones need.
	undescribedShare = 4
	// partialShare is the part of the undescribed objects, one of partialShare, that those which are not whole may be
	// before others give way to them: a flood of objects of one packet shall not end those under way.
	partialShare = 8
	// forgetSteps is how often in Config.UndescribedTimeout silent objects are looked for: each look visits all
	// objects.
	forgetSteps = 8
)

// undescribed is the objects of a session that nothing describes, those first that have been silent longest.
type undescribed struct {
	partial, whole entryList
	staged         int
	budget         *store.Budget // of them, and of all packets that wait for an FDT Instance to interpret them
}

func (u *undescribed) count() int { return u.partial.n + u.whole.n }

func (u *undescribed) has(e *entry) bool { return e.list == &u.partial || e.list == &u.whole }

// undescribedCost returns what is charged for an undescribed object besides its packets.
func (c *Config) undescribedCost() uint64 {
	if c.ROUTE {
		return undescribedOverhead + addressOverhead
	}
	return undescribedOverhead
}

// undescribedBytes returns how much of the memory of a session its undescribed objects may hold.
func (c *Config) undescribedBytes(memory uint64) uint64 {
	return min(c.UndescribedBytes, memory/undescribedShare)
}

// complete notes that nothing is missing of e but its description.
func (u *undescribed) complete(e *entry) {
	if e.list == &u.partial {
		u.whole.push(e)
	}
}

// oldest returns the object that gives way to e: of those that are not whole the one that was silent longest, as long
// as these are more than one of partialShare. nil: there is none but e.
func (u *undescribed) oldest(e *entry) *entry {
	lists := [...]*entryList{&u.partial, &u.whole}
	if u.partial.n <= u.count()/partialShare {
		slices.Reverse(lists[:])
	}
	for _, list := range lists {
		if list.first != nil && list.first != e {
			return list.first
		}
	}
	return nil
}

// entry returns the entry of toi, made if there is none: another undescribed object gives way to it if the session
// holds as many as it may. errUnknownObject when there is no memory for it.
func (l *Ledger) entry(now time.Time, toi flute.TOI) (*entry, error) {
	if e := l.entries[toi]; e != nil {
		return e, nil
	}
	if l.undescribed.count() >= l.cfg.MaxUndescribed {
		l.forget(l.undescribed.oldest(nil))
	}
	if !l.reserveUndescribed(nil, l.cfg.undescribedCost()) {
		return nil, errUnknownObject
	}
	e := &entry{record: record{toi: toi}, touched: now}
	l.entries[toi] = e
	l.undescribed.partial.push(e)
	l.scheduleSilent(now)
	return e, nil
}

// leaveUndescribed takes e, which is described now or forgotten, out of the objects that are not.
func (l *Ledger) leaveUndescribed(e *entry) {
	if !l.undescribed.has(e) {
		return
	}
	e.list.remove(e)
	if e.staged {
		e.staged = false
		l.undescribed.staged--
	}
	l.undescribed.budget.Release(l.cfg.undescribedCost())
}

// stage notes that e has a file in the store.
func (l *Ledger) stage(e *entry) {
	if !e.staged {
		e.staged = true
		l.undescribed.staged++
	}
}

// touch notes that a packet of e has come.
func (l *Ledger) touch(now time.Time, e *entry) {
	e.touched = now
	if l.undescribed.has(e) && e.list.last != e {
		e.list.push(e)
	}
}

// scheduleSilent makes the ledger look for silent objects some time after the one touched at t has become one: many are
// then found in one look.
func (l *Ledger) scheduleSilent(t time.Time) {
	l.schedule(t.Add(l.undescribedTimeout() + l.undescribedTimeout()/forgetSteps))
}

// forgetUndescribed forgets the objects that were silent too long and are not whole.
func (l *Ledger) forgetUndescribed(now time.Time) {
	for e := l.undescribed.partial.first; e != nil; e = l.undescribed.partial.first {
		switch {
		case !due(e.touched.Add(l.undescribedTimeout()), now):
			l.scheduleSilent(e.touched)
			return
		case e.held != nil && e.held.IsWhole():
			l.undescribed.complete(e)
		default:
			l.forget(e)
		}
	}
}

// reserveUndescribed reserves n bytes for packets of e, or for a new undescribed object if it is nil. As many of the
// other undescribed objects give way as are needed, those first that were silent longest: a flood of TOIs keeps nobody
// out, and what goes on coming stays. If the budget is still spent when they have given back n bytes, another session
// has taken those.
func (l *Ledger) reserveUndescribed(e *entry, n uint64) bool {
	budget := l.undescribed.budget
	for freed := uint64(0); !budget.TryReserve(n); {
		oldest := l.undescribed.oldest(e)
		if oldest == nil || freed >= n {
			return false
		}
		used := budget.Used()
		l.forget(oldest)
		freed += used - budget.Used()
	}
	return true
}

// forget forgets an object that nothing describes.
func (l *Ledger) forget(e *entry) {
	l.drop(e, true)
	l.remove(e)
	l.effects.Ended = append(l.effects.Ended, e.toi)
}

// keeps reports whether the packet p of the undescribed object e is kept as it is. An object too large for that is
// staged in the store, as far as a few may: each costs a file there, which what has come of it must be worth.
func (l *Ledger) keeps(e *entry, p *alc.Packet) bool {
	if e.ended() || e.held != nil {
		return false
	}
	if p.FTI == nil || e.pending.bytes < smallObject || l.undescribed.staged >= maxStaged {
		return true
	}
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	return err != nil || oti.TransferLength <= smallObject
}

// keep keeps the packet p of the undescribed object e.
func (s *Session) keep(now time.Time, e *entry, p *alc.Packet) error {
	l := s.l
	if p.FTI != nil && !e.pending.sameFTI(p) {
		if err := s.checkKept(e, p); err != nil {
			return err
		}
	}
	o := Object{l: l, e: e}
	err := o.keep(now, p)
	if err == nil || errors.Is(err, errDuplicate) {
		o.flagged(now, p.CloseObject)
	}
	if err == nil {
		l.effects.Events = l.opening(l.effects.Events)
		if e.pending.whole() {
			l.undescribed.complete(e)
		}
	}
	return err
}

// checkKept rejects a packet whose OTI nobody can use.
func (s *Session) checkKept(e *entry, p *alc.Packet) error {
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err == nil {
		return s.l.checkOTI(&oti)
	}
	if w := oldSender(s.l.key, e, err); w != nil {
		s.emit(w)
	}
	return err
}
