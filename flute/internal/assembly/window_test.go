package assembly

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/internal/staging"
)

// newWindowBench is newBench over a Store that lends its memory, as Faulty does not.
func newWindowBench(t *testing.T, oti fec.OTI) *bench {
	t.Helper()
	b := newBench(t, oti, 64<<20)
	b.object = staging.New(b.files, oti.TransferLength)
	b.object.Use()
	if oti.EncodingID != fec.ReedSolomonGF28 {
		b.sender.Variant = ""
	}
	return b
}

// TestWindows: once the object is there, what comes goes to its place in memory: no Work writes it. Symbols in any
// order, lost ones, and those that cross windows make the same object as through pages.
func TestWindows(t *testing.T) {
	for _, oti := range []fec.OTI{
		{TransferLength: 600_011, SymbolLength: 1400, MaxSourceBlockLength: 64},
		{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 600_011, SymbolLength: 1400, MaxSourceBlockLength: 20,
			MaxEncodingSymbols: 30,
		},
		{EncodingID: fec.RaptorQ, TransferLength: 600_011, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 1, Alignment: 4},
		{EncodingID: fec.RaptorQ, TransferLength: 600_011, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 3, Alignment: 4},
	} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%v, %d sub-blocks, %d", oti.EncodingID, oti.SubBlocks, seed), func(t *testing.T) {
				b := newWindowBench(t, oti)
				rng := rand.New(rand.NewPCG(seed, 1))
				type symbol struct {
					sbn fec.SBN
					esi fec.ESI
				}
				var symbols []symbol
				for sbn := range fec.SBN(b.part.Blocks()) {
					k := b.part.BlockSymbols(sbn)
					lost := uint32(0)
					if oti.EncodingID != fec.CompactNoCode {
						lost = k / 10
					}
					for esi := lost; esi < k+lost+lost/2; esi++ {
						symbols = append(symbols, symbol{sbn, fec.ESI(esi)})
					}
				}
				if seed > 0 {
					rng.Shuffle(len(symbols), func(i, j int) { symbols[i], symbols[j] = symbols[j], symbols[i] })
				}
				for i, s := range symbols {
					if err := b.Take(now, b.payload(s.sbn, s.esi)); err != nil && !errors.Is(err, ErrDuplicate) {
						t.Fatal(err)
					}
					for _, at := range b.Effects().Attempts {
						if err := b.run(at); err != nil {
							t.Fatal(err)
						}
						for _, again := range b.Effects().Attempts {
							if err := b.run(again); err != nil {
								t.Fatal(err)
							}
						}
					}
					switch {
					case i == 100: // the object is there from now on
						b.Flush()
						b.write()
					case i == 110:
						b.write() // what pages held when the first window was opened
					case i > 110 && b.Begin() != nil:
						t.Fatalf("symbol %d of %d is to be written", i, len(symbols))
					}
				}
				b.whole()
				b.end()
			})
		}
	}
}

// TestWindowWaitsForTail: bytes that are being written are not overtaken by newer ones of the same place.
func TestWindowWaitsForTail(t *testing.T) {
	b := newWindowBench(t, fec.OTI{TransferLength: 200_000, SymbolLength: 1400, MaxSourceBlockLength: 64})
	b.take(0, 0)
	b.Flush()
	b.write() // the object is there
	older, newer := []byte("older"), []byte("newer")
	if err := b.put(make([]byte, 50_000), 100_000); err != nil { // worth windows
		t.Fatal(err)
	}
	b.Received += 50_000
	if _, err := b.buffer.WriteAt(older, 70_000); err != nil {
		t.Fatal(err)
	}
	b.Flush()
	tail := b.Begin()
	if b.place(newer, 70_002) {
		t.Error("bytes went to their place before older ones")
	}
	if !b.place(newer, 70_005) {
		t.Error("bytes beside those that are being written wait for them")
	}
	o, err := b.object.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := tail.Write(o); err != nil {
		t.Fatal(err)
	}
	b.End(tail)
	if !b.place(newer, 70_002) {
		t.Error("bytes do not go to their place though nothing is being written there")
	}
	got := make([]byte, 10)
	if _, err := o.ReadAt(got, 70_000); err != nil || string(got) != "olnewerwer" {
		t.Errorf("%q, %v", got, err)
	}
	b.end()
}

// TestWindowsAreWorth: a symbol here and a symbol there take no window each.
func TestWindowsAreWorth(t *testing.T) {
	b := newWindowBench(t, fec.OTI{TransferLength: 60 << 20, SymbolLength: 100, MaxSourceBlockLength: 50_000})
	b.take(0, 0)
	b.Flush()
	b.write() // the object is there
	const count = 900
	for i := range uint64(count) { // one in each 64 KiB
		n := i*656 + 1
		b.take(fec.SBN(n/uint64(b.part.Large)), fec.ESI(n%uint64(b.part.Large)))
	}
	if got, most := b.window.sum, uint64(windowWorth*(count+1)*100); got > most || got == 0 {
		t.Errorf("%d symbols of 100 bytes take %d bytes of windows, want 1 to %d", count, got, most)
	}
	b.end()
}

// TestNoWindows: of an object that its Store keeps elsewhere nobody searches, for each symbol, what is to be written.
func TestNoWindows(t *testing.T) {
	b := newBench(t, fec.OTI{TransferLength: 200_000, SymbolLength: 1400, MaxSourceBlockLength: 64}, 64<<20)
	b.take(0, 0)
	if b.window.never {
		t.Error("the Store has refused a window before there was an object")
	}
	b.Flush()
	b.write() // the object is there
	b.take(0, 1)
	if !b.window.never {
		t.Error("the Store is asked again for a window, which it never has")
	}
	b.end()
}
