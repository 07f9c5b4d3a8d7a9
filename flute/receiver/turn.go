package receiver

import (
	"slices"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// publications is what is on its way to be published, see content.Turn.
type publications struct {
	out     map[string][]*Work   // Works that have not come back, by Content-Location
	waiting map[string]flute.TOI // the object that is to be published next
}

// isPublishing reports whether a version of the file at location is being published.
func (l *Ledger) isPublishing(location string) bool {
	return slices.ContainsFunc(l.publications.out[location], func(w *Work) bool { return w.publication.Turn.IsTaken() })
}

// queue notes that w, a Work that publishes, is on its way.
func (l *Ledger) queue(w *Work) {
	location := w.publication.File.Location
	out := slices.DeleteFunc(l.publications.out[location], func(o *Work) bool { return o.publication.Turn.IsOver() })
	older := make([]*content.Turn, 0, len(out))
	for _, o := range out {
		older = append(older, &o.publication.Turn)
	}
	w.publication.Turn.Follow(older)
	l.publications.out[location] = append(out, w)
}

// dequeue notes that w has come back. Whoever waits for the turn has it.
func (l *Ledger) dequeue(w *Work) {
	location := w.publication.File.Location
	rest := slices.DeleteFunc(l.publications.out[location], func(o *Work) bool { return o == w })
	if len(rest) == 0 {
		delete(l.publications.out, location)
	} else {
		l.publications.out[location] = rest
	}
	w.publication.Turn.Follow(nil)
	if toi, ok := l.publications.waiting[location]; ok {
		delete(l.publications.waiting, location)
		l.effects.Described = append(l.effects.Described, toi)
	}
}

// revoke keeps what e was about to publish from being published.
func (l *Ledger) revoke(e *entry) {
	for _, w := range l.publications.out[e.target()] {
		if w.entry == e {
			w.giveUp()
		}
	}
}

// waitBehind puts off the publication of a whole object until it is known what has come of a newer version.
func (o *Object) waitBehind() {
	o.e.phase, o.e.held.queued = receiving, true
	o.wait()
}

// waitTurn puts off the publication of a whole object. Only the newest version waits.
func (o *Object) waitTurn() {
	e, l := o.e, o.l
	if e.gone || !l.isCurrent(e) {
		o.fail(event.FailSuperseded, content.ErrNewer.Error())
		return
	}
	e.phase, e.held.queued = receiving, true
	l.publications.waiting[e.target()] = e.toi
	o.wait() // should the Work never come back
}
