package assembly

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// journalOTIs have source blocks of more and of fewer symbols than a bitmap has bytes, and more blocks than a page.
func journalOTIs() []fec.OTI {
	return []fec.OTI{
		{TransferLength: 1037, SymbolLength: 10, MaxSourceBlockLength: 16},
		{TransferLength: 1037, SymbolLength: 1, MaxSourceBlockLength: 519}, // lists before bitmaps
		{TransferLength: 1037, SymbolLength: 2, MaxSourceBlockLength: 1},
		{TransferLength: 1037, SymbolLength: 10, MaxSourceBlockLength: 9},
		{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 1037, SymbolLength: 10, MaxSourceBlockLength: 9,
			MaxEncodingSymbols: 12,
		},
	}
}

// symbolsOf returns all source symbols of the object, in some order; some of them are repair symbols if there are any.
func (b *bench) symbolsOf(rng *rand.Rand) (list []symbolID) {
	for sbn := range fec.SBN(b.part.Blocks()) {
		k := b.part.BlockSymbols(sbn)
		for esi := range fec.ESI(k) {
			if b.OTI.EncodingID == fec.ReedSolomonGF28 && esi == 1 {
				esi = fec.ESI(k)
			}
			list = append(list, symbolID{sbn, esi})
		}
	}
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// sameHeld checks that both hold the same source symbols and bytes.
func sameHeld(t *testing.T, got, want *bench) {
	t.Helper()
	held := uint64(0)
	for sbn := range fec.SBN(want.part.Blocks()) {
		for esi := range fec.ESI(want.part.BlockSymbols(sbn)) {
			if got.Holds(sbn, esi) != want.Holds(sbn, esi) {
				t.Fatalf("block %d, symbol %d: held %v, want %v", sbn, esi, got.Holds(sbn, esi), want.Holds(sbn, esi))
			}
			if want.Holds(sbn, esi) {
				_, n := want.part.Symbol(sbn, esi)
				held += uint64(n)
			}
		}
	}
	if got.Received != held || got.complete.count != want.complete.count || got.complete.next != want.complete.next {
		t.Fatalf("%d bytes, %d blocks, all before %d; want %d, %d, %d", got.Received, got.complete.count,
			got.complete.next, held, want.complete.count, want.complete.next)
	}
}

// Entries for all, and entries for each change since, say what is held, whatever has come in whatever order; each
// change is noted once. Whoever goes on from them needs no symbol again, and gives all memory back.
func TestEntriesSayWhatIsHeld(t *testing.T) {
	for i, oti := range journalOTIs() {
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			b := newBench(t, oti, 1<<20)
			symbols := b.symbolsOf(rng)
			first := rng.IntN(len(symbols))
			var log []byte
			for n, s := range symbols {
				if n == first {
					log = b.AppendBlocks(log)
				}
				if n > first && rng.IntN(4) == 0 {
					log = b.AppendChanges(log)
					if b.HasChanges() {
						t.Fatal("changes after all were appended")
					}
					if again := b.AppendChanges(nil); len(again) > 0 {
						t.Fatalf("%d bytes for no change", len(again))
					}
				}
				b.take(s.sbn, s.esi)
				if n >= first && int(s.esi) < int(b.part.BlockSymbols(s.sbn)) && !b.HasChanges() {
					t.Fatalf("symbol %d of block %d is no change", s.esi, s.sbn)
				}
				if n%20 != 0 || n < first {
					continue
				}
				log = b.AppendChanges(log)
				for _, entries := range [][]byte{log, b.AppendBlocks(nil)} {
					next := newBench(t, oti, 1<<20)
					if err := next.Restore(entries); err != nil {
						t.Fatal(err)
					}
					sameHeld(t, next, b)
					next.end()
				}
			}
			log = b.AppendChanges(log)
			next := newBench(t, oti, 1<<20)
			if err := next.Restore(log); err != nil || !next.IsWhole() || next.Received != oti.TransferLength {
				t.Fatalf("%v; %s", err, next.Missing())
			}
			if !next.pieces.lenient {
				t.Error("packets may not overlap what another process has received")
			}
			next.end()
			b.end()
		}
	}
}

// The entries of an object in order are as short as they can be: one for what is whole, one for each open block.
func TestEntriesAreShort(t *testing.T) {
	oti := journalOTIs()[3] // 12 blocks of 8 and 9 symbols
	b := newBench(t, oti, 1<<20)
	all := func(sbn fec.SBN) {
		for esi := range fec.ESI(b.part.BlockSymbols(sbn)) {
			b.take(sbn, esi)
		}
	}
	if got := b.AppendBlocks(nil); len(got) > 0 {
		t.Errorf("%x for nothing", got)
	}
	b.take(0, 0, 8)
	if got := b.AppendChanges(nil); !bytes.Equal(got, []byte{0, 0, 1, 1}) {
		t.Errorf("%x for symbols 0 and 8 of block 0", got)
	}
	for _, sbn := range []fec.SBN{5, 3, 4} {
		all(sbn)
	}
	b.take(6, 1)
	if got := b.AppendChanges(nil); !bytes.Equal(got, []byte{3, 3, 6, 0, 2, 0}) {
		t.Errorf("%x for blocks 3 to 5 and a symbol", got)
	}
	for esi := range fec.ESI(9) {
		if err := b.Take(now, b.payload(0, esi)); err != nil && !errors.Is(err, ErrDuplicate) {
			t.Fatal(err)
		}
	}
	all(1)
	if got := b.AppendBlocks(nil); !bytes.Equal(got, []byte{0, 2, 3, 1, 4, 1, 5, 1, 6, 0, 2, 0}) {
		t.Errorf("%x for all", got)
	}
	b.end()
}

// Damaged entries are an error, wherever they end, and what stands before is taken; what the object does not have is
// damage, and so is a number of more than 64 bits.
func TestRestoreRefuses(t *testing.T) {
	oti := journalOTIs()[3]
	whole := []byte{0, 2, 3, 0, 0xff, 1} // blocks 0 and 1; a bitmap of 9 symbols
	blocks := byte(newBench(t, oti, 1<<20).part.Blocks())
	long := bytes.Repeat([]byte{0x80}, binary.MaxVarintLen64+1)
	for n := range len(whole) + 1 {
		b := newBench(t, oti, 1<<20)
		err := b.Restore(whole[:n])
		if ok := n == 0 || n == 2 || n == len(whole); (err == nil) != ok || err != nil && !errors.Is(err, errEntries) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if want := n >= 2; (b.complete.next == 2) != want {
			t.Errorf("%d bytes: the blocks before %d are whole", n, b.complete.next)
		}
		b.end()
	}
	for _, c := range []struct {
		entries []byte
		ok      bool
	}{
		{[]byte{blocks - 1, 1}, true},
		{[]byte{blocks, 1}, false},
		{[]byte{blocks - 1, 2}, false},
		{[]byte{0, blocks}, true},
		{[]byte{0, blocks + 1}, false},
		{[]byte{1, blocks - 1}, true},
		{[]byte{1, blocks}, false},
		{long, false},
		{append([]byte{0}, long...), false},
	} {
		b := newBench(t, oti, 1<<20)
		if err := b.Restore(c.entries); (err == nil) != c.ok {
			t.Errorf("%x: %v", c.entries, err)
		}
		b.end()
	}
	// Of two entries for one block both hold, in either order.
	for _, entries := range [][]byte{
		{2, 0, 3, 0, 2, 0, 6, 0}, {2, 0, 7, 0, 2, 1}, {2, 1, 2, 0, 7, 0}, {2, 0, 0xff, 1, 2, 0, 1, 0}, {2, 1, 2, 1},
	} {
		b := newBench(t, oti, 1<<20)
		if err := b.Restore(entries); err != nil {
			t.Fatal(err)
		}
		want := uint64(30)
		if b.complete.has(2) {
			_, want = b.part.Block(2)
		}
		if b.Received != want || len(entries) < 8 && !b.complete.has(2) {
			t.Errorf("%x: %d bytes, want %d", entries, b.Received, want)
		}
		b.end()
	}
}

// Blocks for which there is no memory are left out, and nothing is charged for them.
func TestRestoreWithoutMemory(t *testing.T) {
	oti := fec.OTI{TransferLength: 200_000, SymbolLength: 1, MaxSourceBlockLength: 40_000}
	entries := append([]byte{3, 0}, bytes.Repeat([]byte{0xff}, 5000)...)
	entries = append(entries, 4, 1, 0, 1)
	for limit, want := range map[uint64][2]uint64{ // bytes, blocks
		0:                                  {40_000, 1}, // in order it costs nothing
		setPageCost:                        {80_000, 2},
		setPageCost + blockOverhead:        {80_000, 2}, // a block, and no bitmap
		setPageCost + blockOverhead + 5000: {120_000, 3},
	} {
		b := newBench(t, oti, 1<<20)
		b.budget = store.NewBudget(limit, nil)
		b.Assembly.budget = b.budget
		if err := b.Restore(entries); err != nil || b.Received != want[0] || uint64(b.complete.count) != want[1] {
			t.Errorf("%d bytes of memory: %v; %d bytes, %d blocks, want %d", limit, err, b.Received, b.complete.count,
				want)
		}
		b.end()
	}
}
