package alarm

import (
	"slices"
	"time"
)

// leastVoid is how many void entries a queue may have at least.
const leastVoid = 64

// queue is a heap of entries by their time. To order it no Timer is looked at: those of many sessions are in no cache.
// So a Timer does not know its place, and what is set anew or stopped leaves a void entry behind.
type queue struct {
	list   []entry
	voided int // entries of list that are void
}

// entry is a use of a Timer.
type entry struct {
	at     time.Duration
	handle *handle
	use    uint64
}

// handle stands for a Timer, which a void entry does not keep in memory.
type handle struct {
	timer *Timer // nil: it was stopped
	use   uint64 // how often it was set: an entry with another one is void
}

func (e *entry) isVoid() bool { return e.handle.timer == nil || e.use != e.handle.use }

// void notes that another entry is void. If most are, they are removed.
func (q *queue) void() {
	if q.voided++; q.voided <= max(leastVoid, len(q.list)/2) {
		return
	}
	q.list = slices.DeleteFunc(q.list, func(e entry) bool { return e.isVoid() })
	q.voided = 0
	for i := len(q.list)/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
}

// push adds e, and reports whether it is the first.
func (q *queue) push(e entry) bool {
	q.list = append(q.list, e)
	i := len(q.list) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if q.list[parent].at <= e.at {
			break
		}
		q.list[i] = q.list[parent]
		i = parent
	}
	q.list[i] = e
	return i == 0
}

// pop removes the first entry.
func (q *queue) pop() {
	n := len(q.list) - 1
	q.list[0] = q.list[n]
	q.list[n] = entry{}
	if q.list = q.list[:n]; n > 0 {
		q.sink(0)
	}
}

// sink has the entry at i find its place below.
func (q *queue) sink(i int) {
	e := q.list[i]
	for {
		child := 2*i + 1
		if child >= len(q.list) {
			break
		}
		if next := child + 1; next < len(q.list) && q.list[next].at < q.list[child].at {
			child = next
		}
		if e.at <= q.list[child].at {
			break
		}
		q.list[i] = q.list[child]
		i = child
	}
	q.list[i] = e
}
