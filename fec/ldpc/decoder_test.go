package ldpc

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// oracle reports by plain Gaussian elimination over the whole parity check matrix whether the source symbols follow
// from those received.
func oracle(m *matrix, received []bool) bool {
	var columns []int
	for c, r := range received {
		if !r {
			columns = append(columns, c)
		}
	}
	at := make([]int, m.n)
	for i, c := range columns {
		at[c] = i + 1
	}
	var rows [][]bool
	for row := range uint32(m.repairs()) {
		b := make([]bool, len(columns))
		for _, c := range m.symbols(nil, row) {
			if at[c] > 0 {
				b[at[c]-1] = !b[at[c]-1]
			}
		}
		rows = append(rows, b)
	}
	rank := 0
	for c := range columns {
		p := slices.IndexFunc(rows[rank:], func(b []bool) bool { return b[c] })
		if p < 0 {
			return false
		}
		rows[rank], rows[rank+p] = rows[rank+p], rows[rank]
		for i := rank + 1; i < len(rows); i++ {
			if rows[i][c] {
				for j := c; j < len(columns); j++ {
					rows[i][j] = rows[i][j] != rows[rank][j]
				}
			}
		}
		rank++
	}
	return true
}

func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// block is one source block with all its symbols.
type block struct {
	o      fec.OTI
	k, n   int
	source []byte
	repair [][]byte
}

func newBlock(t testing.TB, s *Scheme, rng *rand.Rand, id fec.EncodingID, k, n, n1, length int) *block {
	o := otiOf(id, k, n, n1, 1+rng.Uint32N(maxSeed), length)
	source := random(rng, k*length-rng.IntN(length))
	b := &block{o: o, k: k, n: n, source: source, repair: encodeAll(t, s, &o, source)}
	b.source = append(b.source, make([]byte, k*length-len(source))...)
	return b
}

// received returns what a receiver has of the symbols chosen: source symbols in place, and repair symbols.
func (b *block) received(chosen []int) (source [][]byte, repair []fec.Symbol) {
	length := int(b.o.SymbolLength)
	source = make([][]byte, b.k)
	for i := range source {
		source[i] = make([]byte, 0, length)
	}
	for _, esi := range chosen {
		if esi < b.k {
			source[esi] = append(source[esi][:0], b.source[esi*length:(esi+1)*length]...)
		} else {
			repair = append(repair, fec.Symbol{ESI: fec.ESI(esi), Data: b.repair[esi-b.k]})
		}
	}
	return source, repair
}

var ids = []fec.EncodingID{fec.LDPCStaircase, fec.LDPCTriangle}

// Whatever was lost, the decoder succeeds when plain elimination does, and gives back what was sent.
func TestDecoderAgainstOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := New(Config{})
	solved, failed := 0, 0
	for range 1500 {
		k := 2 + rng.IntN(60)
		n1 := 3 + rng.IntN(8)
		n := k + n1 + rng.IntN(k+10)
		b := newBlock(t, s, rng, ids[rng.IntN(2)], k, n, n1, 1+rng.IntN(20))
		symbols := rng.Perm(n)[:min(n, k+rng.IntN(8))]
		received := make([]bool, n)
		for _, esi := range symbols {
			received[esi] = true
		}
		want := oracle(s.matrices.get(params{k, n, n1, b.o.Seed, b.o.EncodingID == fec.LDPCTriangle}), received)
		source, repair := b.received(symbols)
		d, err := s.NewDecoder(&b.o, "", uint32(k))
		if err != nil {
			t.Fatal(err)
		}
		before := len(slices.Concat(source...))
		err = d.Recover(source, repair)
		lost := slices.Contains(received[:k], false)
		switch {
		case err == nil && (want || !lost):
			solved++
			if !bytes.Equal(slices.Concat(source...), b.source) {
				t.Fatalf("k=%d n=%d N1=%d: other bytes", k, n, n1)
			}
			if len(repair) > 0 && !d.Matches(source, repair[0]) {
				t.Fatalf("k=%d n=%d N1=%d: repair symbol %d does not match", k, n, n1, repair[0].ESI)
			}
		case errors.Is(err, fec.ErrMoreSymbols) && !want:
			failed++
			if len(slices.Concat(source...)) != before {
				t.Fatal("a failed try has changed the source symbols")
			}
		default:
			t.Fatalf("k=%d n=%d N1=%d, %d symbols: %v, the oracle says %v", k, n, n1, len(symbols), err, want)
		}
	}
	if solved < 300 || failed < 300 {
		t.Errorf("%d solved, %d failed: the test says little", solved, failed)
	}
}

// Symbols come one by one, in any order, some twice; a try is made when Ready says so. Ready never keeps a try from
// success.
func TestOneByOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	s := New(Config{})
	for range 120 {
		k := 20 + rng.IntN(300)
		n1 := 3 + rng.IntN(5)
		b := newBlock(t, s, rng, ids[rng.IntN(2)], k, k+k/2+n1, n1, 8)
		m := s.matrices.get(params{k, b.n, n1, b.o.Seed, b.o.EncodingID == fec.LDPCTriangle})
		d, err := s.NewDecoder(&b.o, "", uint32(k))
		if err != nil {
			t.Fatal(err)
		}
		received := make([]bool, b.n)
		var chosen []int
		done := false
		for _, esi := range rng.Perm(b.n) {
			chosen, received[esi] = append(chosen, esi), true
			source, repair := b.received(chosen)
			if len(repair) == 0 {
				continue
			}
			if !d.Ready(len(chosen)-len(repair), len(repair)) {
				if len(chosen) >= k && slices.Contains(received[:k], false) && oracle(m, received) {
					t.Fatalf("k=%d: not ready with %d symbols, which suffice", k, len(chosen))
				}
				continue
			}
			if rng.IntN(2) == 0 {
				solved := d.(fec.Solver).Solve(fectest.Missing(source), fectest.ESIs(repair))
				if err := d.Recover(source, repair); (err == nil) != (solved == nil) {
					t.Fatalf("Solve says %v, Recover %v", solved, err)
				}
			} else {
				err = d.Recover(source, append(repair, repair[0]))
			}
			if bytes.Equal(slices.Concat(source...), b.source) {
				done = true
				break
			}
		}
		if !done {
			t.Fatalf("k=%d: not decoded with all symbols: %v", k, err)
		}
	}
}

// Blocks whose lost symbols depend on each other by the hundred: decoded from as few symbols as suffice, which plain
// elimination says too, on and off the goroutine that asks, one after the other in the same memory.
func TestDecoderLarge(t *testing.T) {
	fectest.OneGoroutine(t)
	rng := rand.New(rand.NewPCG(7, 1))
	parallel := func(n int, f func(int)) {
		for i := range n {
			f(n - 1 - i)
		}
	}
	schemes := []*Scheme{New(Config{}), New(Config{Parallel: parallel})}
	for i, c := range []struct{ k, n, n1, length int }{
		{300, 450, 10, 700}, {700, 900, 7, 1400}, {700, 2100, 9, 1}, {1500, 2500, 10, 1400}, {1500, 2000, 3, 64}, {1600, 3200, 7, 1100},
	} {
		for _, id := range ids {
			s := schemes[i%2]
			b := newBlock(t, s, rng, id, c.k, c.n, c.n1, c.length)
			m := s.matrices.get(params{c.k, c.n, c.n1, b.o.Seed, id == fec.LDPCTriangle})
			symbols := least(t, s, b, rng.Perm(c.n))
			received := make([]bool, c.n)
			for _, esi := range symbols {
				received[esi] = true
			}
			if !oracle(m, received) {
				t.Errorf("%v, %+v: plain elimination fails with %d symbols", id, c, len(symbols))
			}
			if received[symbols[len(symbols)-1]] = false; len(symbols) > c.k && oracle(m, received) {
				t.Errorf("%v, %+v: one symbol less than %d suffices", id, c, len(symbols))
			}
			d, err := s.NewDecoder(&b.o, "", uint32(c.k))
			if err != nil {
				t.Fatal(err)
			}
			source, repair := b.received(symbols)
			if err := d.Recover(source, repair); err != nil || !bytes.Equal(slices.Concat(source...), b.source) {
				t.Errorf("%v, %+v: %v, or other bytes", id, c, err)
			}
		}
	}
}

// Decoding one block after the other takes memory for the lists of what is lost, and for no symbols.
func TestDecoderAllocs(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	s := New(Config{})
	b := newBlock(t, s, rng, fec.LDPCStaircase, 1000, 1500, 7, 1400)
	source, repair := b.received(rng.Perm(1500)[:1010])
	lost := slices.Clone(source)
	decode := func() {
		copy(source, lost)
		d, _ := s.NewDecoder(&b.o, "", 1000)
		if err := d.Recover(source, repair); err != nil {
			t.Fatal(err)
		}
	}
	decode()
	if n := allocbound.Allocated(func() {
		for range 10 {
			decode()
		}
	}); n > 10*12_000 {
		t.Errorf("%d bytes for 10 blocks", n)
	}
}

// A block of which stripes are worked on at the same time.
func TestParallel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	calls := 0
	s := New(Config{Parallel: func(n int, f func(int)) {
		calls++
		for i := range n {
			f(n - 1 - i)
		}
	}})
	b := newBlock(t, New(Config{}), rng, fec.LDPCStaircase, 400, 700, 5, 16001)
	for i, r := range encodeAll(t, s, &b.o, b.source) {
		if !bytes.Equal(r, b.repair[i]) {
			t.Fatalf("repair symbol %d is another one", i)
		}
	}
	source, repair := b.received(rng.Perm(700)[:500])
	d, _ := s.NewDecoder(&b.o, "", 400)
	if err := d.Recover(source, repair); err != nil || !bytes.Equal(slices.Concat(source...), b.source) {
		t.Errorf("%v, or other bytes", err)
	}
	if calls != 2 {
		t.Errorf("%d calls of Parallel, want 2", calls)
	}
}

// What Supports permits can be made, however small; what it refuses could not.
func TestSmallBlocks(t *testing.T) {
	s := New(Config{})
	for k := 1; k <= 12; k++ {
		for n1 := 3; n1 <= 10; n1++ {
			for repairs := 0; repairs <= 14; repairs++ {
				for _, id := range ids {
					o := otiOf(id, k, k+repairs, n1, uint32(1+k), 4)
					err := s.Supports(&o)
					if ok := repairs == 0 || repairs >= n1; ok != (err == nil) ||
						err != nil && !errors.Is(err, flute.ErrOTI) {
						t.Errorf("k=%d, %d repair symbols, N1=%d: %v", k, repairs, n1, err)
					}
					if err == nil && repairs > 0 {
						encodeAll(t, s, &o, []byte{1, 2, 3})
					}
				}
			}
		}
	}
}

func TestErrors(t *testing.T) {
	s := New(Config{})
	o := otiOf(fec.LDPCStaircase, 10, 20, 3, 1, 4)
	e, err := s.NewEncoder(&o, "", 10, make([]byte, 40))
	if err != nil {
		t.Fatal(err)
	}
	for _, esi := range []fec.ESI{0, 9, 20, 1 << 31} {
		if _, err := e.AppendRepair(nil, esi); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("repair symbol %d: %v", esi, err)
		}
	}
	if err := e.Reset(make([]byte, 41)); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("a source block too long: %v", err)
	}
	d, err := s.NewDecoder(&o, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	source := make([][]byte, 10)
	for name, call := range map[string]func() error{
		"source symbols too few": func() error { return d.Recover(source[:9], nil) },
		"source symbol too short": func() error {
			return d.Recover(append(slices.Clone(source[:9]), []byte{1}), nil)
		},
		"repair symbol too short": func() error { return d.Recover(source, []fec.Symbol{{ESI: 10, Data: []byte{1}}}) },
		"repair symbol too high": func() error {
			return d.Recover(
				source, []fec.Symbol{{ESI: 20, Data: make([]byte, 4)}})
		},
		"lost symbol too high": func() error { return d.(fec.Solver).Solve([]fec.ESI{10}, nil) },
	} {
		if err := call(); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := d.Recover(source, nil); !errors.Is(err, fec.ErrMoreSymbols) {
		t.Errorf("nothing received: %v", err)
	}
	for _, bad := range []fec.OTI{
		{EncodingID: fec.RaptorQ},
		otiOf(fec.LDPCStaircase, 10, 20, 2, 1, 4),
		otiOf(fec.LDPCStaircase, 10, 20, 3, 0, 4),
		otiOf(fec.LDPCStaircase, 10, 9, 3, 1, 4),
	} {
		if err := s.Supports(&bad); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
