package sender

import (
	"slices"

	"github.com/flute-node/flute-node/flute/event"
)

// Objects returns how far the objects have come of which packets are to come: up to limit of them, first those in
// transfer, by TOI, then some of the others; and how many there are. It looks at all objects that the session
// remembers.
func (s *Session) Objects(limit int) (list []event.ObjectState, total int) {
	sent := map[*object]uint64{} // bytes of source symbols in the current transfer
	for _, q := range s.schedule.queues {
		for _, c := range slices.Concat(q.active, q.parked) {
			sent[c.object] = c.source
		}
	}
	var waiting, sending []*object
	for _, o := range s.names.objects {
		if !o.live() {
			continue
		}
		if _, ok := sent[o]; ok {
			sending = append(sending, o)
		} else if len(waiting) < limit {
			waiting = append(waiting, o)
		}
	}
	byTOI := func(a, b *object) int { return a.toi.Compare(b.toi) }
	slices.SortFunc(sending, byTOI)
	slices.SortFunc(waiting, byTOI)
	chosen := append(sending, waiting...)
	for i, o := range chosen[:min(limit, len(chosen))] {
		st := event.ObjectState{
			TOI: o.toi, ContentLocation: o.location, Phase: "waiting", TransferLength: o.transferLength,
			Done: sent[o], Transfers: o.sent,
		}
		if i < len(sending) {
			st.Phase = "sending"
		}
		list = append(list, st)
	}
	return list, s.plan.live.objects
}
