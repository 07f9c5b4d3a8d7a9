package raptor

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
)

// TestRecover loses symbols at random, in blocks of all sizes, and gives back any repair symbols, in any order.
func TestRecover(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := New(Config{})
	for n := range 300 {
		k := 4 + random.IntN(100)
		if n%10 == 0 {
			k = 4 + random.IntN(2000)
		}
		length := 1 + random.IntN(200)
		source := make([]byte, k*length-random.IntN(length)) // the last symbol may be short
		for i := range source {
			source[i] = byte(random.Uint32())
		}
		enc := newTestEncoder(t, s, k, length, source)
		lost := random.Perm(k)[:1+random.IntN(k)]
		symbols := fectest.Lossy(source, k, length, lost)
		dec := newTestDecoder(t, s, k, length)
		var repair []fec.Symbol
		for range len(lost) - 1 {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
		}
		for {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
			random.Shuffle(len(repair), func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
			err := dec.Recover(symbols, repair)
			if err == nil {
				break
			}
			if !errors.Is(err, fec.ErrMoreSymbols) || len(repair) > len(lost)+30 {
				t.Fatalf("K=%d lost=%d repair=%d: %v", k, len(lost), len(repair), err)
			}
		}
		if want := fectest.Lossy(source, k, length, nil); !bytes.Equal(bytes.Join(symbols, nil),
			bytes.Join(want, nil)) {
			t.Fatalf("K=%d length=%d lost=%d: other bytes", k, length, len(lost))
		}
		if !dec.Matches(symbols, repair[0]) {
			t.Fatalf("K=%d: a repair symbol does not match", k)
		}
	}
}

// TestRecoverLate: symbols come between tries, source symbols too, and what Solve was told of is not all that Recover
// gets.
func TestRecoverLate(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	s := New(Config{})
	for n := range 200 {
		k := 4 + random.IntN(200)
		const length = 10
		source := fectest.Source(k, length)
		enc := newTestEncoder(t, s, k, length, source)
		lost := random.Perm(k)[:1+random.IntN(k)]
		var repair []fec.Symbol
		for range len(lost) + 30 {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
		}
		for range 2 {
			dec := newTestDecoder(t, s, k, length)
			missing, come := lost, 0
			for {
				if len(missing) > 0 && random.IntN(3) == 0 {
					missing = missing[1:]
				} else {
					come++
				}
				err := solveSymbols(dec, fectest.Lossy(source, k, length, missing), repair[:come])
				if err == nil {
					break
				}
				if !errors.Is(err, fec.ErrMoreSymbols) || come == len(repair) {
					t.Fatalf("K=%d: %v", k, err)
				}
			}
			symbols, there := fectest.Lossy(source, k, length, missing), repair[:come]
			if n%3 == 0 { // others than Solve was told of
				symbols, there = fectest.Lossy(source, k, length, random.Perm(k)[:min(len(missing)+1, len(lost),
					k)]), repair[min(come, 5):]
				if solveSymbols(newTestDecoder(t, s, k, length), symbols, there) != nil {
					continue
				}
			}
			if err := dec.Recover(symbols, there); err != nil {
				t.Fatalf("K=%d, %d of %d lost: %v", k, len(missing), len(lost), err)
			}
			if !bytes.Equal(bytes.Join(symbols, nil), source) {
				t.Fatalf("K=%d: other bytes", k)
			}
		}
	}
}

// TestUnchanged: a try that fails changes nothing, received source symbols are never written to, and a lost one is
// recovered into the room behind its slice, or into new memory without one.
func TestUnchanged(t *testing.T) {
	const k, length = 40, 70
	s := New(Config{})
	source := fectest.Source(k, length)
	enc := newTestEncoder(t, s, k, length, source)
	for _, lost := range [][]int{
		{1, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 39},
	} {
		symbols := fectest.Lossy(source, k, length, lost)
		symbols[3] = nil
		before := make([][]byte, k)
		for i, b := range symbols {
			before[i] = bytes.Clone(b[:cap(b)])
		}
		room := symbols[1][:1]
		dec := newTestDecoder(t, s, k, length)
		var repair []fec.Symbol
		for esi := uint32(k); ; esi++ {
			err := dec.Recover(symbols, repair)
			if err == nil {
				break
			}
			if !errors.Is(err, fec.ErrMoreSymbols) {
				t.Fatal(err)
			}
			for i, b := range symbols {
				if !bytes.Equal(b[:cap(b)], before[i]) {
					t.Fatalf("symbol %d has changed", i)
				}
			}
			repair = append(repair, repairOf(t, enc, esi))
		}
		if &symbols[1][0] != &room[0] {
			t.Error("symbol 1 is in other memory")
		}
		if !bytes.Equal(bytes.Join(symbols, nil), source) {
			t.Error("other bytes")
		}
		if err := dec.Recover(symbols, nil); err != nil {
			t.Errorf("nothing lost: %v", err)
		}
	}
}

// TestDuplicates: one symbol many times is one symbol, for Solve and for Recover.
func TestDuplicates(t *testing.T) {
	const k, length = 20, 8
	s := New(Config{})
	source := fectest.Source(k, length)
	enc := newTestEncoder(t, s, k, length, source)
	one := repairOf(t, enc, k+1)
	symbols := fectest.Lossy(source, k, length, []int{2, 7})
	dec := newTestDecoder(t, s, k, length)
	many := []fec.Symbol{one, one, one, one, one}
	for range 3 {
		if err := solveSymbols(dec, symbols, many); !errors.Is(err, fec.ErrMoreSymbols) {
			t.Errorf("Solve: %v", err)
		}
		if err := dec.Recover(symbols, many); !errors.Is(err, fec.ErrMoreSymbols) {
			t.Errorf("Recover: %v", err)
		}
	}
	for esi := uint32(k + 2); esi < k+20; esi++ {
		r := repairOf(t, enc, esi)
		many = append(many, r, one, r)
	}
	if err := dec.Recover(symbols, many); err != nil || !bytes.Equal(bytes.Join(symbols, nil), source) {
		t.Errorf("not recovered: %v", err)
	}
}

// TestRefused: what cannot be symbols of the block is an error, never a panic.
func TestRefused(t *testing.T) {
	const k, length = 5, 16
	s := New(Config{})
	source := fectest.Source(k, length)
	enc := newTestEncoder(t, s, k, length, source)
	good := []fec.Symbol{repairOf(t, enc, k), repairOf(t, enc, k+1), repairOf(t, enc, 65520)}
	dec := newTestDecoder(t, s, k, length)
	for _, v := range []struct {
		name    string
		symbols [][]byte
		repair  []fec.Symbol
	}{
		{"ESI of a source symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: 0, Data: good[0].Data}}},
		{"ESI that repeats a source symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: 65521, Data: good[0].Data}}},
		{"largest ESI", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: 1<<32 - 1, Data: good[0].Data}}},
		{"short repair symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: k, Data: good[0].Data[1:]}}},
		{"long repair symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: k, Data: append(good[0].Data, 0)}}},
		{"too few elements", fectest.Lossy(source, k, length, []int{0})[:k-1], good},
		{"no elements", nil, good},
		{"short source symbol", append(fectest.Lossy(source, k, length, []int{0})[:k-1], source[:length-1]), good},
	} {
		if err := dec.Recover(v.symbols, v.repair); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: %v", v.name, err)
		}
		if len(v.repair) == 1 && dec.Matches(fectest.Lossy(source, k, length, nil), v.repair[0]) {
			t.Errorf("%s: matches", v.name)
		}
	}
	// Solve takes no account of them.
	for _, v := range []struct {
		name         string
		lost, repair []fec.ESI
	}{
		{"source symbol for repair", []fec.ESI{2}, []fec.ESI{4}},
		{"ESI of 65521", []fec.ESI{2}, []fec.ESI{65521}},
		{"largest ESI", []fec.ESI{2}, []fec.ESI{1<<32 - 1}},
		{"lost symbol that is none", []fec.ESI{2, 1<<32 - 1}, []fec.ESI{65521, 65522}},
	} {
		if err := dec.Solve(v.lost, v.repair); !errors.Is(err, flute.ErrOTI) && !errors.Is(err, fec.ErrMoreSymbols) {
			t.Errorf("%s: %v", v.name, err)
		}
	}
	if err := dec.Solve(nil, nil); err != nil {
		t.Errorf("nothing lost: %v", err)
	}
	if dec.Matches(fectest.Lossy(source, k, length, []int{4}), good[0]) {
		t.Error("an incomplete block matches")
	}
	whole := fectest.Lossy(source, k, length, nil)
	for _, r := range good {
		if !dec.Matches(whole, r) {
			t.Errorf("symbol %d does not match", r.ESI)
		}
		wrong := fec.Symbol{ESI: r.ESI, Data: bytes.Clone(r.Data)}
		if wrong.Data[length-1] ^= 1; dec.Matches(whole, wrong) {
			t.Errorf("wrong symbol %d matches", r.ESI)
		}
	}
}

// TestReady: a try is worth while from k symbols on.
func TestReady(t *testing.T) {
	dec := newTestDecoder(t, New(Config{}), 10, 1)
	for _, v := range []struct {
		sources, repairs int
		want             bool
	}{{9, 0, false}, {9, 1, true}, {8, 1, false}, {0, 9, false}, {0, 10, true}, {0, 11, true}} {
		if got := dec.Ready(v.sources, v.repairs); got != v.want {
			t.Errorf("Ready(%d, %d) = %v", v.sources, v.repairs, got)
		}
	}
}

// TestLarge: blocks of the largest size, and those whose symbols are cut in planes, in sequence and in parallel.
func TestLarge(t *testing.T) {
	var calls atomic.Int32
	parallel := func(n int, f func(int)) {
		calls.Add(1)
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() { f(i) })
		}
		group.Wait()
	}
	for _, v := range []struct{ k, length, lost int }{
		{8192, 7, 8192}, {8192, 7, 300}, {8192, 1400, 200}, {8192, 1400, 3000}, {1000, 1400, 50}, {1000, 1401, 1000}, {20, 65535, 9},
	} {
		source := fectest.Source(v.k, v.length)
		source = source[:len(source)-v.length/2]
		var before []byte
		for _, config := range []Config{{}, {Parallel: parallel}} {
			s := New(config)
			enc := newTestEncoder(t, s, v.k, v.length, source)
			lost := rand.New(rand.NewPCG(1, 2)).Perm(v.k)[:v.lost]
			symbols := fectest.Lossy(source, v.k, v.length, lost)
			var repair []fec.Symbol
			for i := range v.lost + 25 {
				repair = append(repair, repairOf(t, enc, uint32(v.k+i)))
			}
			if before != nil && !bytes.Equal(before, repair[0].Data) {
				t.Errorf("K=%d T=%d: another symbol in parallel", v.k, v.length)
			}
			before = repair[0].Data
			dec := newTestDecoder(t, s, v.k, v.length)
			if err := dec.Recover(symbols, repair); err != nil {
				t.Fatalf("K=%d T=%d: %v", v.k, v.length, err)
			}
			if !bytes.Equal(bytes.Join(symbols, nil)[:len(source)], source) {
				t.Errorf("K=%d T=%d: other bytes", v.k, v.length)
			}
			if !dec.Matches(symbols, repair[0]) {
				t.Errorf("K=%d T=%d: no match", v.k, v.length)
			}
		}
	}
	if calls.Load() == 0 {
		t.Error("nothing was done in parallel")
	}
}

func FuzzRecover(f *testing.F) {
	f.Add(uint8(0), uint8(8), []byte{0, 1}, []byte{0, 1, 0, 2, 0, 3, 0, 4}, fectest.Source(4, 8))
	f.Add(uint8(60), uint8(80), []byte{3, 9, 63}, []byte{0, 9, 0, 8, 0, 7, 0, 6, 0, 5}, fectest.Source(64, 80))
	f.Add(uint8(196), uint8(3), []byte{0, 199}, []byte{255, 239, 255, 240, 1, 1, 2, 2, 3, 3}, []byte("short"))
	s := New(Config{})
	f.Fuzz(func(t *testing.T, extra, length uint8, lose, esis, data []byte) {
		k := minSymbols + int(extra)
		if length == 0 {
			return
		}
		source := data[:min(len(data), k*int(length))]
		enc := newTestEncoder(t, s, k, int(length), source)
		var repair []fec.Symbol
		for ; len(esis) > 1; esis = esis[2:] {
			esi := uint32(k) + uint32(esis[0])<<8 + uint32(esis[1])
			data, err := enc.AppendRepair(nil, fec.ESI(esi))
			if (err == nil) != (esi < modulus) {
				t.Fatalf("symbol %d: %v", esi, err)
			}
			if err == nil {
				repair = append(repair, fec.Symbol{ESI: fec.ESI(esi), Data: data})
			}
		}
		lost, seen := []int{}, map[int]bool{}
		for _, b := range lose {
			if i := int(b) % k; !seen[i] {
				lost, seen[i] = append(lost, i), true
			}
		}
		symbols := fectest.Lossy(source, k, int(length), lost)
		dec := newTestDecoder(t, s, k, int(length))
		err := solveSymbols(dec, symbols, repair)
		if err != nil && !errors.Is(err, fec.ErrMoreSymbols) {
			t.Fatal(err)
		}
		for _, dec := range []fec.Decoder{dec, newTestDecoder(t, s, k, int(length))} { // told before, or not
			received := fectest.Lossy(source, k, int(length), lost)
			if again := dec.Recover(received, repair); (again == nil) != (err == nil) {
				t.Fatalf("Solve: %v, Recover: %v", err, again)
			}
			if err == nil && !bytes.Equal(bytes.Join(received, nil), bytes.Join(fectest.Lossy(source, k, int(length),
				nil), nil)) {
				t.Fatalf("K=%d length=%d lost=%v: other bytes", k, length, lost)
			}
		}
	})
}
