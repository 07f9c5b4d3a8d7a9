package object

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
)

// Desk is where a session and its objects leave for one another what must not be lost when either crashes: a message
// that is being handled then is. It belongs to the goroutine that they share.
type Desk struct {
	reports []*Report
	landed  map[string][]*receiver.Work // by id of the object's PID
}

// Report is what happened to an object, and what it wants.
type Report struct {
	From   *actor.PID
	Events []event.Event
	Works  []*receiver.Work // to run elsewhere and to bring back with Land
	Ended  bool             // final state; the actor can be stopped
}

// NewDesk returns an empty Desk.
func NewDesk() *Desk { return &Desk{landed: map[string][]*receiver.Work{}} }

// Next returns the oldest Report, until Done is called; nil when there is none.
func (d *Desk) Next() *Report {
	if len(d.reports) == 0 {
		return nil
	}
	return d.reports[0]
}

// Done removes the Report that Next returns.
func (d *Desk) Done() {
	d.reports[0] = nil
	if d.reports = d.reports[1:]; len(d.reports) == 0 {
		d.reports = nil
	}
}

// Land leaves a Work that has run for the object; WorkDone tells it.
func (d *Desk) Land(pid *actor.PID, w *receiver.Work) { d.landed[pid.Id] = append(d.landed[pid.Id], w) }

// Take removes and returns what the object of that PID has not taken.
func (d *Desk) Take(id string) []*receiver.Work {
	works := d.landed[id]
	delete(d.landed, id)
	return works
}

// TakeAll is Take for all objects.
func (d *Desk) TakeAll() []*receiver.Work {
	var works []*receiver.Work
	for _, w := range d.landed {
		works = append(works, w...)
	}
	clear(d.landed)
	return works
}

// put adds a Report and says whether it is the only one.
func (d *Desk) put(r *Report) (first bool) {
	d.reports = append(d.reports, r)
	return len(d.reports) == 1
}
