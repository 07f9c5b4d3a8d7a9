package sender

import (
	"cmp"
	"container/heap"
)

// soonest keeps the objects that are due first, limit at most: those that wait for others only, those whose next
// transfer has a time, by that, and those that are paused.
type soonest struct {
	limit int
	heap  []*object // the last one is first
}

// mostSoonest bounds the objects that are chosen by their time: with more it takes much longer to choose them.
const mostSoonest = 1000

// add takes o. It returns the one that is left out, of o and those that were taken before; nil: none is.
func (s *soonest) add(o *object) (left *object) {
	switch {
	case len(s.heap) < s.limit:
		heap.Push(s, o)
		return nil
	case s.limit > 0 && bySchedule(o, s.heap[0]) < 0:
		left, s.heap[0] = s.heap[0], o
		heap.Fix(s, 0)
		return left
	}
	return o
}

// first returns up to n of them, those that are due first, in any order.
func (s *soonest) first(n int) []*object {
	for len(s.heap) > n {
		heap.Pop(s)
	}
	return s.heap
}

// bySchedule compares objects that are not in transfer: which of them is due first.
func bySchedule(a, b *object) int {
	rank := func(o *object) int {
		switch {
		case o.paused:
			return 2
		case o.state == waiting:
			return 1
		}
		return 0
	}
	rankA, rankB := rank(a), rank(b)
	resumes := 0
	if rankA == 1 && rankB == 1 {
		resumes = a.resume.Compare(b.resume)
	}
	return cmp.Or(cmp.Compare(rankA, rankB), resumes, a.toi.Compare(b.toi))
}

// Len implements heap.Interface.
func (s *soonest) Len() int { return len(s.heap) }

// Less implements heap.Interface.
func (s *soonest) Less(i, j int) bool { return bySchedule(s.heap[j], s.heap[i]) < 0 }

// Swap implements heap.Interface.
func (s *soonest) Swap(i, j int) { s.heap[i], s.heap[j] = s.heap[j], s.heap[i] }

// Push implements heap.Interface.
func (s *soonest) Push(o any) { s.heap = append(s.heap, o.(*object)) }

// Pop implements heap.Interface.
func (s *soonest) Pop() any {
	last := s.heap[len(s.heap)-1]
	s.heap = s.heap[:len(s.heap)-1]
	return last
}
