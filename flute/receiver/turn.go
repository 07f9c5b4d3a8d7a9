package receiver

import (
	"errors"
	"slices"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// publications is what is on its way to be published.
type publications struct {
	out     map[string][]*Work   // Works that have not come back, by Content-Location
	waiting map[string]flute.TOI // the object that is to be published next
}

// Works run at the same time and in any order, but of the versions of one file, the newest shall be the one that stays.
// So publications under one Content-Location take turns. A version that is verified before an older one has begun to be
// published takes its place; if that has begun, it waits for the end. No Work waits on its goroutine: it comes back,
// and its object starts another when the turn has come.

// The states of Work.turn.
const (
	turnAhead uint32 = iota // publication has not begun
	turnTaken               // it is under way
	turnOver                // it has ended
	turnLost                // it will not take place
)

var (
	errNewer = errors.New("receiver: a newer version has its Content-Location")
	errTurn  = errors.New("receiver: an older version is being published")
)

// takeTurn begins the publication. errNewer: it must not take place; errTurn: not now.
func (w *Work) takeTurn() error {
	for _, older := range w.older {
		if !older.giveUp() && older.turn.Load() == turnTaken {
			return errTurn
		}
	}
	if !w.turn.CompareAndSwap(turnAhead, turnTaken) {
		return errNewer
	}
	return nil
}

// giveUp keeps w from publishing. false: it has begun to.
func (w *Work) giveUp() bool { return w.turn.CompareAndSwap(turnAhead, turnLost) }

// isPublishing reports whether a version of the file at location is being published.
func (l *Ledger) isPublishing(location string) bool {
	return slices.ContainsFunc(l.publications.out[location], func(w *Work) bool { return w.turn.Load() == turnTaken })
}

// queue notes that w, a Work that publishes, is on its way.
func (l *Ledger) queue(w *Work) {
	location := w.file.ContentLocation
	isOver := func(o *Work) bool { return o.turn.Load() >= turnOver }
	w.older = slices.DeleteFunc(slices.Clone(l.publications.out[location]), isOver)
	l.publications.out[location] = append(slices.Clone(w.older), w)
}

// dequeue notes that w has come back. Whoever waits for the turn has it.
func (l *Ledger) dequeue(w *Work) {
	location := w.file.ContentLocation
	rest := slices.DeleteFunc(l.publications.out[location], func(o *Work) bool { return o == w })
	if len(rest) == 0 {
		delete(l.publications.out, location)
	} else {
		l.publications.out[location] = rest
	}
	w.older = nil
	if toi, ok := l.publications.waiting[location]; ok {
		delete(l.publications.waiting, location)
		l.effects.Described = append(l.effects.Described, toi)
	}
}

// revoke keeps what e was about to publish from being published.
func (l *Ledger) revoke(e *entry) {
	for _, w := range l.publications.out[e.location()] {
		if w.entry == e {
			w.giveUp()
		}
	}
}

// waitTurn puts off the publication of a whole object. Only the newest version waits.
func (o *Object) waitTurn() {
	e, l := o.e, o.l
	if e.gone || !l.isCurrent(e) {
		o.fail(event.FailSuperseded, errNewer.Error())
		return
	}
	e.phase, e.held.queued = receiving, true
	l.publications.waiting[e.file.ContentLocation] = e.toi
	o.wait() // should the Work never come back
}
