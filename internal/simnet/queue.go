package simnet

import (
	"net/netip"
	"time"
)

// queued is a datagram on its way to be read.
type queued struct {
	data   []byte
	source netip.AddrPort
	due    time.Time
	number uint64 // order among those due at one time
}

// queue is a heap.Interface: the datagram due first is at its top.
type queue []queued

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].number < q[j].number
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(x any) { *q = append(*q, x.(queued)) }

func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = queued{}
	*q = old[:len(old)-1]
	return last
}
