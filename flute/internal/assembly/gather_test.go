package assembly

import (
	"math"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// newHoled returns a bench of two source blocks with so many pages each. All but one of the 8 symbols of each page has
// come, and was written if it was to be.
func newHoled(t *testing.T, pages int, limit uint64) *bench {
	t.Helper()
	const page, inPage = 64 << 10, 8
	b := newBench(t, fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: uint64(2 * pages * page), SymbolLength: page / inPage, SourceBlocks: 2,
		SubBlocks: 1, Alignment: 4,
	}, limit)
	b.sender.Variant = ""
	for sbn := range fec.SBN(2) {
		for esi := range fec.ESI(b.part.Large) {
			if esi%inPage != 3 {
				b.take(sbn, esi)
				b.write()
			}
		}
	}
	return b
}

// repair takes one repair symbol of a source block after the other until it is enough, and calls taken after each.
func (b *bench) repair(sbn fec.SBN, isEnough func() bool, taken func()) {
	b.t.Helper()
	off, n := b.part.Block(sbn)
	k := b.part.BlockSymbols(sbn)
	enc, err := b.scheme.NewEncoder(&b.OTI, "", k, b.content[off:off+n])
	if err != nil {
		b.t.Fatal(err)
	}
	for esi := fec.ESI(k); !isEnough(); esi++ {
		p, err := enc.AppendRepair(b.OTI.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: esi}), esi)
		if err == nil {
			err = b.Take(now, p)
		}
		if err != nil {
			b.t.Fatalf("block %d, symbol %d: %v", sbn, esi, err)
		}
		taken()
	}
}

// TestHolesGather: pages of a long source block wait for what was lost of them, and each is written once.
func TestHolesGather(t *testing.T) {
	const pages = 100
	b := newHoled(t, pages, 1<<28)
	for sbn := range fec.SBN(2) {
		b.repair(sbn, func() bool { return b.complete.has(sbn) }, func() {
			for attempts := b.Effects().Attempts; len(attempts) > 0; attempts = b.Effects().Attempts {
				if attempts[0].Reads() {
					t.Error("what was received is read from the object")
				}
				if err := b.run(attempts[0]); err != nil {
					t.Fatal(err)
				}
			}
			b.write()
		})
	}
	if b.whole(); b.writes != 2*pages {
		t.Errorf("%d writes, want %d: one for each page", b.writes, 2*pages)
	}
	b.end()
}

// TestPagesYield: where memory is short, pages that wait for a repair do not keep it from those who decode: they are
// written, and read again.
func TestPagesYield(t *testing.T) {
	const limit = 64 << 20
	b := newHoled(t, 100, limit)
	others := limit - b.budget.Used() - 4<<20 // which is less than it takes to decode
	if !b.budget.TryReserve(others) {
		t.Fatal("no room for others")
	}
	b.repair(0, b.IsWaiting, func() {
		if b.complete.has(0) {
			t.Fatal("the source block is complete")
		}
		b.runAll()
	})
	b.write()
	if err := b.Retry(now); err != nil {
		t.Fatal(err)
	}
	b.runAll()
	if !b.complete.has(0) {
		t.Error("a source block waits for memory that its pages have")
	}
	b.budget.Release(others)
	b.write()
	b.Release()
}

// TestGathered: more for longer blocks, but within bounds.
func TestGathered(t *testing.T) {
	const much = math.MaxUint64
	for _, c := range []struct{ block, memory, want uint64 }{
		{90_000, much, 4 << 20},
		{4 << 20, much, 12 << 20},
		{80 << 20, much, 32 << 20},
		{8 << 20, 40 << 20, 10 << 20},
		{8 << 20, 1 << 20, 4 << 20},
	} {
		if got := gathered(c.block, c.memory); got != int(c.want) {
			t.Errorf("blocks of %d bytes, memory of %d: %d gather, want %d", c.block, c.memory, got, c.want)
		}
	}
}
