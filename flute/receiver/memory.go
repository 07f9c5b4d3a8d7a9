package receiver

import (
	"bytes"
	"errors"

	"github.com/flute-node/flute-node/store"
)

// memory is the store of one FDT Instance. It grows with what is written, up to its limit, charged to the budget.
type memory struct {
	budget *store.Budget
	limit  int
	bytes  []byte
}

var _ store.Store = (*memory)(nil)

func (m *memory) Create(uint64) (store.Object, error)          { return m, nil }
func (m *memory) Publish(store.Object, string) (string, error) { return "", errors.ErrUnsupported }
func (m *memory) Close() error                                 { return nil }
func (m *memory) Sync() error                                  { return nil }
func (m *memory) Truncate(int64) error                         { return nil }
func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.bytes).ReadAt(p, off)
}

// WriteAt implements io.WriterAt.
func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	end := int(off) + len(p)
	if end > m.limit {
		return 0, errTooLong
	}
	if end > cap(m.bytes) {
		size := min(m.limit, max(end, 2*cap(m.bytes)))
		if !m.budget.TryReserve(uint64(size - cap(m.bytes))) {
			return 0, store.ErrBudget
		}
		grown := make([]byte, len(m.bytes), size)
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.bytes = m.bytes[:max(end, len(m.bytes))]
	return copy(m.bytes[off:], p), nil
}

// Discard frees the bytes.
func (m *memory) Discard() error {
	m.budget.Release(uint64(cap(m.bytes)))
	m.bytes = nil
	return nil
}
