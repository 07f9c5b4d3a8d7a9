package raptor

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// TestMemory: what Memory says is enough for a scheme that has nothing yet, whatever is lost, and not many times too
// much.
func TestMemory(t *testing.T) {
	fectest.OneGoroutine(t)
	random := rand.New(rand.NewPCG(7, 8))
	parallel := func(n int, f func(int)) {
		for i := range n {
			f(i)
		}
	}
	for _, k := range []int{4, 10, 57, 100, 500, 1000, 3000, 8192} {
		for _, length := range []int{1, 64, 1400} {
			for _, config := range []Config{{}, {Parallel: parallel}} {
				o := testOTI(k, length)
				source := fectest.Source(k, length)
				s := New(config)
				need := s.Memory(&o, uint32(k))
				var enc fec.Encoder
				used := allocbound.Allocated(func() {
					enc = newTestEncoder(t, s, k, length, source)
					repairOf(t, enc, uint32(k))
				})
				if used > need.Encoder || k*length > 100000 && used < need.Encoder/4 {
					t.Errorf("K=%d T=%d: an encoder allocated %d bytes, not up to %d", k, length, used, need.Encoder)
				}
				for _, lost := range []int{1, k/20 + 1, k / 5, k} {
					symbols := fectest.Lossy(source, k, length, random.Perm(k)[:lost])
					var repair []fec.Symbol
					for range 2*lost + 20 { // with some more than once
						repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(min(3*lost+30, modulus-k)))))
					}
					fresh := New(config)
					used := allocbound.Allocated(func() {
						if err := newTestDecoder(t, fresh, k, length).Recover(symbols, repair); err != nil {
							t.Errorf("K=%d, %d lost: %v", k, lost, err)
						}
					})
					if used > need.Decoder {
						t.Errorf("K=%d T=%d lost=%d: a decoder allocated %d bytes, more than %d", k, length, lost, used,
							need.Decoder)
					}
					if testing.Verbose() {
						t.Logf("K=%d T=%d lost=%d: encoder %d, decoder %d of %d", k, length, lost, need.Encoder, used,
							need.Decoder)
					}
				}
			}
		}
	}
	if o := testOTI(3, 1400); New(Config{}).Memory(&o, 3) != (fec.Memory{}) ||
		New(Config{}).Memory(&o, 1<<32-1) != (fec.Memory{}) {
		t.Error("memory for what is refused")
	}
	o := testOTI(10, 10)
	if n := testing.AllocsPerRun(10, func() { New(Config{}).Memory(&o, 8192) }); n > 1 {
		t.Errorf("Memory allocates: %v", n-1)
	}
}

// TestForgedMemory: repair symbols chosen for their many entries cost no more than others.
func TestForgedMemory(t *testing.T) {
	for _, k := range []int{10, 1000, 8192} {
		c := newCode(k)
		var repair []fec.ESI
		for _, degree := range []uint32{40, 11, 10} {
			for esi := uint32(k); esi < modulus && len(repair) < 2*k; esi++ {
				if d, _, _ := c.triple(esi); d == degree {
					repair = append(repair, fec.ESI(esi))
				}
			}
		}
		var lost []fec.ESI
		for i := range k {
			lost = append(lost, fec.ESI(i))
		}
		s := New(Config{})
		o := testOTI(k, 1)
		used := allocbound.Allocated(func() {
			dec := newTestDecoder(t, s, k, 1)
			for n := k; n <= len(repair); n += 1 + k/4 {
				_ = dec.Solve(lost, repair[:n])
			}
			_ = dec.Solve(lost, repair)
		})
		if need := s.Memory(&o, uint32(k)).Decoder; used > need {
			t.Errorf("K=%d: %d bytes allocated, more than %d", k, used, need)
		}
	}
}

// TestNoAllocations: a repair symbol allocates nothing, nor does a block after the first.
func TestNoAllocations(t *testing.T) {
	if allocbound.RaceDetector {
		t.Skip("the race detector allocates")
	}
	const k, length = 100, 200
	s := New(Config{})
	source := fectest.Source(k, length)
	enc := newTestEncoder(t, s, k, length, source)
	room := make([]byte, 0, length)
	esi := fec.ESI(k)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := enc.AppendRepair(room, esi); err != nil {
			t.Fatal(err)
		}
		esi++
	}); n > 0 {
		t.Errorf("%v allocations for a repair symbol", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if err := enc.Reset(source); err != nil {
			t.Fatal(err)
		}
		if _, err := enc.AppendRepair(room, k); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for a block", n)
	}
	symbols := fectest.Lossy(source, k, length, nil)
	var repair []fec.Symbol
	for i := range 30 {
		repair = append(repair, repairOf(t, enc, uint32(k+i)))
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range 10 {
			symbols[3*i] = symbols[3*i][:0]
		}
		if err := newTestDecoder(t, s, k, length).Recover(symbols, repair); err != nil {
			t.Fatal(err)
		}
	}); n > 25 {
		t.Errorf("%v allocations for recovering a block", n)
	}
}

// TestConcurrent: a Scheme serves many goroutines.
func TestConcurrent(t *testing.T) {
	s := New(Config{PlanBytes: 20000})
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 20 {
				k := 4 + (g*7+i*13)%60
				source := fectest.Source(k, 10)
				enc := newTestEncoder(t, s, k, 10, source)
				symbols := fectest.Lossy(source, k, 10, []int{0, k / 2})
				var repair []fec.Symbol
				for esi := k; esi < k+20; esi++ {
					repair = append(repair, repairOf(t, enc, uint32(esi)))
				}
				if err := newTestDecoder(t, s, k, 10).Recover(symbols, repair); err != nil {
					t.Error(err)
				}
				if string(symbols[0]) != string(source[:10]) {
					t.Error("other bytes")
				}
			}
		})
	}
	group.Wait()
}
