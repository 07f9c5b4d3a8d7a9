package object

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
)

// Ledger is where a session and its objects leave for one another what must not be lost when either crashes: a message
// that is being handled then is. It belongs to the goroutine that they share.
type Ledger struct {
	reports []*report
	landed  map[string][]*receiver.Work // by id of the object's PID
	// attended says that an object runs within a turn of its session, which looks for reports at its end and need not
	// be told of them.
	attended bool
}

// report is what happened to an object, and what it wants.
type report struct {
	From   *actor.PID
	Events []event.Event
	Works  []*receiver.Work // to run elsewhere and to bring back with Land
	Ended  bool             // final state; the actor can be stopped
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger { return &Ledger{landed: map[string][]*receiver.Work{}} }

// Next returns the oldest report, until Done is called; nil when there is none.
func (l *Ledger) Next() *report {
	if len(l.reports) == 0 {
		return nil
	}
	return l.reports[0]
}

// Done removes the report that Next returns.
func (l *Ledger) Done() {
	l.reports[0] = nil
	if l.reports = l.reports[1:]; len(l.reports) == 0 {
		l.reports = nil
	}
}

// Land leaves a Work that has run for the object; WorkDone tells it.
func (l *Ledger) Land(pid *actor.PID, w *receiver.Work) {
	l.landed[pid.Id] = append(l.landed[pid.Id], w)
}

// Take removes and returns what the object of that PID has not taken.
func (l *Ledger) Take(id string) []*receiver.Work {
	works := l.landed[id]
	delete(l.landed, id)
	return works
}

// TakeAll is Take for all objects.
func (l *Ledger) TakeAll() []*receiver.Work {
	var works []*receiver.Work
	for _, w := range l.landed {
		works = append(works, w...)
	}
	clear(l.landed)
	return works
}

// Attend says whether objects run within a turn of the session from now on. A session that is made anew begins without.
func (l *Ledger) Attend(attended bool) { l.attended = attended }

// put adds a report and says whether the session is to be told: that there is one, the first.
func (l *Ledger) put(r *report) (tell bool) {
	l.reports = append(l.reports, r)
	return len(l.reports) == 1 && !l.attended
}
