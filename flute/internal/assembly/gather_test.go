package assembly

import (
	"io"
	"math"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// writes counts the calls that write to an object.
type writes struct {
	io.WriterAt
	n int
}

func (w *writes) WriteAt(p []byte, off int64) (int, error) {
	w.n++
	return w.WriterAt.WriteAt(p, off)
}

// TestHolesGather: pages of a long source block wait for what was lost of them, and each is written once.
func TestHolesGather(t *testing.T) {
	const page, inPage, pages = 64 << 10, 8, 100
	const k = inPage * pages
	b := newBench(t, fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 2 * pages * page, SymbolLength: page / inPage, SourceBlocks: 2,
		SubBlocks: 1, Alignment: 4,
	}, 1<<28)
	b.sender.Variant = ""
	w := &writes{}
	write := func() {
		for tail := b.Begin(); tail != nil; tail = b.Begin() {
			o, err := b.object.Open()
			if w.WriterAt = o; err == nil {
				err = tail.Write(w)
			}
			if err != nil {
				t.Fatal(err)
			}
			b.End(tail)
		}
	}
	for sbn := range fec.SBN(2) {
		for esi := range fec.ESI(k) {
			if esi%inPage != 3 { // one of each page
				b.take(sbn, esi)
				write()
			}
		}
	}
	for sbn := range fec.SBN(2) {
		off, n := b.part.Block(sbn)
		enc, err := b.scheme.NewEncoder(&b.OTI, "", k, b.content[off:off+n])
		if err != nil {
			t.Fatal(err)
		}
		for esi := fec.ESI(k); !b.complete.has(sbn); esi++ {
			p, err := enc.AppendRepair(b.OTI.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: esi}), esi)
			if err == nil {
				err = b.Take(now, p)
			}
			if err != nil {
				t.Fatal(err)
			}
			for attempts := b.Effects().Attempts; len(attempts) > 0; attempts = b.Effects().Attempts {
				if attempts[0].Reads() {
					t.Error("what was received is read from the object")
				}
				if err := b.run(attempts[0]); err != nil {
					t.Fatal(err)
				}
			}
			write()
		}
	}
	if b.whole(); w.n != 2*pages {
		t.Errorf("%d writes, want %d: one for each page", w.n, 2*pages)
	}
	b.end()
}

// TestPagesYield: where memory is short, pages that wait for a repair do not keep it from those who decode: they are
// written, and read again.
func TestPagesYield(t *testing.T) {
	const page, inPage, pages = 64 << 10, 8, 100
	const k = inPage * pages
	const limit = 64 << 20
	b := newBench(t, fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 2 * pages * page, SymbolLength: page / inPage, SourceBlocks: 2,
		SubBlocks: 1, Alignment: 4,
	}, limit)
	b.sender.Variant = ""
	for sbn := range fec.SBN(2) {
		for esi := range fec.ESI(k) {
			if esi%inPage != 3 {
				b.take(sbn, esi)
				b.write()
			}
		}
	}
	others := limit - b.budget.Used() - 4<<20 // which is less than it takes to decode
	if !b.budget.TryReserve(others) {
		t.Fatal("no room for others")
	}
	enc, err := b.scheme.NewEncoder(&b.OTI, "", k, b.content[:pages*page])
	if err != nil {
		t.Fatal(err)
	}
	run := func() {
		for attempts := b.Effects().Attempts; len(attempts) > 0; attempts = b.Effects().Attempts {
			if err := b.run(attempts[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for esi := fec.ESI(k); !b.IsWaiting(); esi++ {
		p, err := enc.AppendRepair(b.OTI.AppendPayloadID(nil, fec.PayloadID{ESI: esi}), esi)
		if err == nil {
			err = b.Take(now, p)
		}
		if err != nil || b.complete.has(0) {
			t.Fatalf("symbol %d: %v; the source block is complete: %v", esi, err, b.complete.has(0))
		}
		run()
	}
	b.write()
	if err := b.Retry(now); err != nil {
		t.Fatal(err)
	}
	run()
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
