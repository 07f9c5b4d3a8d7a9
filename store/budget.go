package store

import (
	"math"
	"sync/atomic"
)

// Budget accounts for bytes of memory. Budgets form a tree, such as node, session, object: what is reserved from one is
// reserved from all above it. All methods are safe for concurrent use. A nil Budget has no limit and no account.
type Budget struct {
	limit  uint64
	parent *Budget
	root   *Budget
	used   atomic.Uint64
	pages  pagePool // of the root; unused elsewhere
}

// NewBudget returns a budget of limit bytes. parent may be nil.
func NewBudget(limit uint64, parent *Budget) *Budget {
	b := &Budget{limit: limit, parent: parent}
	b.root = b
	if parent != nil {
		b.root = parent.root
	}
	return b
}

// TryReserve reserves n bytes here and in all budgets above, or nothing at all.
func (b *Budget) TryReserve(n uint64) bool { return b.reserve(n, 0) }

// Release gives back n reserved bytes. It panics when fewer are reserved: then the account is wrong, and with it every
// bound that rests on it.
func (b *Budget) Release(n uint64) {
	for ; b != nil; b = b.parent {
		if b.used.Add(-n) > math.MaxUint64-n {
			panic("store: budget: more released than reserved")
		}
	}
}

// Used returns the number of bytes reserved, here and below.
func (b *Budget) Used() uint64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Limit returns the number of bytes that can be reserved, if the budgets above permit.
func (b *Budget) Limit() uint64 {
	if b == nil {
		return math.MaxUint64
	}
	return b.limit
}

// reserve reserves n bytes of what is left when a 1/2^shift of each limit is kept back; shift 0 keeps back nothing.
func (b *Budget) reserve(n uint64, shift uint) bool {
	for at := b; at != nil; at = at.parent {
		limit := at.limit
		if shift > 0 {
			limit -= limit >> shift
		}
		if !at.add(n, limit) {
			for undo := b; undo != at; undo = undo.parent {
				undo.used.Add(-n)
			}
			return false
		}
	}
	if b != nil {
		b.root.pages.yield(b.root)
	}
	return true
}

// add reserves n bytes here only.
func (b *Budget) add(n, limit uint64) bool {
	for {
		used := b.used.Load()
		if n > limit || used > limit-n {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}
