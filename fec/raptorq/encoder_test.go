package raptorq

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// testOTI is that of an object of one source block.
func testOTI(k, length int) fec.OTI {
	return fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: uint64(k * length), SymbolLength: uint16(length),
		SourceBlocks: 1, SubBlocks: 1, Alignment: 1,
	}
}

func newEncoder(tb testing.TB, s *Scheme, k, length int, source []byte) fec.Encoder {
	tb.Helper()
	o := testOTI(k, length)
	enc, err := s.NewEncoder(&o, "", uint32(k), source)
	if err != nil {
		tb.Fatal(err)
	}
	return enc
}

// TestVectors compares repair symbols with those of other programs.
func TestVectors(t *testing.T) {
	fectest.OneGoroutine(t)
	s := New(Config{})
	for _, v := range vectors {
		enc := newEncoder(t, s, v.k, 8, fectest.Source(v.k, 8))
		for esi, want := range v.all() {
			if got, err := enc.AppendRepair(nil, esi); err != nil || !bytes.Equal(got, want) {
				t.Errorf("K=%d: repair symbol %d is %x, %v, want %x", v.k, esi, got, err, want)
			}
		}
	}
}

// TestWide compares two codes side by side with the symbols that flute-rs 1.11.7 sent of an object with two sub-blocks:
// all of them are coded alike.
func TestWide(t *testing.T) {
	const k, length = 10, 16
	s := New(Config{})
	// Sub-block 0 is the first half of the object; a symbol has a sub-symbol of each.
	object, source := fectest.Source(k, length), make([]byte, 0, k*length)
	for i := range k {
		source = append(source, object[i*8:i*8+8]...)
		source = append(source, object[k*8+i*8:k*8+i*8+8]...)
	}
	enc := newEncoder(t, s, k, length, source)
	for esi, want := range (vector{
		k, "10:ef1ce08ec3aa5588b4b3265c8af28364 11:f18c924aa8bdcb9e82d203fe79481f81",
	}).all() {
		if got, err := enc.AppendRepair(nil, esi); err != nil || !bytes.Equal(got, want) {
			t.Errorf("repair symbol %d is %x, %v, want %x", esi, got, err, want)
		}
	}
}

// TestBlocks compares the blocks of objects with what flute-rs 1.11.7 sent: 80 bytes in blocks of 4, 3 and 3 symbols,
// and 77 in one block whose last symbol is short.
func TestBlocks(t *testing.T) {
	s := New(Config{})
	for _, v := range []struct {
		length, blocks int
		repair         []string // of one block after the other
	}{
		{80, 3, []string{"4:29d00de3685b44ca", "3:e95b1829522e0f5e", "3:e5e7287e705cc140"}},
		{77, 1, []string{"10:fe479e82027cf1b0"}},
	} {
		o := testOTI(10, 8)
		o.TransferLength, o.SourceBlocks = uint64(v.length), uint32(v.blocks)
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		part, object := o.Partition(), fectest.Source(10, 8)[:v.length]
		for sbn, symbols := range v.repair {
			off, n := part.Block(fec.SBN(sbn))
			k := part.BlockSymbols(fec.SBN(sbn))
			enc, err := s.NewEncoder(&o, "", k, object[off:off+n])
			if err != nil {
				t.Fatal(err)
			}
			for esi, want := range (vector{int(k), symbols}).all() {
				if got, err := enc.AppendRepair(nil, esi); err != nil || !bytes.Equal(got, want) {
					t.Errorf("block %d: repair symbol %d is %x, %v, want %x", sbn, esi, got, err, want)
				}
			}
		}
	}
}

// TestReset: an encoder serves another block as a new one would.
func TestReset(t *testing.T) {
	s := New(Config{})
	for _, length := range []int{7, 64, 300} {
		const k = 33
		enc := newEncoder(t, s, k, length, fectest.Source(k, length))
		for _, n := range []int{k * length, k*length - 1, length, 1, 0, k * length} {
			source := bytes.Repeat([]byte{byte(n), 3, 9}, k*length)[:n]
			if err := enc.Reset(source); err != nil {
				t.Fatal(err)
			}
			got, err := enc.AppendRepair([]byte("before"), k+5)
			if err != nil {
				t.Fatal(err)
			}
			want, err := newEncoder(t, s, k, length, source).AppendRepair([]byte("before"), k+5)
			if err != nil || !bytes.Equal(got, want) || len(got) != 6+length {
				t.Errorf("length %d, %d bytes: %x, want %x, %v", length, n, got, want, err)
			}
		}
		if err := enc.Reset(make([]byte, k*length+1)); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("a byte too many: %v", err)
		}
	}
}

// TestEncoderRefused: what is no repair symbol or no block is an error.
func TestEncoderRefused(t *testing.T) {
	s := New(Config{})
	enc := newEncoder(t, s, 11, 4, fectest.Source(11, 4))
	for _, esi := range []fec.ESI{0, 10, maxESI, 1<<32 - 1} {
		if b, err := enc.AppendRepair([]byte{1}, esi); !errors.Is(err, flute.ErrOTI) || len(b) != 1 {
			t.Errorf("ESI %d: %x, %v", esi, b, err)
		}
	}
	for _, esi := range []fec.ESI{11, maxESI - 1} {
		if _, err := enc.AppendRepair(nil, esi); err != nil {
			t.Errorf("ESI %d: %v", esi, err)
		}
	}
	for _, v := range []struct {
		name    string
		k       uint32
		length  uint16
		variant fec.Variant
		source  int
	}{
		{"no symbols", 0, 4, "", 0},
		{"too many symbols", maxSymbols + 1, 4, "", 0},
		{"very many symbols", 1<<32 - 1, 4, "", 0},
		{"symbols of no bytes", 10, 0, "", 0},
		{"unknown variant", 10, 4, "other", 0},
		{"too many bytes", 10, 4, "", 41},
	} {
		o := testOTI(10, int(v.length))
		if _, err := s.NewEncoder(&o, v.variant, v.k, make([]byte, v.source)); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: encoder, %v", v.name, err)
		}
		if _, err := s.NewDecoder(&o, v.variant, v.k); v.source == 0 && !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: decoder, %v", v.name, err)
		}
	}
	o := testOTI(10, 4)
	if err := s.Supports(&o); err != nil {
		t.Error(err)
	}
	if o.EncodingID = fec.Raptor; !errors.Is(s.Supports(&o), flute.ErrOTI) {
		t.Error("Raptor is supported")
	}
	if m := s.Memory(&o, 0); m != (fec.Memory{}) {
		t.Errorf("no symbols take %+v", m)
	}
}

// TestRepairAllocs: repair symbols allocate nothing when there is room, nor does the next source block.
func TestRepairAllocs(t *testing.T) {
	if allocbound.RaceDetector {
		t.Skip("the race detector allocates")
	}
	for _, length := range []int{10, 1400} {
		const k = 100
		source := fectest.Source(k, length)
		enc := newEncoder(t, New(Config{}), k, length, source)
		b, esi := make([]byte, 0, length), fec.ESI(k)
		if _, err := enc.AppendRepair(b, esi); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(200, func() {
			esi += 1001
			if _, err := enc.AppendRepair(b, esi); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("length %d: %v allocations for a repair symbol", length, n)
		}
		if n := testing.AllocsPerRun(20, func() {
			if err := enc.Reset(source); err != nil {
				t.Fatal(err)
			}
			if _, err := enc.AppendRepair(b, esi); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("length %d: %v allocations for a source block", length, n)
		}
	}
}

// TestParallel: work on stripes gives the same symbols.
func TestParallel(t *testing.T) {
	parallel := func(n int, f func(int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { f(i) })
		}
		wg.Wait()
	}
	const k, length = 50, 5000
	r := rand.New(rand.NewPCG(1, 1))
	one, several := New(Config{}), New(Config{Parallel: parallel})
	for _, chance := range []float64{0.05, 0.5} {
		b := lose(t, r, one, k, length, chance, 2)
		enc := newEncoder(t, several, k, length, b.source)
		for _, want := range b.repair {
			if got, err := enc.AppendRepair(nil, want.ESI); err != nil || !bytes.Equal(got, want.Data) {
				t.Fatalf("repair symbol %d differs, %v", want.ESI, err)
			}
		}
		if err := b.decoder(t, several).Recover(b.symbols, b.repair); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.Join(b.symbols, nil), b.source) {
			t.Errorf("chance of loss %v: other bytes", chance)
		}
	}
}
