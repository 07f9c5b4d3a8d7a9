package sender

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/ring"
)

// queue is the files of one priority: those in transfer, those that wait for their source, and those that come next.
// Queues are served in strict order: a packet of one only when no file of the queues before can have one. What was in
// transfer then keeps its place and its memory, and goes on where it was.
type queue struct {
	priority int8
	parallel int // files in transfer at once, at most

	live    int // objects of this priority with packets to come
	pending ring.Queue[*object]
	active  []*carrier // in transfer
	turn    int        // the active one that is next
	parked  []*carrier // that wait for their source: to be opened, or since it has hung
	held    []*carrier // of objects that are paused
	waits   int        // active ones that were found waiting for Works one after the other
	paused  bool       // nothing of it is sent
}

// full reports whether no file more may be in transfer.
func (q *queue) full() bool { return len(q.active) >= q.parallel }

// push makes o the last of those that come next, or the first.
func (q *queue) push(o *object, first bool) {
	o.state = pending
	if o.paused || o.held {
		return
	}
	o.queued = true
	if first {
		q.pending.PushFront(o)
	} else {
		q.pending.Push(o)
	}
}

// head returns the object that comes next, or nil. Those that have ended or were paused since they were pushed are
// dropped.
func (q *queue) head() *object {
	for q.pending.Len() > 0 {
		if o := *q.pending.Front(); o.state == pending && !o.paused {
			return o
		}
		q.pop()
	}
	return nil
}

// pop removes the first object of those that come next.
func (q *queue) pop() { q.pending.Pop().queued = false }

// wanted returns the object that cannot be sent without its description (RFC 6726, section 3.3: "sent at least once
// before sending the described file"); nil: there is none, or no place for it.
func (q *queue) wanted(cfg *Config, now time.Time) *object {
	for _, c := range q.active {
		if c.held && c.object.late.isUntold() {
			return c.object
		}
	}
	if q.paused || q.full() {
		return nil
	}
	if o := q.head(); o != nil && !o.described(cfg, now) {
		return o
	}
	return nil
}

// enter gives c a place in transfer. It is last in turn, so that small files, which end with their first packet, do not
// keep a large one waiting for ever.
func (q *queue) enter(c *carrier) {
	c.since = time.Time{}
	q.active = slices.Insert(q.active, q.turn, c)
	q.waits = 0
	q.pass()
}

// pass has the next one its turn.
func (q *queue) pass() {
	if q.turn++; q.turn >= len(q.active) {
		q.turn = 0
	}
}

// park takes the file whose turn it is out of transfer until its source answers.
func (q *queue) park() {
	c := q.active[q.turn]
	q.leave(q.turn)
	q.parked = append(q.parked, c)
}

// leave takes active carrier i out of transfer. The order of the others stays.
func (q *queue) leave(i int) {
	q.active = slices.Delete(q.active, i, i+1)
	if q.turn > i {
		q.turn--
	}
	if q.turn >= len(q.active) {
		q.turn = 0
	}
}

// remove takes c out of the queue, wherever it is.
func (q *queue) remove(c *carrier) {
	if i := slices.Index(q.active, c); i >= 0 {
		q.leave(i)
	} else if i = slices.Index(q.parked, c); i >= 0 {
		q.parked = slices.Delete(q.parked, i, i+1)
	} else if i = slices.Index(q.held, c); i >= 0 {
		q.held = slices.Delete(q.held, i, i+1)
	}
}

// find returns the transfer of o; nil: there is none.
func (q *queue) find(o *object) *carrier {
	for _, list := range [...][]*carrier{q.active, q.parked, q.held} {
		if i := slices.IndexFunc(list, func(c *carrier) bool { return c.object == o }); i >= 0 {
			return list[i]
		}
	}
	return nil
}

// sends reports whether a file in transfer may have a packet: not all of them wait for Works.
func (q *queue) sends() bool { return !q.paused && q.waits < len(q.active) }

// lasts reports whether the files in transfer go on for so long that nothing after them need be made ready.
func (q *queue) lasts() bool {
	return !q.paused && slices.ContainsFunc(q.active, func(c *carrier) bool {
		return c.waiting == nil && c.left > openLead && !c.target.isSet()
	})
}

// returns reports whether there is a file that has waited for its source and can go on.
func (q *queue) returns() bool {
	return !q.paused && !q.full() && slices.ContainsFunc(q.parked, (*carrier).answered)
}

// poll returns when to look again whether the Works have run for which the files of q wait; at is the latest time.
func (q *queue) poll(now, at time.Time) time.Time {
	if q.paused {
		return at
	}
	for _, c := range q.active {
		if c.target.waits(now) {
			at = earliest(at, c.target.due)
			continue
		}
		if c.waiting == nil || c.waiting.done() {
			return now
		}
		at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
	}
	for _, c := range q.parked {
		switch {
		case !c.answered():
			at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
		case !q.full():
			return now
		}
	}
	return at
}
