package assembly

import (
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// What is final ends before the first source block that was recovered under a guess, in whichever order guesses are
// made and proved.
func TestPrefixEndsBeforeGuesses(t *testing.T) {
	const k = 4
	for range 20 {
		b := newBench(t, fec.OTI{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 12 * k * 100, SymbolLength: 100,
			MaxSourceBlockLength: k, MaxEncodingSymbols: k + 2,
		}, 1<<24)
		code := b.scheme.Variants()[0]
		check := func() {
			t.Helper()
			want := b.complete.next
			for sbn, block := range b.blocks {
				if block.lost != nil {
					want = min(want, sbn)
				}
			}
			if got := b.Prefix(); got != uint64(want)*k*100 {
				t.Fatalf("the first %d bytes are final, want %d", got, uint64(want)*k*100)
			}
		}
		for _, sbn := range rand.Perm(12) {
			symbols := []fec.ESI{0, 1, 2, 3}
			if sbn%3 > 0 {
				symbols[2] = k // recovered
			}
			for _, esi := range symbols {
				b.sender.Variant = code
				payload := b.payload(fec.SBN(sbn), esi)
				b.sender.Variant = ""
				if err := b.Take(now, payload); err != nil {
					t.Fatal(err)
				}
			}
			check()
		}
		if b.guesses != 8 {
			t.Fatalf("%d guesses, want 8", b.guesses)
		}
		b.sender.Variant = code
		for _, sbn := range rand.Perm(12) {
			if block := b.blocks[fec.SBN(sbn)]; block != nil {
				if err := b.redo(now, fec.SBN(sbn), block); err != nil {
					t.Fatal(err)
				}
				check()
			}
		}
		b.whole()
		b.end()
	}
}
