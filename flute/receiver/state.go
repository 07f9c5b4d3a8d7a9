package receiver

import (
	"slices"

	"github.com/flute-node/flute-node/flute/event"
)

// String returns the name of the phase in an event.ObjectState.
func (p phase) String() string {
	switch p {
	case announced:
		return "announced"
	case resting:
		return "resting"
	case receiving:
		return "receiving"
	case finishing:
		return "finishing"
	case completed:
		return "completed"
	case failed:
		return "failed"
	case refused:
		return "refused"
	}
	return "unknown"
}

// Objects returns how far the objects of the session have come that have not ended: up to limit of them, first those
// that hold symbols, by TOI, then some of the others; and how many there are. It looks at all entries of the Ledger.
func (l *Ledger) Objects(limit int) (list []event.ObjectState, total int) {
	var held, idle []*entry
	for _, e := range l.entries {
		if e.ended() {
			continue
		}
		total++
		if e.held != nil {
			held = append(held, e)
		} else if len(idle) < limit {
			idle = append(idle, e)
		}
	}
	byTOI := func(a, b *entry) int { return a.toi.Compare(b.toi) }
	slices.SortFunc(held, byTOI)
	slices.SortFunc(idle, byTOI)
	chosen := append(held, idle...)
	for _, e := range chosen[:min(limit, len(chosen))] {
		st := e.state()
		st.Alternates = l.alternates(e)
		list = append(list, st)
	}
	return list, total
}

func (e *entry) state() event.ObjectState {
	st := event.ObjectState{TOI: e.toi, ContentLocation: e.location(), Phase: e.phase.String()}
	switch {
	case e.held != nil:
		st.TransferLength, st.Done = e.held.OTI.TransferLength, e.held.Received
	case e.file != nil && e.file.TransferLength != nil:
		st.TransferLength = *e.file.TransferLength
	}
	return st
}
