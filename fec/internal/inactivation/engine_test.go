package inactivation

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// toyEngine counts the codes that are made. A toy matrix may be singular: that of 30 source symbols, made 31, is not.
func toyEngine(made *atomic.Int32, planBytes uint64, p func(n int, f func(i int))) *Engine {
	return New(Config{
		Name: "toy", PlanBytes: planBytes, Parallel: p, Size: toySize,
		Code: func(n int) *Code {
			made.Add(1)
			return toyCode(n, true)
		},
	})
}

// regular returns some numbers of source symbols whose matrix has full rank.
func regular(n int) (ks []int) {
	e := toyEngine(&atomic.Int32{}, 0, nil)
	for k := 10; len(ks) < n; k++ {
		if e.known(k).plan() != nil {
			ks = append(ks, k)
		}
	}
	return ks
}

// TestOnce: goroutines that want the same plan at the same time make it once, and get the same.
func TestOnce(t *testing.T) {
	var made atomic.Int32
	e := toyEngine(&made, 0, nil)
	k := regular(1)[0]
	plans := make([]*Plan, 8)
	var wg sync.WaitGroup
	for i := range plans {
		wg.Go(func() { plans[i] = e.known(k).plan() })
	}
	wg.Wait()
	for _, p := range plans {
		if p == nil || p != plans[0] {
			t.Error("plans differ")
		}
	}
	if made.Load() != 1 {
		t.Errorf("%d codes were made", made.Load())
	}
}

// TestPlanBytes: plans used longest ago go when there are too many bytes of them.
func TestPlanBytes(t *testing.T) {
	var made atomic.Int32
	ks := regular(3)
	probe := toyEngine(&made, 0, nil)
	for _, k := range ks[1:] { // the largest two
		probe.known(k).plan()
	}
	two := probe.bytes
	e := toyEngine(&made, two, nil)
	made.Store(0)
	for _, v := range []struct {
		k    int
		made int32 // in all
	}{{ks[0], 1}, {ks[1], 2}, {ks[0], 2}, {ks[2], 3}, {ks[0], 3}, {ks[1], 4}} {
		if e.known(v.k).plan() == nil {
			t.Fatalf("%d source symbols: no plan", v.k)
		}
		if made.Load() != v.made {
			t.Errorf("%d source symbols: %d codes were made, want %d", v.k, made.Load(), v.made)
		}
	}
	var sum uint64
	for _, k := range e.codes {
		sum += k.bytes
	}
	if sum != e.bytes || e.bytes > two {
		t.Errorf("%d bytes are counted, %d held, %d allowed", e.bytes, sum, two)
	}
	tiny := toyEngine(&made, 1, nil)
	if tiny.known(ks[0]).plan() == nil || len(tiny.codes) != 1 {
		t.Errorf("%d plans are kept, want that of last use", len(tiny.codes))
	}
}

// TestSingular: a matrix without full rank is an error, not a panic.
func TestSingular(t *testing.T) {
	e := New(Config{Name: "singular", Size: toySize, Code: func(n int) *Code {
		c := toyCode(n, true)
		c.LT = func(columns []uint16, _ uint32) []uint16 { return append(columns, 1, 2) }
		return c
	}})
	b := Block{Symbols: 20, Extended: 20, SymbolLength: 10, MaxESI: 1000}
	enc, err := e.NewEncoder(b, make([]byte, 200))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enc.AppendRepair(nil, 30); err == nil {
		t.Error("no error")
	}
	dec := e.NewDecoder(b)
	if err := dec.Solve([]fec.ESI{1, 2}, []fec.ESI{30, 31, 32, 33}); err == nil {
		t.Error("solved")
	}
}

// TestFree: no more workers are kept than maxFree, and they keep no symbols alive.
func TestFree(t *testing.T) {
	e := toyEngine(&atomic.Int32{}, 0, nil)
	var workers []*worker
	for range maxFree + 3 {
		w := e.worker()
		w.inputs = append(w.inputs, make([]byte, 1))
		workers = append(workers, w)
	}
	for _, w := range workers {
		e.release(w)
	}
	if len(e.free) != maxFree {
		t.Errorf("%d workers are kept", len(e.free))
	}
	for _, w := range e.free {
		if w.inputs[:1][0] != nil {
			t.Error("a worker keeps an input")
		}
	}
}

// TestPlanes: planes cover every byte of a symbol, and lie in it.
func TestPlanes(t *testing.T) {
	for length := 1; length < 1500; length++ {
		for _, rows := range []int{27, 1100, 10300, 20000, 60000} {
			p := newPlanes(length, rows, decoderBudget)
			covered := bytes.Repeat([]byte{0}, p.length)
			for i := range p.count {
				off, width := p.plane(i)
				for b := range width {
					covered[off+b]++
				}
				if width < minWidth || width > p.width || i+1 < p.count && width != p.width {
					t.Fatalf("length %d, %d rows: plane %d is %d wide", length, rows, i, width)
				}
			}
			if bytes.IndexByte(covered, 0) >= 0 || p.length < length {
				t.Fatalf("length %d, %d rows: %+v", length, rows, p)
			}
			n, next := p.stripes(), 0
			for i := range n {
				from, to := p.stripe(i, n)
				if from != next || to <= from {
					t.Fatalf("length %d, %d rows: stripe %d is %d to %d", length, rows, i, from, to)
				}
				next = to
			}
			if next != p.count {
				t.Fatalf("length %d, %d rows: stripes end at %d of %d", length, rows, next, p.count)
			}
		}
	}
}
