package rs

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
)

// testOTI is that of an object of one source block.
func testOTI(k, p, length int) fec.OTI {
	return fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(k * length), SymbolLength: uint16(length),
		MaxSourceBlockLength: uint32(k), MaxEncodingSymbols: uint32(k + p),
	}
}

// repairOf returns all repair symbols of source that o permits.
func repairOf(tb testing.TB, s *Scheme, o *fec.OTI, v fec.Variant, k int, source []byte) []fec.Symbol {
	tb.Helper()
	enc, err := s.NewEncoder(o, v, uint32(k), source)
	if err != nil {
		tb.Fatal(err)
	}
	return fectest.Repair(tb, enc, uint32(k), o.MaxEncodingSymbols)
}

// TestRecover loses symbols at random, in blocks of all sizes, and gives back any repair symbols, in any order.
func TestRecover(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := New()
	for _, variant := range s.Variants() {
		for range 200 {
			k := 1 + random.IntN(254)
			p := 1 + random.IntN(255-k)
			length := 1 + random.IntN(200)
			if random.IntN(2) == 0 {
				length = 64 * (1 + random.IntN(3))
			}
			o := testOTI(k, p, length)
			if random.IntN(2) == 0 {
				o.EncodingID = fec.SmallBlockSystematic
			}
			source := make([]byte, k*length-random.IntN(length)) // the last symbol may be short
			for i := range source {
				source[i] = byte(random.Uint32())
			}
			repair := repairOf(t, s, &o, variant, k, source)
			random.Shuffle(p, func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
			lost := random.Perm(k)[:random.IntN(min(k, p)+1)]
			symbols := fectest.Lossy(source, k, length, lost)
			dec, err := s.NewDecoder(&o, variant, uint32(k))
			if err != nil {
				t.Fatal(err)
			}
			if ready := dec.Ready(k-len(lost), len(lost)); ready != (len(lost) > 0) {
				t.Fatalf("k=%d lost=%d: ready is %v", k, len(lost), ready)
			}
			if len(lost) > 0 {
				before := fectest.Lossy(source, k, length, lost)
				// One symbol twice is one symbol.
				few := append(repair[:len(lost)-1:len(lost)-1], repair[:min(1, len(lost)-1)]...)
				if err := dec.Recover(symbols, few); !errors.Is(err, fec.ErrMoreSymbols) || dec.Ready(k-len(lost),
					len(lost)-1) {
					t.Fatalf("one symbol short: %v", err)
				}
				// go-cmp takes minutes for as many bytes under -race
				if !slices.EqualFunc(symbols, before, bytes.Equal) {
					t.Fatalf("%s k=%d p=%d lost=%d: changed although one symbol was short", variant, k, p, len(lost))
				}
			}
			if err := dec.Recover(symbols, repair[:len(lost)]); err != nil {
				t.Fatalf("%s k=%d p=%d lost=%d: %v", variant, k, p, len(lost), err)
			}
			if want := fectest.Lossy(source, k, length, nil); !bytes.Equal(bytes.Join(symbols, nil),
				bytes.Join(want, nil)) {
				t.Fatalf("%s k=%d p=%d length=%d lost=%d: other bytes", variant, k, p, length, len(lost))
			}
			if !dec.Matches(symbols, repair[random.IntN(p)]) {
				t.Fatalf("%s k=%d p=%d: a repair symbol does not match", variant, k, p)
			}
		}
	}
}

// TestLibrary: where klauspost/reedsolomon multiplies, the symbols are the same.
func TestLibrary(t *testing.T) {
	const k, p, length = 60, 20, 137
	o := testOTI(k, p, length)
	source := fectest.Source(k, length)
	var repair [2][]fec.Symbol
	for i, library := range []bool{false, true} {
		s := New()
		c := newCode(8)
		c.library = library
		s.codes[8] = func() *code { return c }
		repair[i] = repairOf(t, s, &o, Rizzo, k, source)
		symbols := fectest.Lossy(source, k, length, []int{0, 7, 8, 59})
		dec, err := s.NewDecoder(&o, Rizzo, k)
		if err != nil {
			t.Fatal(err)
		}
		if err := dec.Recover(symbols, repair[i][5:]); err != nil || !bytes.Equal(bytes.Join(symbols, nil), source) {
			t.Errorf("library %v: %v, or other bytes", library, err)
		}
	}
	if d := cmp.Diff(repair[0], repair[1]); d != "" {
		t.Errorf("(-kernels +library):\n%s", d)
	}
}

// TestInPlace: a lost symbol is recovered into the room behind its slice, and into new memory without one.
func TestInPlace(t *testing.T) {
	const k, length = 5, 100
	s := New()
	o := testOTI(k, 2, length)
	source := fectest.Source(k, length)
	repair := repairOf(t, s, &o, Rizzo, k, source)
	symbols := fectest.Lossy(source, k, length, []int{1, 3})
	room := symbols[1][:1]
	symbols[3] = nil
	dec, err := s.NewDecoder(&o, Rizzo, k)
	if err != nil {
		t.Fatal(err)
	}
	if err := dec.Recover(symbols, repair); err != nil {
		t.Fatal(err)
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

// TestVariantsDiffer: a repair symbol of one code does not match another, and decodes to other bytes. That is what a
// receiver relies on to tell the codes apart.
func TestVariantsDiffer(t *testing.T) {
	const k, p, length = 10, 4, 64
	s := New()
	o := testOTI(k, p, length)
	source := fectest.Source(k, length)
	whole := fectest.Lossy(source, k, length, nil)
	for _, sent := range s.Variants() {
		repair := repairOf(t, s, &o, sent, k, source)
		for _, assumed := range s.Variants() {
			dec, err := s.NewDecoder(&o, assumed, k)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range repair {
				if dec.Matches(whole, r) != (sent == assumed) {
					t.Errorf("symbol %d of %s is taken for one of %s: %v", r.ESI, sent, assumed, sent != assumed)
				}
			}
			symbols := fectest.Lossy(source, k, length, []int{2, 7})
			if err := dec.Recover(symbols, repair[1:3]); err != nil {
				t.Fatal(err)
			}
			if right := bytes.Equal(bytes.Join(symbols, nil), source); right != (sent == assumed) {
				t.Errorf("sent by %s, decoded by %s: right is %v", sent, assumed, right)
			}
			if dec.Matches(symbols, repair[0]) != (sent == assumed) {
				t.Errorf("sent by %s, decoded by %s: a surplus symbol does not tell", sent, assumed)
			}
		}
	}
}

// TestRecoverRefused: what cannot be symbols of the block is an error, never a panic.
func TestRecoverRefused(t *testing.T) {
	const k, p, length = 5, 3, 16
	s := New()
	o := testOTI(k, p, length)
	source := fectest.Source(k, length)
	good := repairOf(t, s, &o, Rizzo, k, source)
	dec, err := s.NewDecoder(&o, Rizzo, k)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name    string
		symbols [][]byte
		repair  []fec.Symbol
	}{
		{"ESI of a source symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: 0, Data: good[0].Data}}},
		{"ESI of max_n", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: k + p, Data: good[0].Data}}},
		{"largest ESI", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: 1<<32 - 1, Data: good[0].Data}}},
		{"short repair symbol", fectest.Lossy(source, k, length, []int{0}), []fec.Symbol{{ESI: k, Data: good[0].Data[1:]}}},
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
	if dec.Matches(fectest.Lossy(source, k, length, []int{4}), good[0]) {
		t.Error("an incomplete block matches")
	}
}

// TestRecoverEveryField loses symbols at random, in blocks of all fields and lengths of symbols, and gives back any
// repair symbols, in any order. A symbol more tells whether they are right.
func TestRecoverEveryField(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	s := New()
	for m := uint(minBits); m <= maxBits; m++ {
		for i, length := range symbolLengths(m) {
			variant := s.Variants()[i%3]
			n := 2 + random.IntN(min(1<<m-1, 400)-1)
			k := 1 + random.IntN(n-1)
			p := n - k
			o := oti2m(m, k, p, length)
			if err := o.Validate(); err != nil {
				t.Fatal(err)
			}
			source := make([]byte, k*length-random.IntN(length))
			for i := range source {
				source[i] = byte(random.Uint32())
			}
			repair := repairOf(t, s, &o, variant, k, source)
			random.Shuffle(p, func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
			lost := random.Perm(k)[:random.IntN(min(k, p))+1]
			symbols := fectest.Lossy(source, k, length, lost)
			dec, err := s.NewDecoder(&o, variant, uint32(k))
			if err != nil {
				t.Fatal(err)
			}
			if err := dec.Recover(symbols, repair[:len(lost)-1]); !errors.Is(err, fec.ErrMoreSymbols) {
				t.Fatalf("m=%d k=%d p=%d: one symbol short: %v", m, k, p, err)
			}
			if err := dec.Recover(symbols, repair[:len(lost)]); err != nil {
				t.Fatalf("m=%d k=%d p=%d lost=%d: %v", m, k, p, len(lost), err)
			}
			if !bytes.Equal(bytes.Join(symbols, nil), bytes.Join(fectest.Lossy(source, k, length, nil), nil)) {
				t.Fatalf("m=%d %s k=%d p=%d length=%d lost=%d: other bytes", m, variant, k, p, length, len(lost))
			}
			if wrong := bytes.Clone(repair[0].Data); dec.Matches(symbols, repair[0]) {
				wrong[random.IntN(length)] ^= 1 << random.IntN(8)
				if dec.Matches(symbols, fec.Symbol{ESI: repair[0].ESI, Data: wrong}) {
					t.Fatalf("m=%d k=%d: a wrong repair symbol matches", m, k)
				}
			} else {
				t.Fatalf("m=%d k=%d: a repair symbol does not match", m, k)
			}
		}
	}
}

// TestLongBlocks: blocks whose coefficients are prepared in parts.
func TestLongBlocks(t *testing.T) {
	if testing.Short() {
		t.Skip("a second")
	}
	s := New()
	for _, v := range []struct {
		m                  uint
		k, p, length, lost int
	}{{16, 20000, 60, 2, 33}, {16, 65000, 535, 2, 9}, {13, 8000, 100, 13, 100}, {16, 700, 64835, 4, 700}} {
		o := oti2m(v.m, v.k, v.p, v.length)
		if rows := maxRows(v.k); rows >= v.lost || v.k*rows*32 > 17<<20 {
			t.Fatalf("k=%d: %d rows at a time", v.k, rows)
		}
		random := rand.New(rand.NewPCG(7, uint64(v.k)))
		source := fectest.Source(v.k, v.length)
		enc, err := s.NewEncoder(&o, Backblaze, uint32(v.k), source)
		if err != nil {
			t.Fatal(err)
		}
		esis := random.Perm(min(v.p, 2000))[:v.lost]
		var repair []fec.Symbol
		for _, i := range esis {
			esi := fec.ESI(v.k + i)
			data, err := enc.AppendRepair(nil, esi)
			if err != nil {
				t.Fatal(err)
			}
			repair = append(repair, fec.Symbol{ESI: esi, Data: data})
		}
		symbols := fectest.Lossy(source, v.k, v.length, random.Perm(v.k)[:v.lost])
		dec, err := s.NewDecoder(&o, Backblaze, uint32(v.k))
		if err != nil {
			t.Fatal(err)
		}
		if err := dec.Recover(symbols, repair); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.Join(symbols, nil), source) {
			t.Errorf("m=%d k=%d: other bytes", v.m, v.k)
		}
	}
}

// TestTooMuchWork: a long block that lost too much waits for more source symbols.
func TestTooMuchWork(t *testing.T) {
	const k, most = 40000, maxWork / 40000
	o := oti2m(16, k, 25535, 2)
	dec, err := New().NewDecoder(&o, Rizzo, k)
	if err != nil {
		t.Fatal(err)
	}
	if dec.Ready(k-most-1, 25535) || !dec.Ready(k-most, 25535) {
		t.Errorf("ready with more lost than %d, or not with so many", most)
	}
	source := make([][]byte, k)
	for i := most + 1; i < k; i++ {
		source[i] = []byte{1, 2}
	}
	repair := make([]fec.Symbol, most+1)
	for i := range repair {
		repair[i] = fec.Symbol{ESI: fec.ESI(k + i), Data: []byte{3, 4}}
	}
	if err := dec.Recover(source, repair); !errors.Is(err, fec.ErrMoreSymbols) ||
		err.Error() == fec.ErrMoreSymbols.Error() {
		t.Errorf("%d symbols of %d lost: %v", most+1, k, err)
	}
	if len(source[0]) != 0 {
		t.Error("something was recovered")
	}
}

func FuzzRecover(f *testing.F) {
	f.Add(uint8(8), uint8(4), uint8(2), uint8(8), uint8(0), []byte{0, 1}, fectest.Source(4, 8))
	f.Add(uint8(8), uint8(64), uint8(16), uint8(80), uint8(1), []byte{3, 9, 63}, fectest.Source(64, 80))
	f.Add(uint8(8), uint8(200), uint8(50), uint8(3), uint8(2), []byte{0, 199}, []byte("short"))
	f.Add(uint8(16), uint8(200), uint8(200), uint8(34), uint8(0), []byte{0, 199}, fectest.Source(200, 34))
	f.Add(uint8(4), uint8(10), uint8(5), uint8(99), uint8(2), []byte{1, 2, 3}, fectest.Source(10, 99))
	f.Add(uint8(3), uint8(5), uint8(2), uint8(99), uint8(1), []byte{1, 4}, fectest.Source(5, 99))
	f.Add(uint8(12), uint8(100), uint8(30), uint8(63), uint8(0), []byte{77}, fectest.Source(100, 63))
	f.Add(uint8(8), uint8(4), uint8(2), uint8(0), uint8(0), []byte{0}, []byte("no symbols"))
	s := New()
	f.Fuzz(func(t *testing.T, m, k, p, length, variant uint8, lose, data []byte) {
		o := oti2m(uint(m), int(k), int(p), int(length))
		if k == 0 || p == 0 || o.Validate() != nil {
			return
		}
		v := s.Variants()[int(variant)%3]
		if length == 0 { // an object of no bytes, whose OTI is valid: it has no source block (RFC 5052, section 9.1)
			if _, err := s.NewEncoder(&o, v, uint32(k), nil); !errors.Is(err, flute.ErrOTI) {
				t.Fatalf("encoder of symbols of 0 bytes: %v", err)
			}
			if _, err := s.NewDecoder(&o, v, uint32(k)); !errors.Is(err, flute.ErrOTI) {
				t.Fatalf("decoder of symbols of 0 bytes: %v", err)
			}
			return
		}
		source := data[:min(len(data), int(k)*int(length))]
		repair := repairOf(t, s, &o, v, int(k), source)
		lost, seen := []int{}, map[int]bool{}
		for _, b := range lose {
			if i := int(b) % int(k); !seen[i] && len(lost) < int(p) {
				lost, seen[i] = append(lost, i), true
			}
		}
		symbols := fectest.Lossy(source, int(k), int(length), lost)
		dec, err := s.NewDecoder(&o, v, uint32(k))
		if err != nil {
			t.Fatal(err)
		}
		if err := dec.Recover(symbols, repair[int(p)-len(lost):]); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.Join(symbols, nil), bytes.Join(fectest.Lossy(source, int(k), int(length), nil), nil)) {
			t.Fatalf("%s k=%d p=%d length=%d lost=%v: other bytes", v, k, p, length, lost)
		}
	})
}

// FuzzForged: an OTI and symbols from anyone are recovered from or refused with an error that says so.
func FuzzForged(f *testing.F) {
	f.Add(uint8(2), uint8(16), uint16(2), uint32(4), uint32(6), uint32(4), uint32(4), []byte{0, 1, 2, 3, 4, 5})
	f.Add(uint8(2), uint8(12), uint16(3), uint32(10), uint32(16), uint32(10), uint32(15), []byte{0, 1, 2, 3, 4, 5})
	f.Add(uint8(5), uint8(0), uint16(1400), uint32(255), uint32(255), uint32(1), uint32(254), []byte{9})
	f.Add(uint8(129), uint8(0), uint16(8), uint32(4), uint32(65535), uint32(4), uint32(1<<32-1), []byte{9})
	f.Add(uint8(2), uint8(1), uint16(8), uint32(1), uint32(1), uint32(1<<32-1), uint32(3), []byte{9})
	s := New()
	f.Fuzz(func(t *testing.T, id, m uint8, length uint16, b, n, k, esi uint32, data []byte) {
		o := fec.OTI{
			EncodingID: fec.EncodingID(id), FieldBits: m, GroupSize: 1, TransferLength: uint64(k) * uint64(length),
			SymbolLength: length, MaxSourceBlockLength: b, MaxEncodingSymbols: n,
		}
		if err := s.Supports(&o); err != nil && !errors.Is(err, flute.ErrOTI) {
			t.Fatal(err)
		}
		_ = s.Memory(&o, k)
		dec, err := s.NewDecoder(&o, Rizzo, k)
		if err != nil {
			if !errors.Is(err, flute.ErrOTI) {
				t.Fatal(err)
			}
			return
		}
		if k > 5000 || int(k)*int(length) > 1<<20 {
			return // slow
		}
		source := make([][]byte, k)
		for i := range source {
			if i%3 != 0 || i >= 100 {
				source[i] = make([]byte, length)
			}
		}
		var repair []fec.Symbol
		for i := range uint32(40) {
			symbol := append([]byte(nil), data...)
			if i%2 == 0 {
				symbol = make([]byte, length)
				copy(symbol, data)
			}
			repair = append(repair, fec.Symbol{ESI: fec.ESI(esi + i), Data: symbol})
		}
		if err := dec.Recover(source, repair); err != nil && !errors.Is(err, flute.ErrOTI) &&
			!errors.Is(err, fec.ErrMoreSymbols) {
			t.Fatal(err)
		}
		dec.Matches(source, repair[0])
	})
}
