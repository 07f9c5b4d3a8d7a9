package assembly

import (
	"encoding/binary"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// FuzzTake takes any payloads, each behind its length: the budget holds, and nothing is left at the end.
func FuzzTake(f *testing.F) {
	otis := []fec.OTI{
		{TransferLength: 1001, SymbolLength: 20, MaxSourceBlockLength: 7},
		{EncodingID: fec.ReedSolomonGF28, TransferLength: 1001, SymbolLength: 20, MaxSourceBlockLength: 7, MaxEncodingSymbols: 10},
		{
			EncodingID: fec.ReedSolomonGF2m, TransferLength: 1001, SymbolLength: 20, MaxSourceBlockLength: 7,
			MaxEncodingSymbols: 12, FieldBits: 8, GroupSize: 3,
		},
		{
			EncodingID: fec.LDPCStaircase, TransferLength: 1001, SymbolLength: 20, MaxSourceBlockLength: 20,
			MaxEncodingSymbols: 30, GroupSize: 2, N1: 3, Seed: 1,
		},
		{EncodingID: fec.RaptorQ, TransferLength: 1000, SymbolLength: 20, SourceBlocks: 3, SubBlocks: 2, Alignment: 4},
	}
	for i, oti := range otis {
		part := oti.Partition()
		var seed []byte
		for sbn := range fec.SBN(part.Blocks()) {
			k := part.BlockSymbols(sbn)
			for esi := range fec.ESI(k + 2) {
				if esi == 1 {
					continue
				}
				p := oti.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: esi, SourceBlockLength: uint16(k)})
				p = append(p, make([]byte, oti.SymbolLength)...)
				seed = append(binary.BigEndian.AppendUint16(seed, uint16(len(p))), p...)
			}
		}
		f.Add(uint8(i), false, seed)
		f.Add(uint8(i), true, seed)
	}
	// Each packet costs what its decoder and the store keep of it; a decoder of a whole block is the largest part.
	bound := allocbound.Bound{PerByte: 256, Fixed: 256 << 10}
	f.Fuzz(func(t *testing.T, which uint8, short bool, data []byte) {
		bound.Check(t, len(data), func() { takeAll(t, otis[int(which)%len(otis)], short, data) })
	})
}

// takeAll hands payloads, each behind its length, to an Assembly, and does what it wants done.
func takeAll(t *testing.T, oti fec.OTI, short bool, data []byte) {
	t.Helper()
	scheme, err := schemes.Default().Scheme(&oti)
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(1 << 20)
	if short {
		limit = 4000
	}
	budget, files := store.NewBudget(limit, nil), mem.New()
	o := staging.New(files, oti.TransferLength)
	o.Use()
	a := New(&Sender{Arenas: &Arenas{}, Labour: NewLabour(1)}, scheme, oti, nil, o, budget)
	for len(data) >= 2 {
		n := min(int(binary.BigEndian.Uint16(data)), len(data)-2)
		_ = a.Take(now, data[2:2+n])
		data = data[2+n:]
		if a.Received > oti.TransferLength || budget.Used() > limit {
			t.Fatalf("%d of %d bytes received, %d of %d held", a.Received, oti.TransferLength, budget.Used(), limit)
		}
		f := a.Effects()
		for _, at := range f.Attempts {
			if err := a.Conclude(now, at, at.Run(nil)); AsFailure(err) != nil &&
				AsFailure(err).Cause == CauseStore {
				t.Fatal(err)
			}
		}
		if tail := a.Begin(); tail != nil && n%3 > 0 {
			object, err := o.Open()
			if err == nil {
				err = tail.Write(object)
			}
			if err != nil {
				t.Fatal(err)
			}
			a.End(tail)
		} else if tail != nil {
			defer tail.Release() // it is never written
		}
		if f.Short {
			_ = a.Retry(now)
		}
	}
	if a.IsWhole() != (a.Missing() == "") {
		t.Errorf("whole %v: %s", a.IsWhole(), a.Missing())
	}
	a.Release()
	o.Forget()
	if o.Leave(); files.Staged() != 0 {
		t.Errorf("%d objects staged", files.Staged())
	}
}
