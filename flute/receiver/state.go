package receiver

import (
	"slices"

	"github.com/flute-node/flute-node/flute"
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
		list = append(list, l.state(e, stateRanges))
	}
	return list, total
}

// The bounds of the lists of what an object lacks: in a list of objects, and in the event for its failure.
const (
	stateRanges  = 8
	failedRanges = 64
)

// Missing returns how far an object of the session has come that has not ended, and what it lacks: up to limit ranges
// and source blocks. false: there is none.
func (l *Ledger) Missing(toi flute.TOI, limit int) (st event.ObjectState, ok bool) {
	e := l.entries[toi]
	if e == nil || e.ended() {
		return st, false
	}
	return l.state(e, limit), true
}

// State is Missing for an object that may have ended.
func (l *Ledger) State(toi flute.TOI, limit int) (st event.ObjectState, ok bool) {
	e := l.entries[toi]
	if e == nil {
		return st, false
	}
	return l.state(e, limit), true
}

// state returns the state of e, with what it lacks: up to limit ranges and source blocks.
func (l *Ledger) state(e *entry, limit int) event.ObjectState {
	st := e.state()
	st.Alternates = l.alternates(e)
	e.lacks(&st, limit)
	if e.held != nil && e.phase == receiving {
		st.CompleteAt, st.LastSymbol = e.held.rate.completeAt(l.now, st.Needed), e.held.rate.since
	}
	return st
}

// lacks adds what e lacks.
func (e *entry) lacks(st *event.ObjectState, limit int) {
	if e.held != nil {
		st.Missing, st.MissingBlocks, st.Needed, st.Lacking = e.held.Lacks(limit)
	}
}

func (e *entry) state() event.ObjectState {
	st := event.ObjectState{TOI: e.toi, ContentLocation: e.location(), Phase: e.phase.String()}
	switch {
	case e.held != nil:
		st.TransferLength, st.Done, st.Put = e.held.OTI.TransferLength, e.held.Received, e.held.PutBytes
		st.Blocks = e.held.Partition().Blocks()
	case e.file != nil && e.file.TransferLength != nil:
		st.TransferLength = *e.file.TransferLength
	}
	return st
}
