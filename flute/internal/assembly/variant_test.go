package assembly

import (
	"errors"
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

// A source symbol that comes after its block was recovered under a guess is held from then on, and noted: whoever goes
// on with the object after a crash may never get it again.
func TestSymbolReplacesGuess(t *testing.T) {
	const k = 4
	oti := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 2 * k * 100, SymbolLength: 100, MaxSourceBlockLength: k,
		MaxEncodingSymbols: k + 2,
	}
	b := newBench(t, oti, 1<<20)
	rizzo := b.sender.Variant
	payload := func(sbn fec.SBN, esi fec.ESI) []byte {
		b.sender.Variant = rizzo
		defer func() { b.sender.Variant = "" }()
		return b.payload(sbn, esi)
	}
	for _, esi := range []fec.ESI{0, 3, k, k + 1} {
		if err := b.Take(now, payload(0, esi)); err != nil {
			t.Fatal(err)
		}
	}
	if b.guesses != 1 || b.Holds(0, 1) || b.Received != 200 || b.Repaired != 2 {
		t.Fatalf("%d guesses, %d bytes, %d repaired", b.guesses, b.Received, b.Repaired)
	}
	b.sender.probes = maxProbes // no more proofs
	b.AppendBlocks(nil)         // from here on changes are noted
	noted := func() *bench {
		t.Helper()
		next := newBench(t, oti, 1<<20)
		if err := next.Restore(b.AppendBlocks(nil)); err != nil {
			t.Fatal(err)
		}
		return next
	}
	for i := range 100 { // what the guess has made is wrong
		b.content[100+i] ^= 0x55
	}
	if err := b.Take(now, payload(0, 1)); err != nil {
		t.Fatal(err)
	}
	if !b.HasChanges() || !b.Holds(0, 1) || b.Holds(0, 2) || b.Received != 300 || b.Repaired != 1 {
		t.Fatalf("symbol 1 is not held: %d bytes, %d repaired", b.Received, b.Repaired)
	}
	if next := noted(); !next.Holds(0, 1) || next.Holds(0, 2) {
		t.Fatal("symbol 1 is not noted")
	}
	if err := b.Take(now, payload(0, 1)); !errors.Is(err, ErrDuplicate) {
		t.Fatal(err)
	}
	if err := b.Take(now, payload(0, 2)); err != nil {
		t.Fatal(err)
	}
	if b.guesses != 0 || b.Prefix() != k*100 {
		t.Fatalf("%d guesses, the first %d bytes are final", b.guesses, b.Prefix())
	}
	if next := noted(); !next.Holds(0, 2) || next.Prefix() != k*100 {
		t.Fatal("the block is not noted")
	}
	b.take(1, 0, 1, 2, 3)
	b.whole()
	b.write()
	b.end()
}

// A guess that symbols of another object have proved right is noted.
func TestConfirmedGuessIsNoted(t *testing.T) {
	const k = 4
	b := newBench(t, fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 2 * k * 100, SymbolLength: 100, MaxSourceBlockLength: k,
		MaxEncodingSymbols: k + 2,
	}, 1<<20)
	rizzo := b.sender.Variant
	for _, esi := range []fec.ESI{0, 2, 3, k} {
		b.sender.Variant = rizzo
		payload := b.payload(0, esi)
		b.sender.Variant = ""
		if err := b.Take(now, payload); err != nil {
			t.Fatal(err)
		}
	}
	b.AppendBlocks(nil)
	if b.HasChanges() || b.Holds(0, 1) {
		t.Fatal("a guess is noted")
	}
	b.sender.Variant = rizzo
	if !b.HasChanges() || !b.Holds(0, 1) || b.guesses != 0 {
		t.Fatal("what was proved right is not noted")
	}
}

// What a proof that is under way has of a block is charged until it ends, though the block has ended before.
func TestProofOfABlockThatHasEnded(t *testing.T) {
	b := newBench(t, large(), 1<<24)
	rizzo := b.sender.Variant
	k := fec.ESI(b.part.BlockSymbols(0))
	take := func(esi fec.ESI) []*Attempt {
		t.Helper()
		b.sender.Variant = rizzo
		payload := b.payload(0, esi)
		b.sender.Variant = ""
		if err := b.Take(now, payload); err != nil && !errors.Is(err, ErrDuplicate) {
			t.Fatal(err)
		}
		return b.Effects().Attempts
	}
	for esi := range k - 1 {
		take(esi)
	}
	guess := take(k)
	if len(guess) != 1 {
		t.Fatalf("%d guesses", len(guess))
	}
	if err := b.run(guess[0]); err != nil {
		t.Fatal(err)
	}
	proof := take(k + 1)
	if len(proof) != 1 || !proof[0].isProof() || len(proof[0].repair) != 1 {
		t.Fatalf("%d proofs", len(proof))
	}
	take(k - 1) // which the guess had recovered
	if b.guesses != 0 || len(b.blocks) != 0 {
		t.Fatalf("%d guesses, %d blocks", b.guesses, len(b.blocks))
	}
	b.Flush()
	b.write()
	if least := proof[0].arena.cost + b.repairCost(); b.budget.Used() < least {
		t.Errorf("%d bytes are charged, the proof has %d", b.budget.Used(), least)
	}
	if err := b.run(proof[0]); err != nil || b.sender.Variant != rizzo {
		t.Errorf("%q, %v", b.sender.Variant, err)
	}
	b.end()
}
