package ldpc

import (
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

func TestMemory(t *testing.T) {
	fectest.OneGoroutine(t)
	rng := rand.New(rand.NewPCG(4, 1))
	for _, id := range ids {
		for _, c := range []struct{ k, n, n1 int }{
			{2, 9, 7},
			{10, 20, 10},
			{100, 150, 3},
			{1000, 1500, 7},
			{1000, 9000, 3},
			{10_000, 12_500, 7},
			{10_000, 15_000, 10},
			{50_000, 60_000, 3},
		} {
			b := newBlock(t, New(Config{}), rng, id, c.k, c.n, c.n1, 16)
			s := New(Config{})
			m := s.Memory(&b.o, uint32(c.k))
			got := allocbound.Allocated(func() {
				e, _ := s.NewEncoder(&b.o, "", uint32(c.k), b.source)
				_, _ = e.AppendRepair(make([]byte, 0, 16), fec.ESI(c.k))
			})
			if got > m.Encoder {
				t.Errorf("%v, %+v: an encoder allocates %d bytes, %d are said", id, c, got, m.Encoder)
			}
			source, repair := b.received(least(t, s, b, rng.Perm(c.n)))
			s = New(Config{})
			got = allocbound.Allocated(func() {
				d, _ := s.NewDecoder(&b.o, "", uint32(c.k))
				_ = d.Recover(source, repair)
			})
			if got > m.Decoder {
				t.Errorf("%v, %+v: a decoder allocates %d bytes, %d are said", id, c, got, m.Decoder)
			}
			if c.k >= 1000 && m.Decoder > 6*got {
				t.Errorf("%v, %+v: a decoder allocates %d bytes, %d are said: too many to be of use", id, c, got,
					m.Decoder)
			}
			t.Logf("%v, %+v: a decoder allocates %d bytes, %d are said", id, c, got, m.Decoder)
		}
	}
	o := otiOf(fec.LDPCStaircase, 1000, 1500, 7, 1, 1400)
	s := New(Config{})
	e, err := s.NewEncoder(&o, "", 1000, make([]byte, 1_400_000))
	if err != nil {
		t.Fatal(err)
	}
	room := make([]byte, 0, 1400)
	if n := testing.AllocsPerRun(10, func() {
		_ = e.Reset(make([]byte, 0))
		_, _ = e.AppendRepair(room, 1000)
		_, _ = e.AppendRepair(room, 1499)
	}); n > 1 {
		t.Errorf("%v allocations for a block in an encoder that is used again", n)
	}
}

// The cache keeps to its bytes, and what is used.
func TestCache(t *testing.T) {
	s := New(Config{MatrixBytes: 100_000})
	a := s.matrices.get(params{100, 150, 3, 1, false})
	for seed := range uint32(50) {
		s.matrices.get(params{200, 300, 3, 1 + seed, false})
		if s.matrices.get(params{100, 150, 3, 1, false}) != a {
			t.Fatal("the matrix that is used all the time was dropped")
		}
		if s.matrices.bytes > 100_000 {
			t.Fatalf("%d bytes kept", s.matrices.bytes)
		}
	}
	s.matrices.get(params{10_000, 15_000, 3, 1, false})
	if n := len(s.matrices.used); n != 1 {
		t.Errorf("%d matrices beside one that is too large", n)
	}
}
