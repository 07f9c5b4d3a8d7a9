package outbox

import (
	"container/heap"
	"time"
	"unsafe"
)

// tired is how many failures in a row make a sink rest: then one try at a time begins, and none before the rest is
// over.
const tired = 3

// lane is the order in which items go to one sink. It does no I/O and reads no clock.
type lane struct {
	policy   Policy
	jobs     int // tries at once
	waiting  schedule
	running  int
	failures int       // in a row, of whichever items
	rested   time.Time // while it is tired no try begins before
}

// add has an item wait.
func (l *lane) add(it *Item) { heap.Push(&l.waiting, slot{it.ID, it.Next, it.Added}) }

// take returns an item whose try begins now. When there is none, wait is how long there will be none, if nothing else
// happens; 0: there will be none.
func (l *lane) take(now time.Time) (id uint64, ok bool, wait time.Duration) {
	jobs, from := l.jobs, time.Time{}
	if l.failures >= tired {
		jobs, from = 1, l.rested
	}
	if len(l.waiting) == 0 || l.running >= jobs {
		return 0, false, 0
	}
	if l.waiting[0].next.After(from) {
		from = l.waiting[0].next
	}
	if wait := from.Sub(now); wait > 0 {
		return 0, false, wait
	}
	l.running++
	return heap.Pop(&l.waiting).(slot).id, true, 0
}

// ended notes the end of a try. A sink that says no is there: only what is tried again counts as its failure. rest is
// how long the sink wants to be left alone; 0: it has not said so.
func (l *lane) ended(o Outcome, rest time.Duration, now time.Time, random float64) {
	l.running--
	switch o {
	case Delivered, Rejected:
		l.failures = 0
	case Retried:
		if l.failures++; rest > 0 {
			l.failures = max(l.failures, tired)
		}
		if l.failures >= tired {
			l.rested = now.Add(max(l.policy.pause(l.failures-tired+1, random), rest))
		}
	case Superseded, Stopped:
	}
}

// ItemMemory is what an item that waits takes in memory: a slot of a schedule, which grows by doubling.
const ItemMemory = 2 * unsafe.Sizeof(slot{})

// slot is an item in a schedule.
type slot struct {
	id          uint64
	next, added time.Time
}

// schedule is a heap: what is due first comes first, of equals what was added first.
type schedule []slot

func (s schedule) Len() int { return len(s) }

func (s schedule) Less(i, j int) bool {
	if c := s[i].next.Compare(s[j].next); c != 0 {
		return c < 0
	}
	return s[i].id < s[j].id
}

func (s schedule) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

// Push implements heap.Interface.
func (s *schedule) Push(v any) { *s = append(*s, v.(slot)) }

// Pop implements heap.Interface.
func (s *schedule) Pop() any {
	last := len(*s) - 1
	v := (*s)[last]
	*s = (*s)[:last]
	return v
}
