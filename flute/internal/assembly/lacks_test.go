package assembly

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
)

// TestLacks: after each symbol of an object, in any order, what is said to be missing is what was not taken.
func TestLacks(t *testing.T) {
	oti := fec.OTI{EncodingID: fec.CompactNoCode, TransferLength: 1037, SymbolLength: 10, MaxSourceBlockLength: 16}
	checkLacks(t, oti)
	oti.SymbolLength, oti.MaxSourceBlockLength = 1, 519
	checkLacks(t, oti)
	oti.SymbolLength, oti.MaxSourceBlockLength = 2, 1 // more blocks than a page of their set
	checkLacks(t, oti)
}

func checkLacks(t *testing.T, oti fec.OTI) {
	t.Helper()
	b := newBench(t, oti, 1<<20)
	has := make([]bool, oti.TransferLength)
	want := func() (ranges [][2]uint64) {
		for i := range uint64(len(has)) {
			switch last := len(ranges) - 1; {
			case has[i]:
			case last >= 0 && ranges[last][1] == i:
				ranges[last][1]++
			default:
				ranges = append(ranges, [2]uint64{i, i + 1})
			}
		}
		return ranges
	}
	size := uint64(oti.SymbolLength)
	total := (oti.TransferLength + size - 1) / size
	for n := range total {
		symbol := n * 37 % total // each one once
		block := uint64(0)
		for first := uint64(0); ; block++ {
			k := uint64(b.part.BlockSymbols(fec.SBN(block)))
			if symbol < first+k {
				if err := b.Take(now, b.payload(fec.SBN(block), fec.ESI(symbol-first))); err != nil {
					t.Fatal(err)
				}
				break
			}
			first += k
		}
		for i := symbol * size; i < min(symbol*size+size, oti.TransferLength); i++ {
			has[i] = true
		}
		ranges, needs, symbols, blocks := b.Lacks(1000)
		if diff := cmp.Diff(want(), ranges, cmpEmpty); diff != "" {
			t.Fatalf("after %d symbols (-want +got):\n%s", n+1, diff)
		}
		sum := uint64(0)
		for _, need := range needs {
			sum += need[1]
		}
		if symbols != total-n-1 || sum != symbols || int(blocks) != len(needs) {
			t.Fatalf("after %d symbols: %d are needed, %d of the source blocks %v", n+1, symbols, sum, needs)
		}
		few, fewNeeds, same, sameBlocks := b.Lacks(2)
		if diff := cmp.Diff(ranges[:min(2, len(ranges))], few, cmpEmpty); diff != "" || len(fewNeeds) > 2 ||
			same != symbols || sameBlocks != blocks {
			t.Fatalf("with a limit of 2: %v, %v, %d, %d\n%s", few, fewNeeds, same, sameBlocks, diff)
		}
	}
}

// cmpEmpty takes an empty list for one that is nil.
var cmpEmpty = cmp.Transformer("", func(l [][2]uint64) [][2]uint64 {
	if len(l) == 0 {
		return nil
	}
	return append([][2]uint64{}, l...)
})

// TestLacksRepair: repair symbols that are held are not needed again, and do not fill bytes.
func TestLacksRepair(t *testing.T) {
	b := newBench(t, fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 200, SymbolLength: 10, MaxSourceBlockLength: 10,
		MaxEncodingSymbols: 14,
	}, 1<<20)
	for _, esi := range []fec.ESI{0, 1, 2, 5, 6, 7, 12, 13} {
		if err := b.Take(now, b.payload(0, esi)); err != nil {
			t.Fatal(err)
		}
	}
	ranges, needs, symbols, blocks := b.Lacks(10)
	if diff := cmp.Diff([][2]uint64{{30, 50}, {80, 200}}, ranges); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]uint64{{0, 2}, {1, 10}}, needs); diff != "" || symbols != 12 || blocks != 2 {
		t.Errorf("%d symbols of %d source blocks\n%s", symbols, blocks, diff)
	}
}
