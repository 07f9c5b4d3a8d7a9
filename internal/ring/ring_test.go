package ring

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestModel compares a Queue with a slice.
func TestModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q Queue[int]
	var model []int
	for next := range 200_000 {
		// Long phases of growth and of shrinking, so that the ring wraps at many sizes.
		grows := next/10_000%2 == 0
		switch r := random.IntN(10); {
		case r == 0:
			q.PushFront(next)
			model = slices.Insert(model, 0, next)
		case grows && r < 6 || r < 3:
			q.Push(next)
			model = append(model, next)
		case len(model) > 0:
			if got := q.Pop(); got != model[0] {
				t.Fatalf("Pop = %d, want %d", got, model[0])
			}
			model = model[1:]
		}
		if q.Len() != len(model) {
			t.Fatalf("Len = %d, want %d", q.Len(), len(model))
		}
		if len(model) > 0 && (*q.Front() != model[0] || *q.Back() != model[len(model)-1]) {
			t.Fatalf("%d to %d, want %d to %d", *q.Front(), *q.Back(), model[0], model[len(model)-1])
		}
	}
}

func TestPopLeavesNoReference(t *testing.T) {
	var q Queue[*int]
	q.Push(new(int))
	q.Pop()
	if i := slices.IndexFunc(q.buf, func(p *int) bool { return p != nil }); i >= 0 {
		t.Errorf("element %d of an empty Queue is kept", i)
	}
}

func TestLargeBufferIsGivenBack(t *testing.T) {
	var q Queue[int]
	for i := range 2 * keep {
		q.Push(i)
	}
	for q.Len() > 0 {
		q.Pop()
	}
	if q.buf != nil {
		t.Errorf("an empty Queue keeps room for %d elements", len(q.buf))
	}
}

func TestAllocations(t *testing.T) {
	var q Queue[any]
	if n := testing.AllocsPerRun(100, func() {
		for range least {
			q.Push(nil)
		}
		for q.Len() > 0 {
			q.Pop()
		}
	}); n != 0 {
		t.Errorf("%v allocations in steady state", n)
	}
}
