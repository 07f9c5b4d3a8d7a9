package sender

// fifo is a first-in, first-out queue in a ring that grows and is reused: steady traffic through it allocates nothing.
// The zero value is empty.
type fifo[T any] struct {
	ring []T // length zero or a power of two
	head int
	n    int
}

func (q *fifo[T]) len() int { return q.n }

// at returns the i-th oldest element, 0 <= i < len().
func (q *fifo[T]) at(i int) *T { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *fifo[T]) front() *T { return q.at(0) }
func (q *fifo[T]) back() *T  { return q.at(q.n - 1) }

func (q *fifo[T]) push(v T) {
	q.grow()
	q.n++
	*q.back() = v
}

// pushFront makes v the oldest element.
func (q *fifo[T]) pushFront(v T) {
	q.grow()
	q.head = (q.head - 1) & (len(q.ring) - 1)
	q.n++
	*q.front() = v
}

// grow makes room for one element.
func (q *fifo[T]) grow() {
	if q.n < len(q.ring) {
		return
	}
	ring := make([]T, max(8, 2*q.n))
	for i := range q.n {
		ring[i] = *q.at(i)
	}
	q.ring, q.head = ring, 0
}

func (q *fifo[T]) pop() T {
	v := *q.front()
	var zero T
	*q.front() = zero // no reference stays behind
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	return v
}
