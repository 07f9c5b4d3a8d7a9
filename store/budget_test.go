package store_test

import (
	"math"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/store"
)

func TestBudgetTree(t *testing.T) {
	node := store.NewBudget(100, nil)
	a, b := store.NewBudget(70, node), store.NewBudget(70, node)
	for _, step := range []struct {
		budget        *store.Budget
		n             uint64
		ok            bool
		a, b, nodeUse uint64
	}{
		{a, 70, true, 70, 0, 70},
		{a, 1, false, 70, 0, 70},
		{b, 31, false, 70, 0, 70}, // the node's limit; b is as it was
		{b, 30, true, 70, 30, 100},
		{b, 0, true, 70, 30, 100},
		{b, math.MaxUint64, false, 70, 30, 100},
		{node, 1, false, 70, 30, 100},
	} {
		if ok := step.budget.TryReserve(step.n); ok != step.ok {
			t.Fatalf("TryReserve(%d) = %t, want %t", step.n, ok, step.ok)
		}
		if a.Used() != step.a || b.Used() != step.b || node.Used() != step.nodeUse {
			t.Fatalf("after TryReserve(%d): used %d, %d, %d, want %d, %d, %d", step.n, a.Used(), b.Used(), node.Used(),
				step.a, step.b, step.nodeUse)
		}
	}
	a.Release(70)
	b.Release(30)
	if a.Used() != 0 || b.Used() != 0 || node.Used() != 0 {
		t.Errorf("used %d, %d, %d after all was released", a.Used(), b.Used(), node.Used())
	}
}

func TestBudgetReleaseTooMuch(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	b := store.NewBudget(100, nil)
	b.TryReserve(10)
	b.Release(11)
}

func TestBudgetNil(t *testing.T) {
	var b *store.Budget
	if !b.TryReserve(math.MaxUint64) || b.Used() != 0 || b.Limit() != math.MaxUint64 {
		t.Error("a nil Budget has a limit")
	}
	b.Release(math.MaxUint64)
}

// TestBudgetConcurrent: whatever the order, no more than the limit is out, and all comes back.
func TestBudgetConcurrent(t *testing.T) {
	const limit = 1000
	node := store.NewBudget(limit, nil)
	var wg sync.WaitGroup
	for g := range uint64(8) {
		wg.Go(func() {
			b := store.NewBudget(limit, node)
			for i := range uint64(5000) {
				n := (i*7 + g*13) % 300
				if !b.TryReserve(n) {
					continue
				}
				if node.Used() > limit {
					t.Errorf("%d bytes reserved", node.Used())
				}
				b.Release(n)
			}
		})
	}
	wg.Wait()
	if node.Used() != 0 {
		t.Errorf("%d bytes left", node.Used())
	}
}

// TestBudgetPagesLeaveRoom: pages take no more than three quarters, so that bookkeeping always finds room.
func TestBudgetPagesLeaveRoom(t *testing.T) {
	const limit = 4 << 20
	node := store.NewBudget(limit, nil)
	session := store.NewBudget(1<<62, node)
	for i := range 1000 {
		object := &null{}
		b := newDirect(object, store.NewBudget(1<<62, session))
		if _, err := b.WriteAt(make([]byte, 5*symbol), 1<<30); err != nil {
			t.Fatal(err)
		}
		if i > 100 && object.writes != 1 {
			t.Fatalf("buffer %d: %d writes, want one right away", i, object.writes)
		}
	}
	if used := node.Used(); used > limit*3/4 || used < limit/2 {
		t.Errorf("pages use %d of %d", used, limit)
	}
	if !session.TryReserve(limit / 4) {
		t.Error("no room left for bookkeeping")
	}
}

// TestBudgetSmallObjects: the first bytes of an object do not cost a whole page.
func TestBudgetSmallObjects(t *testing.T) {
	budget := unlimited()
	b := newDirect(&array{}, budget)
	_, _ = b.WriteAt(make([]byte, 100), 0)
	if budget.Used() > 10*100 {
		t.Errorf("%d bytes reserved for 100", budget.Used())
	}
	_, _ = b.WriteAt(make([]byte, symbol), 0)
	if budget.Used() > 16<<10 || budget.Used() == 0 {
		t.Errorf("%d bytes reserved for %d", budget.Used(), symbol)
	}
	_, _ = b.WriteAt(make([]byte, store.PageSize/2), 100)
	if budget.Used() < store.PageSize {
		t.Errorf("%d bytes reserved for a large page", budget.Used())
	}
}

// TestReleaseBounds: all that is reserved can be given back, and no byte more.
func TestReleaseBounds(t *testing.T) {
	for _, n := range []uint64{0, 1, math.MaxUint64} {
		b := store.NewBudget(math.MaxUint64, nil)
		if !b.TryReserve(n) {
			t.Fatalf("%d bytes of as many", n)
		}
		b.Release(n)
		if b.Used() != 0 {
			t.Errorf("%d bytes are left of %d", b.Used(), n)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a byte beyond %d was given back", n)
				}
			}()
			b.Release(1)
		}()
	}
}
