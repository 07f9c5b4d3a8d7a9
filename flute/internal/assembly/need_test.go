package assembly

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// What decoding takes is the decoder, and the source block: twice if it has sub-blocks. Without a code it takes
// nothing.
func TestNeed(t *testing.T) {
	for name, c := range map[string]struct {
		oti   fec.OTI
		times uint64 // that the block of 10 symbols is there
	}{
		"no code":      {fec.OTI{TransferLength: 1000, SymbolLength: 100, MaxSourceBlockLength: 10}, 0},
		"Reed-Solomon": {small(1900), 1},
		"sub-blocks": {fec.OTI{
			EncodingID: fec.RaptorQ, TransferLength: 1000, SymbolLength: 100, SourceBlocks: 1, SubBlocks: 2,
			Alignment: 4,
		}, 2},
	} {
		b := newBench(t, c.oti, 1<<24)
		want := uint64(0)
		if c.times > 0 {
			want = b.scheme.Memory(&c.oti, 10).Decoder + c.times*1000
		}
		if got := Need(b.scheme, &c.oti, &b.part); got != want {
			t.Errorf("%s: %d bytes, want %d", name, got, want)
		}
		b.end()
	}
}

// The list of blocks that wait is bounded, and each is there once.
func TestStalledIsBounded(t *testing.T) {
	b := newBench(t, large(), 1<<20)
	for sbn := range fec.SBN(maxStalled) {
		b.stall(sbn)
		b.stall(sbn)
		if b.Stalled() != int(sbn)+1 {
			t.Fatalf("%d blocks wait, want %d", b.Stalled(), sbn+1)
		}
	}
	if b.stall(maxStalled); b.Stalled() != maxStalled {
		t.Errorf("%d blocks wait", b.Stalled())
	}
	if err := b.Retry(now); err != nil || b.Stalled() != 0 { // none of them is known
		t.Errorf("%v, %d blocks wait", err, b.Stalled())
	}
	b.end()
}

// A tag is charged for each symbol, the last of which may be short.
func TestTagsAreCharged(t *testing.T) {
	for length, symbols := range map[uint64]uint64{200: 20, 201: 21, 209: 21, 1: 1} {
		b := newBench(t, fec.OTI{TransferLength: length, SymbolLength: 10, MaxSourceBlockLength: 50}, 1<<20)
		used := b.budget.Used()
		tagging := b.Tagging()
		if got := b.budget.Used() - used; got != 4*symbols+symbols/8+8 || uint64(cap(tagging.tags.list)) != symbols {
			t.Errorf("%d bytes: %d bytes of tags, room for %d of %d symbols", length, got, cap(tagging.tags.list),
				symbols)
		}
		b.end()
	}
}

// A block of which no symbol could be kept holds none.
func TestOpenBlockHoldsNothing(t *testing.T) {
	b := newBench(t, large(), 1<<20)
	if _, err := b.open(0, 10); err != nil {
		t.Fatal(err)
	}
	if b.HoldsSymbols() {
		t.Error("a symbol of a block without any")
	}
	b.end()
}

// RFC 5445, section 3.2.2.2: the last symbol may come without its padding, and no shorter.
func TestLastSymbolIsShort(t *testing.T) {
	for name, oti := range map[string]fec.OTI{
		"no code": {TransferLength: 1037, SymbolLength: 20, MaxSourceBlockLength: 60},
		"sub-blocks": {
			EncodingID: fec.RaptorQ, TransferLength: 1030, SymbolLength: 20,
			SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
		},
	} {
		for _, short := range []uint64{0, 1, 9, 13, 19} {
			length := oti.TransferLength - short
			oti := oti
			oti.TransferLength = length
			b := newBench(t, oti, 1<<20)
			last := fec.ESI(b.part.BlockSymbols(0) - 1)
			_, unpadded := b.part.SymbolBytes(0, last)
			whole := b.payload(0, last)
			whole = append(whole, make([]byte, 24-len(whole))...)
			for n := 1; n <= 20; n++ {
				b := newBench(t, oti, 1<<20)
				err := b.Take(now, whole[:4+n])
				if ok := n == 20 || n == int(unpadded); (err == nil) != ok {
					t.Errorf("%s, %d bytes: %d of the %d bytes of the last symbol: %v", name, length, n, unpadded, err)
				}
				b.end()
			}
			b.end()
		}
	}
}
