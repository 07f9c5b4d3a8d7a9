package socket

import (
	"time"

	"github.com/flute-node/flute-node/internal/ring"
)

// A turn of an owner costs as much as some twenty datagrams, wherever many owners take turns: nothing of what it
// touches is in a cache any more. Where a socket has more than manyOwners, their batches wait for more datagrams, for
// keepTime at most.
const (
	manyOwners = 64
	keepTime   = 100 * time.Millisecond
)

// kept is the batches of an Endpoint that wait for more datagrams, in the order in which they were begun. It belongs to
// whoever is between begin and end of the fanout: the reader, or who removes a Router.
type kept struct {
	queue ring.Queue[waiting] // as many as datagrams come in keepTime, at most
}

// waiting is one of kept. The Flow may have posted that batch meanwhile.
type waiting struct {
	flow  *Flow
	begun time.Time
}

// add has the batch of f wait. Its next datagrams find it there.
func (k *kept) add(f *Flow) {
	if !f.kept {
		f.kept = true
		k.queue.Push(waiting{f, f.begun})
	}
}

// pop removes the batch that waits for longest and was not posted, if it is due at now; nil: there is none.
func (k *kept) pop(now time.Time) *Flow {
	for k.queue.Len() > 0 {
		w := *k.queue.Front()
		isOver := !w.flow.kept || w.flow.begun != w.begun
		if !isOver && now.Sub(w.begun) < keepTime {
			return nil
		}
		if k.queue.Pop(); !isOver {
			w.flow.kept = false
			return w.flow
		}
	}
	return nil
}

// rest returns how long nothing is due after now; 0: nothing waits.
func (k *kept) rest(now time.Time) time.Duration {
	if k.queue.Len() == 0 {
		return 0
	}
	return max(keepTime-now.Sub(k.queue.Front().begun), 1)
}

// everything is a time at which all batches are due.
func everything() time.Time { return time.Now().Add(keepTime) }

// keeps reports whether batches may be kept now: there are many owners, the reader wakes up in time, and there is
// memory for what comes meanwhile.
func (r *reader) keeps() bool {
	return r.wakes && r.fanout.owners() > manyOwners && r.slabs.HasPlenty()
}

// heldSlabs is how many slabs owners may hold before those of many have a turn first: 4 MiB where messages are joined.
const heldSlabs = 8

// crowdFirst reports whether the owners may use what was read before the reader reads on. Each read brings batches for
// some of many owners; a reader that goes on until nothing is left fills memory that no cache has any more when their
// turns come.
func (r *reader) crowdFirst() bool {
	return r.slabs.Outstanding() > heldSlabs && r.fanout.owners() > manyOwners
}

// postKept posts the batches that are due at now.
func (r *reader) postKept(now time.Time) {
	for f := r.kept.pop(now); f != nil; f = r.kept.pop(now) {
		r.post(f)
	}
}

// postDue is postKept between two reads.
func (r *reader) postDue(now time.Time) {
	r.fanout.begin()
	defer r.fanout.end() // also if a Feed panics, or nobody could begin any more
	r.postKept(now)
}

// handKept hands all batches over to those that have room for them, and nobody waits. It is called between begin and
// end of the fanout.
func (e *Endpoint) handKept() {
	now := everything()
	for f := e.kept.pop(now); f != nil; f = e.kept.pop(now) {
		// A Feed that panics has lost its batch, and no other has.
		_ = guarded(func() error { f.hand(f.feed.HasRoom(e.slabs.Left())); return nil })
	}
}

// leaveKept is handKept for a reader that has ended.
func (e *Endpoint) leaveKept() {
	e.fanout.begin()
	defer e.fanout.end()
	e.handKept()
}
