package inactivation

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSolver compares what a plan computes with the dense solution of the same equations, for codes over GF(2) and
// GF(2^8), all implementations and all widths, and whether there is a solution.
func TestSolver(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	failed, solved := 0, 0
	for i := range 600 {
		n := 1 + r.IntN(60)
		alpha := i%2 == 0
		c := toyCode(n, alpha)
		extra := r.IntN(8)
		var isis []uint32
		for range n + extra {
			isis = append(isis, r.Uint32N(1<<20))
		}
		slices.Sort(isis)
		isis = slices.Compact(isis)
		width := []int{64, 128, 256}[i%3]
		// Symbols are those of random intermediate symbols that obey the code, so that surplus rows do not contradict.
		data := make([][]byte, len(isis))
		for k := range data {
			data[k] = make([]byte, width)
			if k < n {
				for b := range data[k] {
					data[k][b] = byte(r.Uint32())
				}
			}
		}
		rows := matrix(c, isis[:min(n, len(isis))])
		for k, row := range rows {
			rows[k] = append(row, make([]byte, width)...)
			if at := k - len(rows) + min(n, len(isis)); at >= 0 {
				copy(rows[k][c.Columns:], data[at])
			}
		}
		want := solveDense(rows, c.Columns)
		if want == nil {
			data, isis = data[:min(n, len(isis))], isis[:min(n, len(isis))]
		}
		for k := n; k < len(isis) && want != nil; k++ {
			for _, column := range c.LT(nil, isis[k]) {
				addScaled(data[k], want[column], 1)
			}
		}
		var s solver
		s.reset(c, len(isis), 64*len(isis), c.Columns)
		for k, isi := range isis {
			s.add(c.LT(nil, isi), int32(k))
		}
		if got := s.solve(); got != (want != nil) {
			t.Fatalf("n=%d alpha=%v: solve says %v, the matrix %v", n, alpha, got, want != nil)
		}
		if want == nil {
			failed++
			continue
		}
		solved++
		var compiler compiler
		var p Plan
		compiler.compile(&p, &s, nil)
		checkPlan(t, fmt.Sprintf("n=%d alpha=%v", n, alpha), &p, width, data, want, nil)
		// Only some columns.
		var lost Rows
		for isi := range uint32(3) {
			lost.Append(c.LT(nil, isi)...)
		}
		compiler.compile(&p, &s, &lost)
		checkPlan(t, fmt.Sprintf("n=%d alpha=%v, some symbols", n, alpha), &p, width, data, want, &lost)
	}
	if failed == 0 || solved == 0 {
		t.Errorf("%d systems had no solution, %d had", failed, solved)
	}
}

// checkPlan runs a plan with all implementations.
func checkPlan(t *testing.T, name string, p *Plan, width int, data, want [][]byte, lost *Rows) {
	t.Helper()
	// Inputs have other bytes around those of the plane.
	const off = 3
	inputs := [][]byte{make([]byte, width+off)}
	for _, i := range p.inputs {
		inputs = append(inputs, append(make([]byte, off), data[i]...))
	}
	inputs = paddedInputs(inputs)
	for _, l := range levels() {
		slab := alignedBytes(p.rows * width)
		for i := range slab {
			slab[i] = 0xA5
		}
		w := &runner{level: l}
		if lost == nil {
			w.run(p, slab, width, inputs, off, nil)
			for column, symbol := range want {
				if !bytes.Equal(rowOf(slab, width, column), symbol) {
					t.Fatalf("%s, level %d, width %d: column %d differs", name, l, width, column)
				}
			}
			checkShortcut(t, fmt.Sprintf("%s, level %d, width %d", name, l, width), p, w, width, inputs, want)
			continue
		}
		out := make([][]byte, lost.Len())
		for i := range out {
			out[i] = bytes.Repeat([]byte{0x5A}, width+2*off)
		}
		w.run(p, slab, width, inputs, off, out)
		for i, symbol := range out {
			sum := bytes.Repeat([]byte{0x5A}, width+2*off)
			clear(sum[off : off+width])
			for _, column := range lost.Row(i) {
				addScaled(sum[off:off+width], want[column], 1)
			}
			if !bytes.Equal(symbol, sum) {
				t.Fatalf("%s, level %d, width %d: lost symbol %d differs", name, l, width, i)
			}
		}
	}
}

// checkShortcut: sums of columns are the same without the last part of the plan.
func checkShortcut(t *testing.T, name string, p *Plan, w *runner, width int, inputs, want [][]byte) {
	t.Helper()
	const off = 3
	slab := alignedBytes((p.rows + 1) * width)
	w.settle(p, slab, width, inputs, off)
	var vector []uint64
	for n := 1; n <= len(want); n *= 2 {
		s := sums{}.begin(p.rows, 0)
		sum := make([]byte, width)
		for column := range n {
			s = append(s, uint16(column*len(want)/n))
			addScaled(sum, want[column*len(want)/n], 1)
		}
		s, vector = p.shortcut.shorten(s, sumHead, vector)
		s.end(0)
		w.sums(s.padded(), slab, width, inputs, off, nil)
		if !bytes.Equal(rowOf(slab, width, p.rows), sum) {
			t.Fatalf("%s: the sum of %d columns differs", name, n)
		}
	}
}

// TestMore adds rows one at a time after a failure, which must come to the same as to begin anew.
func TestMore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	late := 0
	for range 300 {
		n := 1 + r.IntN(80)
		c := toyCode(n, true)
		var s solver
		s.reset(c, 10*n+100, 64*(10*n+100), c.Columns)
		for range n {
			s.add(c.LT(nil, r.Uint32N(1<<20)), 0)
		}
		ok := s.solve()
		for tries := 0; !ok; tries++ {
			if tries == 3 {
				late++
			}
			s.add(c.LT(nil, r.Uint32N(1<<20)), 0)
			ok = s.more()
			var anew solver
			anew.reset(c, s.rows.Len(), len(s.rows.columns), c.Columns)
			for i := c.Fixed.Len(); i < s.rows.Len(); i++ {
				anew.add(s.rows.Row(i), 0)
			}
			if again := anew.solve(); again != ok {
				t.Fatalf("n=%d: more says %v, solve %v", n, ok, again)
			}
		}
	}
	if late == 0 {
		t.Error("no system needed several rows")
	}
}

// TestLimit: a system whose columns become inactive beyond the limit is given up, and solved when there is room.
func TestLimit(t *testing.T) {
	c := toyCode(40, true)
	var s solver
	r := rand.New(rand.NewPCG(5, 6))
	for _, limit := range []int{c.Inactive, c.Inactive + 5, c.Columns} {
		s.reset(c, 200, 64*200, limit)
		for isi := range uint32(150) {
			var row []uint16
			for _, column := range r.Perm(c.Columns)[:8] {
				row = append(row, uint16(column))
			}
			s.add(row, int32(isi))
		}
		if ok := s.solve(); ok != (limit == c.Columns) {
			t.Errorf("limit %d: solve says %v", limit, ok)
		}
		if got := len(s.graph.inactive); got > limit {
			t.Errorf("%d columns are inactive, at most %d may be", got, limit)
		}
	}
}
