package store

import "sync/atomic"

// Budget is an account of bytes of memory, part of a larger one or on its own. It is safe for concurrent use.
type Budget struct {
	limit  uint64
	parent *Budget
	used   atomic.Uint64
	pages  *pagePool
}

// NewBudget returns an account of limit bytes that is also charged to parent, which may be nil.
func NewBudget(limit uint64, parent *Budget) *Budget {
	b := &Budget{limit: limit, parent: parent}
	if parent != nil {
		b.pages = parent.pages
	} else {
		b.pages = newPagePool()
	}
	return b
}

// TryReserve charges n bytes to the account and to those that it is part of, or to none of them.
func (b *Budget) TryReserve(n uint64) bool {
	if b == nil {
		return true
	}
	for {
		used := b.used.Load()
		if n > b.limit || used > b.limit-n {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			break
		}
	}
	if !b.parent.TryReserve(n) {
		b.used.Add(-n)
		return false
	}
	return true
}

// Release gives back n bytes that were reserved.
func (b *Budget) Release(n uint64) {
	for ; b != nil; b = b.parent {
		if b.used.Add(-n) > 1<<63 {
			panic("store: more was released than reserved")
		}
	}
}

// Used returns the bytes that are reserved.
func (b *Budget) Used() uint64 { return b.used.Load() }
