package core

// minBytes is the least capacity of a byteQueue that holds something.
const minBytes = 2048

// byteQueue is a queue of bytes. Its memory grows with what is in it, by doubling, and stays until release.
type byteQueue struct {
	ring []byte // its length is a power of two
	head int    // index of the first byte
	n    int
}

// write appends p.
func (q *byteQueue) write(p []byte) {
	if q.n+len(p) > len(q.ring) {
		q.grow(q.n + len(p))
	}
	tail := (q.head + q.n) & (len(q.ring) - 1)
	copied := copy(q.ring[tail:], p)
	copy(q.ring, p[copied:])
	q.n += len(p)
}

func (q *byteQueue) grow(n int) {
	size := max(minBytes, len(q.ring))
	for size < n {
		size *= 2
	}
	ring := make([]byte, size)
	first, second := q.parts(0, q.n)
	copy(ring[copy(ring, first):], second)
	q.ring, q.head = ring, 0
}

// parts returns n bytes from the one at offset on: they lie in one or two pieces.
func (q *byteQueue) parts(offset, n int) (first, second []byte) {
	if n == 0 {
		return nil, nil
	}
	from := (q.head + offset) & (len(q.ring) - 1)
	if from+n <= len(q.ring) {
		return q.ring[from : from+n], nil
	}
	return q.ring[from:], q.ring[:from+n-len(q.ring)]
}

// read moves the first bytes into p and returns how many.
func (q *byteQueue) read(p []byte) int {
	first, second := q.parts(0, min(len(p), q.n))
	n := copy(p, first)
	n += copy(p[n:], second)
	q.discard(n)
	return n
}

// discard drops the first n bytes.
func (q *byteQueue) discard(n int) {
	q.n -= n
	if q.n == 0 {
		q.head = 0
		return
	}
	q.head = (q.head + n) & (len(q.ring) - 1)
}

// release gives the memory of an empty queue back.
func (q *byteQueue) release() {
	if q.n == 0 {
		q.ring, q.head = nil, 0
	}
}
