package rs

import (
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

var memorySizes = []struct {
	m            uint
	k, p, length int
}{
	{8, 1, 1, 1400},
	{8, 10, 4, 1400},
	{8, 64, 16, 1400},
	{8, 200, 55, 1400},
	{8, 254, 1, 65535},
	{4, 10, 5, 1400},
	{7, 100, 20, 1400},
	{12, 300, 60, 1401},
	{16, 300, 60, 1400},
	{16, 3000, 200, 100},
	{16, 1, 60000, 10},
	{16, 20000, 30, 2},
	{16, 60000, 12, 2},
	{15, 32000, 20, 15},
}

// TestMemory: what a block takes is below what Memory says, and not far below.
func TestMemory(t *testing.T) {
	fectest.OneGoroutine(t)
	for _, v := range memorySizes {
		t.Run(fmt.Sprintf("m=%d/k=%d/p=%d/length=%d", v.m, v.k, v.p, v.length), func(t *testing.T) {
			s := New()
			o := oti2m(v.m, v.k, v.p, v.length)
			bound := s.Memory(&o, uint32(v.k))
			encoder, decoder := measure(t, s, &o, v.k)
			for range 3 { // the runtime allocates too, now and then
				e, d := measure(t, s, &o, v.k)
				encoder, decoder = min(encoder, e), min(decoder, d)
			}
			t.Logf("encoder %d of %d, decoder %d of %d bytes", encoder, bound.Encoder, decoder, bound.Decoder)
			if encoder > bound.Encoder || decoder > bound.Decoder {
				t.Errorf("encoder %d of %d, decoder %d of %d bytes", encoder, bound.Encoder, decoder, bound.Decoder)
			}
			if min(v.k, v.p) <= 300 && bound.Decoder > decoder*3/2+4096 {
				t.Errorf("decoder %d of %d bytes: the bound is far away", decoder, bound.Decoder)
			}
		})
	}
}

// measure returns what an encoder and a decoder of a block allocate when nothing is kept from blocks before.
func measure(t *testing.T, s *Scheme, o *fec.OTI, k int) (encoder, decoder uint64) {
	length := int(o.SymbolLength)
	source := fectest.Source(k, length)
	lost := min(k, int(o.MaxEncodingSymbols)-k, 300)
	repair := make([]fec.Symbol, 0, lost)
	slab := make([]byte, 0, lost*length)
	s.plans.entries, s.plans.keys, s.plans.bytes = map[planKey]*plan{}, nil, 0
	s.workspaces.idle, s.workspaces.bytes = nil, 0
	encoder = allocbound.Allocated(func() {
		enc, err := s.NewEncoder(o, Rizzo, uint32(k), source[:len(source)-1])
		if err != nil {
			t.Fatal(err)
		}
		for esi := fec.ESI(k); len(repair) < lost; esi++ {
			start := len(slab)
			if slab, err = enc.AppendRepair(slab, esi); err != nil {
				t.Fatal(err)
			}
			repair = append(repair, fec.Symbol{ESI: esi, Data: slab[start:]})
		}
	})
	s.workspaces.idle, s.workspaces.bytes = nil, 0
	symbols := fectest.Split(source, length)
	for i := range lost {
		symbols[i] = symbols[i][:0]
	}
	decoder = allocbound.Allocated(func() {
		dec, err := s.NewDecoder(o, Rizzo, uint32(k))
		if err != nil {
			t.Fatal(err)
		}
		if err := dec.Recover(symbols, repair); err != nil {
			t.Fatal(err)
		}
		dec.Matches(symbols, repair[0])
	})
	return encoder, decoder
}

// TestMemoryOfNothing: blocks that cannot be, and blocks without repair symbols.
func TestMemoryOfNothing(t *testing.T) {
	s := New()
	for _, v := range []struct {
		oti fec.OTI
		k   uint32
	}{
		{testOTI(10, 4, 8), 0},
		{testOTI(255, 0, 8), 255},
		{testOTI(255, 0, 8), 1<<32 - 1},
		{oti2m(17, 10, 4, 8), 10},
		{oti2m(16, 65535, 0, 8), 65535},
	} {
		if m := s.Memory(&v.oti, v.k); m != (fec.Memory{}) {
			t.Errorf("k=%d: %+v", v.k, m)
		}
	}
}

// TestSteadyState: block after block allocates nothing.
func TestSteadyState(t *testing.T) {
	for _, v := range memorySizes {
		if v.k*v.p > 100000 {
			continue
		}
		s := New()
		o := oti2m(v.m, v.k, v.p, v.length)
		source := fectest.Source(v.k, v.length)
		enc, err := s.NewEncoder(&o, Rizzo, uint32(v.k), source)
		if err != nil {
			t.Fatal(err)
		}
		repair := repairOf(t, s, &o, Rizzo, v.k, source)
		packet := make([]byte, 0, v.length)
		if n := testing.AllocsPerRun(5, func() {
			if err := enc.Reset(source); err != nil {
				t.Fatal(err)
			}
			for _, r := range repair {
				if _, err := enc.AppendRepair(packet, r.ESI); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 {
			t.Errorf("m=%d k=%d p=%d: %v allocations to encode", v.m, v.k, v.p, n)
		}
		dec, err := s.NewDecoder(&o, Rizzo, uint32(v.k))
		if err != nil {
			t.Fatal(err)
		}
		symbols := fectest.Split(source, v.length)
		if n := testing.AllocsPerRun(5, func() {
			for i := range min(v.k, v.p) {
				symbols[i] = symbols[i][:0]
			}
			if err := dec.Recover(symbols, repair); err != nil {
				t.Fatal(err)
			}
			if !dec.Matches(symbols, repair[0]) {
				t.Fatal("does not match")
			}
		}); n != 0 {
			t.Errorf("m=%d k=%d p=%d: %v allocations to decode", v.m, v.k, v.p, n)
		}
	}
}

// TestIdleWorkspaces: what is kept for the next block is bounded, and nothing in it holds a caller's symbols.
func TestIdleWorkspaces(t *testing.T) {
	var l workspaces
	c := newCode(8)
	codes := []*code{newCode(3), newCode(4), newCode(9), newCode(10)}
	for i := range 3 * maxIdle {
		w := l.take(codes[i%len(codes)])
		w.stripes = make([]byte, i<<20)
		w.src = [][]byte{{1}}
		l.put(w)
		var total uint64
		for _, w := range l.idle {
			total += w.size()
			if w.src[0] != nil {
				t.Fatal("a symbol is kept")
			}
		}
		if total != l.bytes || total > maxIdleBytes || len(l.idle) > maxIdle {
			t.Fatalf("%d idle workspaces of %d bytes, %d counted", len(l.idle), total, l.bytes)
		}
	}
	w := l.take(c)
	l.put(w)
	if l.take(c) != w {
		t.Error("the workspace was not kept")
	}
	w.symbol = make([]byte, maxIdleBytes+1)
	l.put(w)
	if l.take(c) == w {
		t.Error("a workspace of more than all may have was kept")
	}
}
