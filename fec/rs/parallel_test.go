package rs

import (
	"bytes"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// TestParallel: work that is split gives the same symbols.
func TestParallel(t *testing.T) {
	var calls int
	parallel := NewParallel(func(n int, f func(int)) {
		calls++
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { f(i) })
		}
		wg.Wait()
	})
	for _, v := range []struct {
		m            uint
		k, p, length int
	}{{8, 200, 55, 9001}, {16, 300, 200, 1402}, {12, 300, 200, 1401}, {7, 100, 20, 65534 / 7 * 7}} {
		calls = 0
		o := oti2m(v.m, v.k, v.p, v.length)
		source := fectest.Source(v.k, v.length)
		want := repairOf(t, New(), &o, RFC5510, v.k, source)
		got := repairOf(t, parallel, &o, RFC5510, v.k, source)
		if d := cmp.Diff(len(want), len(got)); d != "" {
			t.Fatal(d)
		}
		for i := range want {
			if !bytes.Equal(got[i].Data, want[i].Data) {
				t.Errorf("m=%d k=%d: symbol %d differs", v.m, v.k, want[i].ESI)
			}
		}
		lost := []int{}
		for i := range min(v.p, v.k) {
			lost = append(lost, i)
		}
		symbols := fectest.Lossy(source, v.k, v.length, lost)
		dec, err := parallel.NewDecoder(&o, RFC5510, uint32(v.k))
		if err != nil {
			t.Fatal(err)
		}
		s := slices.Clone(symbols)
		used := allocbound.Allocated(func() {
			if err := dec.Recover(s, got); err != nil {
				t.Fatal(err)
			}
		})
		if !bytes.Equal(bytes.Join(s, nil), source) {
			t.Errorf("m=%d k=%d: other bytes", v.m, v.k)
		}
		if calls != 2 {
			t.Errorf("m=%d k=%d: %d products were split, want 2", v.m, v.k, calls)
		}
		if bound := parallel.Memory(&o, uint32(v.k)).Decoder; used > bound+(64<<10) { // the goroutines
			t.Errorf("m=%d k=%d: %d bytes for a decoder of %d", v.m, v.k, used, bound)
		}
	}
}

// TestParallelSmall: small blocks are not split.
func TestParallelSmall(t *testing.T) {
	s := NewParallel(func(int, func(int)) { t.Error("split") })
	for _, m := range []uint{8, 12, 16} {
		o := oti2m(m, 20, 10, 1398)
		source := fectest.Source(20, 1398)
		dec, err := s.NewDecoder(&o, Rizzo, 20)
		if err != nil {
			t.Fatal(err)
		}
		if err := dec.Recover(fectest.Lossy(source, 20, 1398, []int{1, 2}), repairOf(t, s, &o, Rizzo, 20,
			source)); err != nil {
			t.Fatal(err)
		}
	}
}
