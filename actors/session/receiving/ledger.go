package receiving

import (
	"time"

	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/pacing"
)

// Ledger is what a receiving session must not lose when its actor crashes. It belongs to the actor, and to the
// supervisor while there is none.
type Ledger struct {
	core    *receiver.Ledger
	objects *object.Ledger
	latest  time.Time               // when datagrams came last; zero: none have come
	meter   pacing.Meter            // of UDP payload that has come
	bytes   uint64                  // of it
	works   map[*lanes.Entry]string // not brought to an object yet, with the id of its PID
	spawned int                     // object actors so far, for their names
	over    bool                    // the core has ended
	end     *event.SessionClosed    // to be emitted when the actor is gone, with the last counts; nil: nothing to tell
}

// NewLedger returns the Ledger of the session of an Inbox.
func NewLedger(in *Inbox) *Ledger {
	return &Ledger{
		core:    receiver.NewLedger(in.Reception.Config, in.Key),
		objects: object.NewLedger(),
		works:   map[*lanes.Entry]string{},
	}
}

// Finish ends the session and returns what there is to tell when its actor is gone. One that was given up, for this
// reason, has left objects without an end: they get it here. What is left to be freed goes to run, which must not
// block: it may wait for a store.
func (l *Ledger) Finish(in *Inbox, reason string, run func(lanes.Work)) (events []event.Event) {
	in.closed.Store(true)
	in.losses.absorb(l.core, true)
	var works []*receiver.Work
	for r := l.objects.Next(); r != nil; r = l.objects.Next() {
		events, works = append(events, r.Events...), append(works, r.Works...)
		l.objects.Done()
	}
	if !l.over {
		core := l.core.NewSession()
		core.Abort(reason)
		f := core.Effects()
		events, works = append(events, l.keep(f.Events)...), append(works, f.Works...)
	}
	// Only now: an object that ends leaves what a Work still uses to that Work, to be freed with it.
	for _, w := range works {
		w.Cancel()
		run(w)
	}
	for _, w := range l.objects.TakeAll() {
		w.Cancel()
	}
	for e := range l.works {
		if e.Cancel() {
			run(e.Work())
		}
	}
	switch c := l.core.Counters(); {
	case l.end != nil:
		l.end.Counters, l.end.Bytes, l.end.Feeds = c, l.bytes, l.core.Feeds()
		events = append(events, *l.end)
	case in.Reception.Drops != nil: // it was never opened, and nobody has heard of it
		// What was in order was of no use without a session.
		in.Reception.Drops.Drop(drop.NoSession, c.Accepted+c.Duplicate)
		for r, n := range c.Dropped {
			in.Reception.Drops.Drop(flute.DropReason(r), n)
		}
	}
	return events
}

// Yield is Finish for a session that gives way before it has an actor.
func (l *Ledger) Yield(in *Inbox, run func(lanes.Work)) []event.Event {
	in.mailbox.Close()
	return l.Finish(in, yieldReason, run)
}

// keep takes SessionClosed out of events, to be told when nothing can be counted any more.
func (l *Ledger) keep(events []event.Event) []event.Event {
	rest := events[:0]
	for _, e := range events {
		if c, ok := e.(event.SessionClosed); ok {
			l.end = &c
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}
