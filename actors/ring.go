package actors

const (
	ringLeast = 8    // entries of the first allocation
	ringKeep  = 1024 // an empty ring with more entries is given back
)

// entry is a queued message; data and size are set in the data lane only.
type entry struct {
	msg  any
	data Data
	size int
}

// ring is a first-in-first-out queue that grows by doubling. The zero value is empty and owns no memory.
type ring struct {
	buf  []entry // len is zero or a power of two
	head int
	n    int
}

func (r *ring) push(e entry) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = e
	r.n++
}

// pop takes the oldest entry; the ring must not be empty.
func (r *ring) pop() entry {
	e := r.buf[r.head]
	r.buf[r.head] = entry{}
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	if r.n == 0 && len(r.buf) > ringKeep {
		*r = ring{}
	}
	return e
}

func (r *ring) grow() {
	buf := make([]entry, max(ringLeast, 2*len(r.buf)))
	n := copy(buf, r.buf[r.head:])
	copy(buf[n:], r.buf[:r.head])
	r.buf, r.head = buf, 0
}
