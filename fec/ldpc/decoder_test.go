package ldpc

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

var long = flag.Bool("long", false, "run the statistics with many blocks")

// oracle reports by plain Gaussian elimination over the whole parity check matrix whether the source symbols follow from those
// received.
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
	s := solver{m: m}
	var rows [][]bool
	for row := range uint32(m.repairs()) {
		b := make([]bool, len(columns))
		s.symbols(row, func(c uint32) {
			if at[c] > 0 {
				b[at[c]-1] = !b[at[c]-1]
			}
		})
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

// Symbols come one by one, in any order, some twice; a try is made when Ready says so. Ready never keeps a try from success.
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
				var lost, have []fec.ESI
				for i, x := range source {
					if len(x) == 0 {
						lost = append(lost, fec.ESI(i))
					}
				}
				for _, r := range repair {
					have = append(have, r.ESI)
				}
				solved := d.(fec.Solver).Solve(lost, have)
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
					if ok := repairs == 0 || k >= 2 && repairs >= n1; ok != (err == nil) || err != nil && !errors.Is(err, flute.ErrOTI) {
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
	if err := e.(fec.Resetter).Reset(make([]byte, 41)); !errors.Is(err, flute.ErrOTI) {
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
		"repair symbol too high":  func() error { return d.Recover(source, []fec.Symbol{{ESI: 20, Data: make([]byte, 4)}}) },
		"lost symbol too high":    func() error { return d.(fec.Solver).Solve([]fec.ESI{10}, nil) },
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

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMemory(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, id := range ids {
		for _, c := range []struct{ k, n, n1 int }{{2, 9, 7}, {10, 20, 10}, {100, 150, 3}, {1000, 1500, 7}, {1000, 9000, 3}, {10_000, 12_500, 7}, {50_000, 60_000, 3}} {
			b := newBlock(t, New(Config{}), rng, id, c.k, c.n, c.n1, 16)
			s := New(Config{})
			m := s.Memory(&b.o, uint32(c.k))
			got := allocated(func() {
				e, _ := s.NewEncoder(&b.o, "", uint32(c.k), b.source)
				_, _ = e.AppendRepair(make([]byte, 0, 16), fec.ESI(c.k))
			})
			if got > m.Encoder {
				t.Errorf("%v, %+v: an encoder allocates %d bytes, %d are said", id, c, got, m.Encoder)
			}
			symbols := rng.Perm(c.n)[:c.k+(c.n-c.k)*2/3]
			source, repair := b.received(symbols)
			s = New(Config{})
			got = allocated(func() {
				d, _ := s.NewDecoder(&b.o, "", uint32(c.k))
				_ = d.Recover(source, repair)
			})
			if got > m.Decoder {
				t.Errorf("%v, %+v: a decoder allocates %d bytes, %d are said", id, c, got, m.Decoder)
			}
			if most := 60 * got; c.k > 100 && m.Decoder > most {
				t.Errorf("%v, %+v: a decoder allocates %d bytes, %d are said: too many to be of use", id, c, got, m.Decoder)
			}
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
		_ = e.(fec.Resetter).Reset(make([]byte, 0))
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

// TestOverhead measures how many symbols more than k are needed on the average, in random order at rate 2/3. The wants are those
// of our study of RFC 5170, by an independent program.
func TestOverhead(t *testing.T) {
	blocks := 20
	if *long {
		blocks = 400
	}
	for _, c := range []struct {
		k, n1    int
		triangle bool
		most     float64 // per cent
	}{{100, 3, false, 9}, {100, 7, false, 2.4}, {1000, 3, false, 5}, {1000, 5, false, 1.3}, {1000, 7, false, .5}, {1000, 3, true, 2}} {
		rng := rand.New(rand.NewPCG(5, uint64(c.n1)))
		s := New(Config{})
		needed := 0
		for range blocks {
			p := params{c.k, c.k * 3 / 2, c.n1, 1 + rng.Uint32N(maxSeed), c.triangle}
			sv := solver{m: s.matrices.get(p)}
			order := rng.Perm(p.n)
			count := c.k
			for {
				lost, repair := split(order[:count], c.k)
				missing, err := sv.solve(lost, repair)
				if err != nil {
					t.Fatal(err)
				}
				if missing == 0 {
					break
				}
				count += missing
			}
			needed += count - c.k
		}
		overhead := 100 * float64(needed) / float64(blocks*c.k)
		t.Logf("k=%d N1=%d triangle %v: %.2f %% more symbols than k, %d blocks", c.k, c.n1, c.triangle, overhead, blocks)
		if overhead > c.most {
			t.Errorf("k=%d N1=%d triangle %v: %.2f %% more, at most %.2f %% is what the code needs", c.k, c.n1, c.triangle, overhead, c.most)
		}
	}
}

// split returns the source symbols that are not among those received, and the repair symbols that are.
func split(received []int, k int) (lost, repair []fec.ESI) {
	have := make([]bool, k)
	for _, esi := range received {
		if esi < k {
			have[esi] = true
		} else {
			repair = append(repair, fec.ESI(esi))
		}
	}
	for esi, h := range have {
		if !h {
			lost = append(lost, fec.ESI(esi))
		}
	}
	return lost, repair
}

func FuzzDecoder(f *testing.F) {
	f.Add(uint8(0), uint16(10), uint16(20), uint8(3), uint32(1), uint8(4), []byte{0, 3, 12, 15})
	f.Add(uint8(1), uint16(2), uint16(12), uint8(10), uint32(maxSeed), uint8(1), []byte{})
	f.Add(uint8(1), uint16(100), uint16(130), uint8(7), uint32(99), uint8(31), bytes.Repeat([]byte{1, 7, 200}, 30))
	f.Fuzz(func(t *testing.T, id uint8, k, n uint16, n1 uint8, seed uint32, g uint8, symbols []byte) {
		o := otiOf(ids[id%2], int(k%300), int(n%900), int(n1), seed, 4)
		o.GroupSize = g
		s := New(Config{})
		if s.Supports(&o) != nil || k%300 == 0 {
			return
		}
		kk := uint32(k % 300)
		d, err := s.NewDecoder(&o, "", kk)
		if err != nil {
			t.Fatal(err)
		}
		source := make([][]byte, kk)
		var repair []fec.Symbol
		for i, b := range symbols {
			esi := fec.ESI(int(b) + 256*(i%4))
			if uint32(esi) < kk {
				source[esi] = []byte{b, 1, 2, 3}
			} else {
				repair = append(repair, fec.Symbol{ESI: esi, Data: []byte{b, 2, 3, 4}})
			}
			_, _ = s.AppendGroup(nil, &o, kk, esi)
			_, _ = s.AppendPacket(nil, &o, kk, uint32(esi))
		}
		_ = d.Ready(3, len(repair))
		if err := d.Recover(source, repair); err != nil && !errors.Is(err, fec.ErrMoreSymbols) && !errors.Is(err, flute.ErrOTI) {
			t.Fatal(err)
		}
	})
}

func Example() {
	o := fec.OTI{
		EncodingID: fec.LDPCStaircase, TransferLength: 20, SymbolLength: 2, MaxSourceBlockLength: 10, MaxEncodingSymbols: 20,
		N1: 3, Seed: 1, GroupSize: 1,
	}
	s := New(Config{})
	block := []byte("twenty bytes of data")
	enc, _ := s.NewEncoder(&o, "", 10, block)
	var repair []fec.Symbol
	for esi := fec.ESI(10); esi < 18; esi++ {
		b, _ := enc.AppendRepair(nil, esi)
		repair = append(repair, fec.Symbol{ESI: esi, Data: b})
	}
	source := make([][]byte, 10) // five symbols came
	for i := 0; i < 10; i += 2 {
		source[i] = block[2*i : 2*i+2]
	}
	dec, _ := s.NewDecoder(&o, "", 10)
	fmt.Println(dec.Recover(source, repair), string(bytes.Join(source, nil)))
	// Output: <nil> twenty bytes of data
}
