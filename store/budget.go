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
	spare  *Budget       // what is drawn from when parent has no room; nil: nothing
	drawn  atomic.Uint64 // how much of used was drawn from spare
	shares *sources      // of the root; nil: there are none
	pages  *pagePool     // of the root; nil elsewhere
}

// NewBudget returns a budget of limit bytes. parent may be nil.
func NewBudget(limit uint64, parent *Budget) *Budget {
	b := &Budget{limit: limit, parent: parent}
	if parent == nil {
		b.root, b.pages = b, &pagePool{}
	} else {
		b.root = parent.root
	}
	return b
}

// TryReserve reserves n bytes here and in all budgets above, or nothing at all.
func (b *Budget) TryReserve(n uint64) bool { return b.reserve(n, 0) }

// Release gives back n reserved bytes. It panics if fewer are reserved: then the account is wrong, and with it every
// bound that rests on it.
func (b *Budget) Release(n uint64) {
	for ; b != nil; b = b.parent {
		if b.used.Add(-n) > math.MaxUint64-n {
			panic("store: budget: more released than reserved")
		}
		n -= b.repay(n)
	}
}

// repay gives back up to n bytes to spare, and returns how many. There is no telling which bytes were drawn, and no
// need.
func (b *Budget) repay(n uint64) uint64 {
	if b.spare == nil {
		return 0
	}
	for {
		drawn := b.drawn.Load()
		paid := min(drawn, n)
		if paid == 0 {
			return 0
		}
		if b.drawn.CompareAndSwap(drawn, drawn-paid) {
			b.spare.Release(paid)
			return paid
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

// Ceiling returns the least limit, here and above: more can never be reserved at once.
func (b *Budget) Ceiling() uint64 {
	least := uint64(math.MaxUint64)
	for ; b != nil; b = b.parent {
		least = min(least, b.limit)
	}
	return least
}

// reserve reserves n bytes of what is left when a 1/2^shift of each limit is kept back; shift 0 keeps back nothing.
func (b *Budget) reserve(n uint64, shift uint) bool {
	if !b.climb(n, shift) {
		return false
	}
	if b != nil {
		b.root.pages.yield(b.root)
	}
	return true
}

// climb reserves here and above.
func (b *Budget) climb(n uint64, shift uint) bool {
	if b == nil {
		return true
	}
	limit := b.limit
	if shift > 0 {
		limit -= limit >> shift
	}
	switch {
	case !b.add(n, limit):
		return false
	case b.parent.climb(n, shift):
		return true
	case shift == 0 && b.spare != nil && b.spare.climb(n, 0):
		b.drawn.Add(n)
		return true
	}
	b.used.Add(-n)
	return false
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
