package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// udpHeaders is what a datagram takes on a network besides its bytes, at least.
const udpHeaders = 28

// hugeBlocks are OTIs of many source blocks with as many symbols as the FEC scheme can number.
func hugeBlocks(length uint16) map[string]fec.OTI {
	const blocks = 1 << 10
	return map[string]fec.OTI{
		"no-code": {TransferLength: blocks * 65535 * uint64(length), SymbolLength: length, MaxSourceBlockLength: 65535},
		"Reed-Solomon": {
			EncodingID: fec.ReedSolomonGF2m, TransferLength: blocks * 60_000 * uint64(length), SymbolLength: length,
			MaxSourceBlockLength: 60_000, MaxEncodingSymbols: 65_535, FieldBits: 16, GroupSize: 1,
		},
		"LDPC": {
			EncodingID: fec.LDPCStaircase, TransferLength: blocks << 19 * uint64(length), SymbolLength: length,
			MaxSourceBlockLength: 1 << 19, MaxEncodingSymbols: 1<<20 - 1, GroupSize: 1, N1: 3, Seed: 1,
		},
	}
}

// One symbol of each of many source blocks, or of each of many objects, costs some times what it brings, whatever the
// blocks are said to hold.
func TestFarSymbolsCostWhatTheyBring(t *testing.T) {
	for _, length := range []uint16{2, 4, 200} {
		for name, oti := range hugeBlocks(length) {
			for _, repair := range []bool{false, true} {
				if repair && oti.EncodingID == fec.CompactNoCode {
					continue
				}
				t.Run(fmt.Sprint(name, " ", length, " repair ", repair), func(t *testing.T) {
					r := newRig(t, func(c *Config) { c.Budget, c.SessionBudget = store.NewBudget(4<<30, nil), 4<<30 })
					o := object{t: t, toi: flute.NewTOI(1), oti: oti}
					if err := r.l.checkOTI(&oti); err != nil {
						t.Fatal(err)
					}
					size := oti.TransferLength
					r.feed(describe(t, 0, fdt.File{TOI: o.toi, ContentLocation: "a", TransferLength: &size}))
					base, brought := r.l.Held(), 0
					part := oti.Partition()
					for i := range part.Blocks() {
						sbn := fec.SBN(i * 7 % part.Blocks()) // in disorder
						esi := fec.ESI(i * 31 % part.BlockSymbols(sbn))
						if repair {
							esi = fec.ESI(part.BlockSymbols(sbn))
						}
						b := o.raw(sbn, esi, make([]byte, length))
						brought += len(b) + udpHeaders
						r.feed(b)
						if held := r.l.Held() - base; held > holdingOverhead+sequenceBytes+uint64(10*brought) {
							t.Fatalf("%d bytes are held for %d in %d packets", held, brought, i+1)
						}
					}
					if c := r.l.Counters(); c.DropTotal() > 0 {
						t.Errorf("dropped: %v", c.Dropped)
					}
					r.close()
				})
			}
		}
	}
}

// The memory of an FDT Instance reads as it was written, in any order, and costs what was written.
func TestInstanceMemory(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 6))
		budget := store.NewBudget(1<<30, nil)
		m := &memory{budget: budget, limit: 100_000}
		want, end, written := make([]byte, m.limit), 0, 0
		for i := range 1 + rng.IntN(maxParts*2) {
			off, n := rng.IntN(m.limit), 1+rng.IntN(4)
			p := random(min(n, m.limit-off), rng.Uint64())
			if n, err := m.WriteAt(p, int64(off)); n != len(p) || err != nil {
				t.Fatalf("WriteAt: %d, %v", n, err)
			}
			copy(want[off:], p)
			end, written = max(end, off+len(p)), written+len(p)
			if most := uint64(2*written + (len(m.parts)+1)*partOverhead); budget.Used() > most && i < maxParts {
				t.Fatalf("%d bytes held for %d in %d parts", budget.Used(), written, len(m.parts))
			}
		}
		for range 100 {
			off := rng.IntN(m.limit)
			p := random(rng.IntN(2000), 1)
			n, err := m.ReadAt(p, int64(off))
			if n < min(len(p), end-off) && !errors.Is(err, io.EOF) || !bytes.Equal(p[:n], want[off:off+n]) {
				t.Fatalf("ReadAt of %d bytes at %d: %d, %v", len(p), off, n, err)
			}
		}
		p := make([]byte, end)
		if n, err := m.ReadAt(p, 0); n != end || err != nil || !bytes.Equal(p, want[:end]) {
			t.Fatalf("ReadAt of all: %d of %d, %v", n, end, err)
		}
		if _, err := m.WriteAt([]byte{1, 2}, int64(m.limit)-1); err == nil {
			t.Error("a write beyond the limit")
		}
		if err := m.Discard(); err != nil || budget.Used() != 0 {
			t.Errorf("%d bytes held after Discard, %v", budget.Used(), err)
		}
	}
}

// One packet of each of many large FDT Instances costs some times what it brings.
func TestFarSymbolsOfInstances(t *testing.T) {
	r := newRig(t)
	huge := object{t: t, oti: noCode(4<<20, 4, 65535)}
	brought := 0
	for i := range 40 {
		b := huge.raw(15, 60_000, make([]byte, 4), fdtHeader)
		b[15] = byte(i) // FDT Instance ID
		r.feed(b)
		brought += len(b) + udpHeaders
		if held := r.l.Held(); held > uint64(10*brought+(i+1)*(instanceOverhead+receiptOverhead)) {
			t.Fatalf("%d bytes are held for %d in %d packets", held, brought, i+1)
		}
	}
	r.close()
}

// A long FDT Instance whose packets come in order is not copied again and again, and holds no more than comes next.
func TestInstanceMemoryInOrder(t *testing.T) {
	budget := store.NewBudget(1<<30, nil)
	m := &memory{budget: budget, limit: 4 << 20}
	want := random(256<<10, 1)
	for off := 0; off < len(want); off += 1400 {
		p := want[off:min(len(want), off+1400)]
		if n, err := m.WriteAt(p, int64(off)); n != len(p) || err != nil {
			t.Fatalf("WriteAt: %d, %v", n, err)
		}
		if held := budget.Used(); held > uint64(2*(off+len(p)))+partOverhead || held > uint64(off+2*partBytes) {
			t.Fatalf("%d bytes held for %d", held, off+len(p))
		}
	}
	got := make([]byte, len(want))
	if n, err := m.ReadAt(got, 0); n != len(got) || err != nil || !bytes.Equal(got, want) {
		t.Errorf("ReadAt: %d, %v", n, err)
	}
}
