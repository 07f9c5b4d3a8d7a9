package sender

import (
	"slices"

	"github.com/flute-node/flute-node/flute/event"
)

// QueueState is how far the files of one priority have come, when it was asked for.
type QueueState struct {
	Priority int8 `json:"priority"`
	Files    int  `json:"files"`   // with packets to come
	Sending  int  `json:"sending"` // of these: in transfer
	Paused   bool `json:"paused,omitempty"`
}

// Queues returns the state of each priority that a file has had, in the order in which they are served.
func (s *Session) Queues() []QueueState {
	list := make([]QueueState, 0, len(s.schedule.queues))
	for _, q := range s.schedule.queues {
		list = append(list, QueueState{
			Priority: q.priority, Files: q.live, Sending: len(q.active) + len(q.parked) + len(q.held),
			Paused: q.paused || s.paused,
		})
	}
	return list
}

// Objects returns how far the objects have come of which packets are to come: up to limit of them, first those in
// transfer, by TOI, then others in the order in which they are due, among them the 1,000 that are due first; and how
// many there are. It looks at all objects that the session remembers.
func (s *Session) Objects(limit int) (list []event.ObjectState, total int) {
	sent := map[*object]uint64{} // bytes of source symbols in the current transfer
	for _, q := range s.schedule.queues {
		for _, c := range slices.Concat(q.active, q.parked, q.held) {
			sent[c.object] = c.source
		}
	}
	var sending, others []*object
	due := soonest{limit: min(limit, mostSoonest)}
	for _, o := range s.names.objects {
		if !o.live() {
			continue
		}
		if _, ok := sent[o]; ok {
			sending = append(sending, o)
		} else if left := due.add(o); left != nil && len(others) < limit {
			others = append(others, left)
		}
	}
	free := max(limit-len(sending), 0)
	chosen := due.first(free)
	chosen = append(chosen, others[:min(free-len(chosen), len(others))]...)
	slices.SortFunc(sending, func(a, b *object) int { return a.toi.Compare(b.toi) })
	slices.SortFunc(chosen, bySchedule)
	chosen = append(sending, chosen...)
	for i, o := range chosen[:min(limit, len(chosen))] {
		st := event.ObjectState{
			TOI: o.toi, ContentLocation: o.location, Phase: "waiting", TransferLength: o.transferLength,
			Done: sent[o], Transfers: o.sent, Priority: o.priority,
		}
		switch {
		case o.paused:
			st.Phase = "paused"
		case i < len(sending):
			st.Phase = "sending"
		case o.state == waiting:
			st.Resumes = o.resume
		}
		list = append(list, st)
	}
	return list, s.plan.live.objects
}
