package receiver

import (
	"errors"
	"io"
	"slices"

	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/store"
)

// memory is the store of one FDT Instance: the parts of it that were written, up to its limit, charged to the budget. A
// write at the far end of a large one costs no more than one at its start.
type memory struct {
	budget *store.Budget
	limit  int
	parts  []part // in order, without overlap
	cost   uint64 // charged
}

// part is a piece of an FDT Instance. It grows at its end.
type part struct {
	off   int
	bytes []byte
}

const (
	// partOverhead is charged for a part besides its bytes.
	partOverhead = 64
	// maxParts bounds the parts, through which each write in disorder moves. More of them than an FDT Instance has
	// packets, with packets of usual size, are put together to one.
	maxParts = 4096
	// partBytes is how far a part grows: what is appended behind it is a new one, so that a long FDT Instance is not
	// copied again and again while it comes.
	partBytes = 32 << 10
	// spanBytes is what the allocator gives large pieces in.
	spanBytes = 8 << 10
)

var _ store.Store = (*memory)(nil)

func (m *memory) Create(uint64) (store.Object, error)          { return m, nil }
func (m *memory) Publish(store.Object, string) (string, error) { return "", errors.ErrUnsupported }
func (m *memory) Close() error                                 { return nil }
func (m *memory) Sync() error                                  { return nil }
func (m *memory) Truncate(int64) error                         { return nil }

func (p *part) end() int { return p.off + len(p.bytes) }

// find returns the first part that ends behind off.
func (m *memory) find(off int) int {
	at, _ := slices.BinarySearchFunc(m.parts, off+1, func(p part, end int) int { return p.end() - end })
	return at
}

// ReadAt implements io.ReaderAt. What was not written reads as zero.
func (m *memory) ReadAt(p []byte, off int64) (n int, err error) {
	from := int(min(off, int64(m.limit)))
	clear(p)
	for _, part := range m.parts[m.find(from):] {
		if part.off >= from+len(p) {
			break
		}
		skip := max(0, from-part.off)
		at := part.off + skip - from
		n = at + copy(p[at:], part.bytes[skip:])
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// WriteAt implements io.WriterAt.
func (m *memory) WriteAt(p []byte, off int64) (n int, err error) {
	if off+int64(len(p)) > int64(m.limit) {
		return 0, content.ErrTooLong
	}
	for at := int(off); n < len(p); at = int(off) + n {
		i := m.find(at)
		if i < len(m.parts) && m.parts[i].off <= at { // it is there already
			n += copy(m.parts[i].bytes[at-m.parts[i].off:], p[n:])
			continue
		}
		rest := p[n:]
		if i < len(m.parts) {
			rest = rest[:min(len(rest), m.parts[i].off-at)]
		}
		if !m.insert(i, at, rest) {
			return n, store.ErrBudget
		}
		n += len(rest)
	}
	return n, nil
}

// insert puts p, which begins at off, before part i; false when the budget has no room.
func (m *memory) insert(i, off int, p []byte) bool {
	behind := i > 0 && m.parts[i-1].end() == off
	if behind && len(m.parts[i-1].bytes)+len(p) <= partBytes {
		return m.extend(&m.parts[i-1], p)
	}
	if len(m.parts) == maxParts {
		if !m.join(off + len(p)) {
			return false
		}
		copy(m.parts[0].bytes[off:], p)
		return true
	}
	size := len(p)
	if behind { // more is likely to follow
		gap := m.limit - off
		if i < len(m.parts) {
			gap = m.parts[i].off - off
		}
		size = min(max(size+spanBytes-1, partBytes)/spanBytes*spanBytes, gap)
	}
	if !m.reserve(partOverhead + size) {
		return false
	}
	m.parts = slices.Insert(m.parts, i, part{off, append(make([]byte, 0, size), p...)})
	return true
}

// extend appends to a part.
func (m *memory) extend(to *part, p []byte) bool {
	if size := len(to.bytes) + len(p); size > cap(to.bytes) {
		size = min(m.limit-to.off, max(size, min(2*cap(to.bytes), partBytes)))
		if !m.reserve(size - cap(to.bytes)) {
			return false
		}
		to.bytes = append(make([]byte, 0, size), to.bytes...)
	}
	to.bytes = append(to.bytes, p...)
	return true
}

// join makes all parts one, of end bytes or more.
func (m *memory) join(end int) bool {
	size := max(end, m.parts[len(m.parts)-1].end())
	if !m.reserve(partOverhead + size) {
		return false
	}
	before := m.cost - partOverhead - uint64(size)
	whole := make([]byte, size)
	for _, p := range m.parts {
		copy(whole[p.off:], p.bytes)
	}
	m.budget.Release(before)
	m.parts, m.cost = []part{{0, whole}}, m.cost-before
	return true
}

func (m *memory) reserve(n int) bool {
	if !m.budget.TryReserve(uint64(n)) {
		return false
	}
	m.cost += uint64(n)
	return true
}

// Discard frees the bytes.
func (m *memory) Discard() error {
	m.budget.Release(m.cost)
	m.parts, m.cost = nil, 0
	return nil
}
