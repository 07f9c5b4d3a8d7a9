package kernel

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestXor(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range lengths() {
			for _, shift := range []int{0, 1, 13, 32, 63} {
				dst, src := newGuarded(r, n, shift), newGuarded(r, n, 63-shift)
				want := xorSlowly(dst.data, src.data)
				source := bytes.Clone(src.data)
				l.xor(dst.data, src.data)
				dst.check(t, want, "length %d, shift %d", n, shift)
				src.check(t, source, "source, length %d, shift %d", n, shift)
			}
		}
	})
}

func TestXorWithItself(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range lengths() {
			dst := newGuarded(r, n, 0)
			l.xor(dst.data, dst.data)
			dst.check(t, make([]byte, n), "length %d", n)
		}
	})
}

func TestSum(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, n := range lengths() {
			for count := range 10 {
				for _, add := range []bool{false, true} {
					dst, srcs := newGuarded(r, n, count*11), symbols(r, count, n)
					want := make([]byte, n)
					if add {
						want = bytes.Clone(dst.data)
					}
					for _, s := range srcs {
						want = xorSlowly(want, s)
					}
					l.sum(dst.data, srcs, add)
					dst.check(t, want, "length %d, %d sources, add %v", n, count, add)
				}
			}
		}
	})
}

func TestSumRows(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(1, 3))
		for _, n := range lengths() {
			for count := range 10 {
				for _, add := range []bool{false, true} {
					stride, slabRows := n+count%3*5, 7
					base := newGuarded(r, stride*(slabRows-1)+n, count).data
					rows, want := make([]uint32, count), make([]byte, n)
					dst := newGuarded(r, n, count*11)
					if add {
						want = bytes.Clone(dst.data)
					}
					for i := range rows {
						rows[i] = uint32(r.IntN(slabRows))
						want = xorSlowly(want, base[int(rows[i])*stride:][:n])
					}
					l.sumRows(dst.data, base, stride, rows, add)
					dst.check(t, want, "length %d, stride %d, rows %v, add %v", n, stride, rows, add)
				}
			}
		}
	})
}

// A row of the slab may be the sum of others.
func TestSumRowsWithin(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(1, 4))
		const n, stride = 1400, 1408
		base := newGuarded(r, 4*stride, 0).data
		want := bytes.Clone(base)
		copy(want[stride:], xorSlowly(xorSlowly(want[stride:][:n], want[:n]), want[3*stride:][:n]))
		l.sumRows(base[stride:][:n], base, stride, []uint32{0, 3}, true)
		if !bytes.Equal(base, want) {
			t.Fatal("wrong sum, or another row was written")
		}
	})
}

func TestSumPanics(t *testing.T) {
	slab, dst := make([]byte, 100), make([]byte, 10)
	for name, f := range map[string]func(){
		"Xor":          func() { Xor(dst, slab[:9]) },
		"Sum":          func() { Sum(dst, [][]byte{slab[:10], slab[:11]}) },
		"row":          func() { SumRows(dst, slab, 10, []uint32{9, 10}) },
		"first row":    func() { SumRows(dst, slab, 10, []uint32{10, 9}) },
		"partial row":  func() { SumRows(dst, slab, 11, []uint32{9}) },
		"huge row":     func() { SumRows(dst, slab, 1<<30, []uint32{1<<32 - 1}) },
		"stride":       func() { SumRows(dst, slab, -10, []uint32{1}) },
		"short slab":   func() { SumRows(dst, slab[:9], 0, []uint32{0}) },
		"set of a row": func() { SetSumRows(dst, slab, 10, []uint32{10}) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
	SumRows(dst, slab, 10, []uint32{9})
	SumRows(dst, slab, 0, []uint32{1 << 31})
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if s, ok := recover().(string); !ok || s == "" {
			t.Fatal("did not panic with a reason")
		}
	}()
	f()
}
