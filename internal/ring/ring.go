package ring

const (
	least = 2    // elements of the first allocation: most queues are short, and there are many
	keep  = 1024 // an empty Queue with room for more elements gives its memory back
)

// Queue is a first-in-first-out queue in a ring that grows by doubling. The zero value is empty and owns no memory. A
// Queue must not be copied, unless the original is not used any more.
type Queue[T any] struct {
	buf  []T // len is zero or a power of two
	head int
	n    int
}

// Len returns the number of elements.
func (q *Queue[T]) Len() int { return q.n }

// Front returns the oldest element, valid until the next change. The Queue must not be empty.
func (q *Queue[T]) Front() *T { return &q.buf[q.head] }

// At returns element i, the oldest one being 0, valid until the next change. i is below Len.
func (q *Queue[T]) At(i int) *T { return &q.buf[(q.head+i)&(len(q.buf)-1)] }

// Back returns the newest element, valid until the next change. The Queue must not be empty.
func (q *Queue[T]) Back() *T { return &q.buf[(q.head+q.n-1)&(len(q.buf)-1)] }

// Push makes v the newest element.
func (q *Queue[T]) Push(v T) {
	if q.n == len(q.buf) {
		q.grow()
	}
	q.buf[(q.head+q.n)&(len(q.buf)-1)] = v
	q.n++
}

// PushFront makes v the oldest element.
func (q *Queue[T]) PushFront(v T) {
	if q.n == len(q.buf) {
		q.grow()
	}
	q.head = (q.head - 1) & (len(q.buf) - 1)
	q.buf[q.head] = v
	q.n++
}

// Pop removes and returns the oldest element. The Queue must not be empty.
func (q *Queue[T]) Pop() T {
	var zero T
	v := q.buf[q.head]
	q.buf[q.head] = zero // no reference stays behind
	q.head = (q.head + 1) & (len(q.buf) - 1)
	q.n--
	if q.n == 0 && len(q.buf) > keep {
		*q = Queue[T]{}
	}
	return v
}

func (q *Queue[T]) grow() {
	buf := make([]T, max(least, 2*len(q.buf)))
	n := copy(buf, q.buf[q.head:])
	copy(buf[n:], q.buf[:q.head])
	q.buf, q.head = buf, 0
}
