package raptorq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// received is a source block on its way to a receiver.
type received struct {
	k, length int
	source    []byte   // zero padded
	symbols   [][]byte // as the receiver has them
	lost      []fec.ESI
	repair    []fec.Symbol
}

// lose makes a block of which each source symbol is lost with a chance, and extra repair symbols more than needed
// arrive, with random ESIs.
func lose(tb testing.TB, r *rand.Rand, s *Scheme, k, length int, chance float64, extra int) *received {
	tb.Helper()
	b := &received{k: k, length: length, source: make([]byte, k*length)}
	short := r.IntN(length)
	for i := range b.source[:len(b.source)-short] {
		b.source[i] = byte(r.Uint32())
	}
	enc := newEncoder(tb, s, k, length, b.source[:len(b.source)-short])
	memory := bytes.Clone(b.source)
	for i := range k {
		symbol := memory[i*length : (i+1)*length : (i+1)*length]
		if r.Float64() < chance {
			clear(symbol)
			symbol = symbol[:0]
			b.lost = append(b.lost, fec.ESI(i))
		}
		b.symbols = append(b.symbols, symbol)
	}
	seen := map[fec.ESI]bool{}
	for len(b.repair) < len(b.lost)+extra {
		esi := fec.ESI(k + r.IntN(3*k+20))
		if r.IntN(4) == 0 {
			esi = fec.ESI(k + r.IntN(maxESI-k))
		}
		if seen[esi] {
			continue
		}
		seen[esi] = true
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			tb.Fatal(err)
		}
		b.repair = append(b.repair, fec.Symbol{ESI: esi, Data: data})
	}
	return b
}

func (b *received) decoder(tb testing.TB, s *Scheme) fec.Decoder {
	tb.Helper()
	o := testOTI(b.k, b.length)
	dec, err := s.NewDecoder(&o, "", uint32(b.k))
	if err != nil {
		tb.Fatal(err)
	}
	return dec
}

// TestRecover loses symbols at random in blocks of all sizes.
func TestRecover(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := New(Config{})
	failed := 0
	for i := range 400 {
		k := 1 + r.IntN(300)
		if i%40 == 0 {
			k = 1 + r.IntN(5000)
		}
		length := 1 + r.IntN(400)
		chance := []float64{0.01, 0.05, 0.2, 0.7, 1}[r.IntN(5)]
		b := lose(t, r, s, k, length, chance, r.IntN(4))
		dec := b.decoder(t, s)
		if !dec.Ready(k-len(b.lost), len(b.repair)) {
			t.Fatalf("K=%d: not ready with %d of %d lost and %d repair symbols", k, len(b.lost), k, len(b.repair))
		}
		before := make([][]byte, k)
		for i, symbol := range b.symbols {
			before[i] = symbol[:len(symbol):len(symbol)]
		}
		if len(b.lost) > 0 {
			// A symbol short, and one symbol twice.
			few := append(slices.Clone(b.repair[:len(b.lost)-1]), b.repair[:min(1, len(b.lost)-1)]...)
			if err := dec.Recover(b.symbols, few); !errors.Is(err, fec.ErrMoreSymbols) {
				t.Fatalf("K=%d, one symbol short: %v", k, err)
			}
		}
		repair := append(slices.Clone(b.repair), b.repair[:r.IntN(len(b.repair)+1)]...)
		r.Shuffle(len(repair), func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
		var solved error
		if r.IntN(2) == 0 {
			solved = dec.(fec.Solver).Solve(b.lost, fectest.ESIs(b.repair))
			if err := dec.Recover(b.symbols, repair); !errors.Is(err, solved) {
				t.Fatalf("K=%d: Solve said %v, Recover %v", k, solved, err)
			}
		} else {
			solved = dec.Recover(b.symbols, repair)
		}
		if solved != nil {
			if !errors.Is(solved, fec.ErrMoreSymbols) {
				t.Fatal(solved)
			}
			if !slices.EqualFunc(before, b.symbols, bytes.Equal) {
				t.Fatalf("K=%d: changed although symbols are lacking", k)
			}
			failed++
			continue
		}
		if !bytes.Equal(bytes.Join(b.symbols, nil), b.source) {
			t.Fatalf("K=%d T=%d, %d lost, %d repair: other bytes", k, length, len(b.lost), len(b.repair))
		}
		if len(b.repair) > 0 {
			other := b.repair[r.IntN(len(b.repair))]
			if !dec.Matches(b.symbols, other) {
				t.Fatalf("K=%d T=%d: symbol %d does not match", k, length, other.ESI)
			}
			other.Data = bytes.Clone(other.Data)
			other.Data[r.IntN(length)] ^= 1
			if dec.Matches(b.symbols, other) {
				t.Fatalf("K=%d T=%d: symbol %d matches with an error", k, length, other.ESI)
			}
		}
	}
	t.Logf("%d of 400 blocks failed", failed)
	if failed > 10 {
		t.Errorf("%d of 400 blocks failed", failed)
	}
}

// TestInPlace: a lost symbol is recovered into the room behind its slice, and into new memory without one. Symbols
// received are not written to.
func TestInPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	s := New(Config{})
	for _, length := range []int{5, 100} {
		b := lose(t, r, s, 20, length, 0, 4)
		for _, i := range []int{3, 7} {
			b.symbols[i] = b.symbols[i][:0]
		}
		clear(b.symbols[3][:length])
		first := &b.symbols[3][:1][0]
		b.symbols[7] = nil
		if err := b.decoder(t, s).Recover(b.symbols, b.repair); err != nil {
			t.Fatal(err)
		}
		if &b.symbols[3][0] != first {
			t.Error("symbol 3 is in other memory")
		}
		if !bytes.Equal(bytes.Join(b.symbols, nil), b.source) {
			t.Error("other bytes")
		}
		if err := b.decoder(t, s).Recover(b.symbols, nil); err != nil {
			t.Errorf("nothing lost: %v", err)
		}
	}
}

// TestRecoverRefused: what cannot be symbols of the block is an error, and nothing changes.
func TestRecoverRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	s := New(Config{})
	b := lose(t, r, s, 12, 8, 0.5, 2)
	dec := b.decoder(t, s)
	good := b.repair[0]
	for _, v := range []struct {
		name    string
		symbols [][]byte
		repair  []fec.Symbol
	}{
		{"ESI of a source symbol", b.symbols, []fec.Symbol{{ESI: 11, Data: good.Data}}},
		{"ESI of 25 bits", b.symbols, []fec.Symbol{{ESI: maxESI, Data: good.Data}}},
		{"largest ESI", b.symbols, []fec.Symbol{{ESI: 1<<32 - 1, Data: good.Data}}},
		{"short repair symbol", b.symbols, []fec.Symbol{{ESI: good.ESI, Data: good.Data[1:]}}},
		{"empty repair symbol", b.symbols, []fec.Symbol{{ESI: good.ESI}}},
		{"too few elements", b.symbols[1:], b.repair},
		{"no elements", nil, b.repair},
		{"short source symbol", append(slices.Clone(b.symbols[:11]), good.Data[1:]), b.repair},
	} {
		if err := dec.Recover(v.symbols, v.repair); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: %v", v.name, err)
		}
		if len(v.repair) == 1 && dec.Matches(lossless(b), v.repair[0]) {
			t.Errorf("%s: matches", v.name)
		}
	}
	if dec.Matches(b.symbols, good) {
		t.Error("an incomplete block matches")
	}
	solver := dec.(fec.Solver)
	if err := solver.Solve(b.lost, []fec.ESI{0, 1, maxESI, 1<<32 - 1}); !errors.Is(err, fec.ErrMoreSymbols) {
		t.Errorf("no repair symbols: %v", err)
	}
	if err := solver.Solve([]fec.ESI{12, 1<<32 - 1}, nil); err != nil {
		t.Errorf("lost symbols that are none: %v", err)
	}
	if err := dec.Recover(b.symbols, b.repair); err != nil {
		t.Errorf("then: %v", err)
	}
}

// lossless returns the symbols of b, none lost.
func lossless(b *received) (symbols [][]byte) {
	for i := range b.k {
		symbols = append(symbols, b.source[i*b.length:(i+1)*b.length])
	}
	return symbols
}

// TestLater: between Solve and Recover, and between two Solves, source symbols arrive too.
func TestLater(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 13))
	s := New(Config{})
	for range 200 {
		k := 20 + r.IntN(300)
		b := lose(t, r, s, k, 8, []float64{0.02, 0.2, 0.9}[r.IntN(3)], 3)
		if len(b.lost) < 3 {
			continue
		}
		dec := b.decoder(t, s)
		whole, esis := lossless(b), fectest.ESIs(b.repair)
		_ = dec.(fec.Solver).Solve(b.lost, esis[:len(b.lost)])
		b.symbols[b.lost[0]] = whole[b.lost[0]]
		if err := dec.(fec.Solver).Solve(b.lost[1:], esis[:len(b.lost)+1]); err != nil {
			continue // one in 10,000
		}
		b.symbols[b.lost[1]] = whole[b.lost[1]]
		if err := dec.Recover(b.symbols, b.repair); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.Join(b.symbols, nil), b.source) {
			t.Fatalf("K=%d: other bytes", k)
		}
	}
}

// TestRecoverAllocs: block after block, a scheme makes use of the same memory.
func TestRecoverAllocs(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 15))
	s := New(Config{})
	for _, chance := range []float64{0.02, 0.5} {
		b := lose(t, r, s, 200, 256, chance, 3)
		dec := b.decoder(t, s)
		if n := testing.AllocsPerRun(50, func() {
			for _, i := range b.lost {
				b.symbols[i] = b.symbols[i][:0]
			}
			if err := dec.Recover(b.symbols, b.repair); err != nil {
				t.Fatal(err)
			}
		}); n > 2 {
			t.Errorf("%d of 200 lost: %v allocations", len(b.lost), n)
		}
	}
}

// TestForged: ESIs chosen to be of little use, and many of them, end in an error or in success, within the memory that
// is said.
func TestForged(t *testing.T) {
	const k = 400
	s := New(Config{})
	o := testOTI(k, 4)
	c := newCode(k)
	var heavy, light []fec.ESI
	for esi := fec.ESI(k); esi < maxESI && (len(heavy) < 2*k || len(light) < 2*k); esi++ {
		switch t := c.tuple(uint32(esi) + c.k - k); {
		case t.d > 25 && len(heavy) < 2*k:
			heavy = append(heavy, esi)
		case t.d == 1 && len(light) < 2*k:
			light = append(light, esi)
		}
	}
	lost := make([]fec.ESI, k)
	for i := range lost {
		lost[i] = fec.ESI(i)
	}
	for name, repair := range map[string][]fec.ESI{
		"heavy": heavy, "light": light, "both": slices.Concat(heavy[:k/2], light[:k/2], heavy[k/2:]),
	} {
		dec, err := s.NewDecoder(&o, "", k)
		if err != nil {
			t.Fatal(err)
		}
		used := allocbound.Allocated(func() {
			for n := k; n <= len(repair); n += 100 {
				if err = dec.(fec.Solver).Solve(lost, repair[:n]); err == nil {
					break
				}
			}
		})
		t.Logf("%s: %v, %d bytes", name, err, used)
		if err != nil && !errors.Is(err, fec.ErrMoreSymbols) {
			t.Errorf("%s: %v", name, err)
		}
		if most := s.Memory(&o, k).Decoder; used > most {
			t.Errorf("%s: %d bytes, Memory says %d", name, used, most)
		}
	}
}

func FuzzRecover(f *testing.F) {
	f.Add(uint16(10), uint8(8), []byte{0, 3, 7}, []byte{0, 1, 2, 3, 4}, []byte("seed"))
	f.Add(uint16(1), uint8(1), []byte{0}, []byte{9}, []byte{})
	f.Add(uint16(101), uint8(100), []byte{0, 9, 200, 33, 7}, bytes.Repeat([]byte{1, 200}, 9), fectest.Source(10, 100))
	f.Add(uint16(300), uint8(64), bytes.Repeat([]byte{1, 7, 31}, 70), bytes.Repeat([]byte{3, 90, 8}, 60),
		fectest.Source(3, 64))
	s := New(Config{})
	f.Fuzz(func(t *testing.T, k uint16, length uint8, lose, steps, data []byte) {
		if k == 0 || k > 400 || length == 0 {
			return
		}
		source := data[:min(len(data), int(k)*int(length))]
		enc := newEncoder(t, s, int(k), int(length), source)
		whole := &received{k: int(k), length: int(length), source: make([]byte, int(k)*int(length))}
		copy(whole.source, source)
		symbols := lossless(whole)
		for i := range symbols {
			symbols[i] = bytes.Clone(symbols[i])
		}
		at, there := 0, map[fec.ESI]bool{}
		for i := range symbols {
			there[fec.ESI(i)] = true
		}
		for _, b := range lose {
			at = (at + int(b) + 1) % int(k)
			clear(symbols[at][:length])
			symbols[at] = symbols[at][:0]
			delete(there, fec.ESI(at))
		}
		lossy := len(there) < int(k)
		// ESIs go up by steps, some of them twice, some of them large.
		var repair []fec.Symbol
		esi := fec.ESI(k)
		for _, b := range steps {
			if esi += fec.ESI(b); b > 250 {
				esi = (esi*esi + fec.ESI(k)) % maxESI
			}
			if esi < fec.ESI(k) || esi >= maxESI {
				esi = fec.ESI(k)
			}
			symbol, err := enc.AppendRepair(nil, esi)
			if err != nil {
				t.Fatal(err)
			}
			repair = append(repair, fec.Symbol{ESI: esi, Data: symbol})
			there[esi] = true
		}
		dec := whole.decoder(t, s)
		// RFC 6330, section 1: on average little more than as many symbols as the block has are enough. Ten more fail
		// once in 10^20 times.
		switch err := dec.Recover(symbols, repair); {
		case err == nil && lossy && len(there) < int(k):
			t.Fatalf("%d symbols are recovered from %d", k, len(there))
		case errors.Is(err, fec.ErrMoreSymbols) && len(there) < int(k)+10 && lossy:
		case err != nil:
			t.Fatal(err)
		default:
			if !bytes.Equal(bytes.Join(symbols, nil), whole.source) {
				t.Fatal("other bytes")
			}
		}
	})
}

// FuzzForged gives the decoder symbols that no encoder made, of any OTI.
func FuzzForged(f *testing.F) {
	f.Add(uint16(8), uint32(10), []byte{1, 1, 0, 1}, []byte{0, 0, 0, 10, 0, 0, 0, 11, 255, 255, 255, 255})
	f.Add(uint16(0), uint32(0), []byte{}, []byte{})
	f.Add(uint16(3), uint32(60000), []byte{9}, []byte{0, 1, 2, 3})
	f.Add(uint16(65535), uint32(200), bytes.Repeat([]byte{0, 1}, 100), bytes.Repeat([]byte{0, 7, 200, 3, 9}, 101))
	s := New(Config{})
	f.Fuzz(func(t *testing.T, length uint16, k uint32, there, esis []byte) {
		o := testOTI(10, int(length))
		dec, err := s.NewDecoder(&o, "", k)
		if err != nil {
			if !errors.Is(err, flute.ErrOTI) || s.Memory(&o, k) != (fec.Memory{}) {
				t.Fatal(err)
			}
			return
		}
		if k > 300 {
			return
		}
		symbols := make([][]byte, len(there))
		for i, b := range there {
			if b != 0 {
				symbols[i] = make([]byte, int(length)+int(b)-1)
			}
		}
		var repair []fec.Symbol
		for b := esis; len(b) >= 4; b = b[4:] {
			symbol := fec.Symbol{ESI: fec.ESI(binary.BigEndian.Uint32(b)), Data: make([]byte, length)}
			repair = append(repair, symbol)
		}
		if err := dec.Recover(symbols, repair); err != nil && !errors.Is(err, fec.ErrMoreSymbols) &&
			!errors.Is(err, flute.ErrOTI) {
			t.Fatal(err)
		}
		if len(repair) > 0 {
			dec.Matches(symbols, repair[0])
		}
	})
}
