package fec_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// checkPartition compares the partition of a valid OTI with what RFC 5052, section 9.1, and RFC 6330, section 4.4.1.2,
// say in numbers without limit, and checks that all its source blocks can be addressed.
func checkPartition(t *testing.T, o *fec.OTI) {
	t.Helper()
	p := o.Partition()
	if o.TransferLength == 0 {
		if p.Blocks() != 0 || p.Symbols != 0 || p.BlockSymbols(0) != 0 {
			t.Fatalf("%+v: an object of no bytes has source blocks: %+v", o, p)
		}
		return
	}
	var (
		one = big.NewInt(1)
		n   = func(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
		sum = func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
		dif = func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
		mul = func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
		div = func(a, b *big.Int) *big.Int { return new(big.Int).Div(a, b) }
		// ceil(a/b) by another formula than the code's
		ceil = func(a, b *big.Int) *big.Int { return div(dif(sum(a, b), one), b) }
	)
	length, e := n(o.TransferLength), n(uint64(o.SymbolLength))
	symbols := ceil(length, e)
	blocks := ceil(symbols, n(max(1, uint64(o.MaxSourceBlockLength))))
	if o.EncodingID == fec.Raptor || o.EncodingID == fec.RaptorQ {
		if blocks = n(uint64(o.SourceBlocks)); blocks.Cmp(symbols) > 0 {
			blocks = symbols // the others are empty
		}
	}
	large, small := ceil(symbols, blocks), div(symbols, blocks)
	first := dif(symbols, mul(small, blocks))
	for _, v := range []struct {
		name string
		got  uint64
		want *big.Int
	}{
		{"T", p.Symbols, symbols},
		{"N", uint64(p.Blocks()), blocks},
		{"A_large", uint64(p.Large), large},
		{"A_small", uint64(p.Small), small},
		{"I", uint64(p.LargeBlocks), first},
	} {
		if n(v.got).Cmp(v.want) != 0 {
			t.Fatalf("%+v: %s is %d, want %v", o, v.name, v.got, v.want)
		}
	}
	// The blocks at the ends and at the step, and the symbols at their ends.
	last := uint64(p.Blocks()) - 1
	for _, sbn := range []uint64{0, uint64(p.LargeBlocks) - 1, uint64(p.LargeBlocks), last / 2, last} {
		if sbn > last {
			continue
		}
		before := mul(n(sbn), large)
		if k := n(sbn); k.Cmp(first) > 0 {
			before = sum(mul(first, large), mul(dif(k, first), small))
		}
		k := small
		if n(sbn).Cmp(first) < 0 {
			k = large
		}
		if got := p.BlockSymbols(fec.SBN(sbn)); n(uint64(got)).Cmp(k) != 0 || got == 0 {
			t.Fatalf("%+v: block %d has %d symbols, want %v", o, sbn, got, k)
		}
		cut := func(symbol, count *big.Int) (off, size *big.Int) {
			off = mul(symbol, e)
			if end := sum(off, mul(count, e)); end.Cmp(length) > 0 {
				return off, dif(length, off)
			}
			return off, mul(count, e)
		}
		off, size := p.Block(fec.SBN(sbn))
		if wantOff, wantSize := cut(before, k); n(off).Cmp(wantOff) != 0 || n(size).Cmp(wantSize) != 0 {
			t.Fatalf("%+v: block %d is %d+%d, want %v+%v", o, sbn, off, size, wantOff, wantSize)
		}
		for _, esi := range []uint64{0, k.Uint64() - 1} {
			off, size := p.Symbol(fec.SBN(sbn), fec.ESI(esi))
			if wantOff, wantSize := cut(sum(before, n(esi)), one); n(off).Cmp(wantOff) != 0 ||
				n(uint64(size)).Cmp(wantSize) != 0 {
				t.Fatalf("%+v: symbol %d:%d is %d+%d, want %v+%v", o, sbn, esi, off, size, wantOff, wantSize)
			}
			id := fec.PayloadID{SBN: fec.SBN(sbn), ESI: fec.ESI(esi)}
			if got, _, err := o.ParsePayloadID(o.AppendPayloadID(nil, id)); err != nil || got != id {
				t.Fatalf("%+v: %+v does not fit the FEC Payload ID: %+v, %v", o, id, got, err)
			}
		}
		if _, size := p.Symbol(fec.SBN(sbn), fec.ESI(k.Uint64())); size != 0 {
			t.Fatalf("%+v: block %d has a source symbol %v", o, sbn, k)
		}
		count := uint32(k.Uint64())
		if most, n := o.MaxESI(count), uint64(count)+uint64(o.RepairSymbols(count)); most < count || uint64(most) < n {
			t.Fatalf("%+v: of %d source symbols %d encoding symbols are accepted, %d are made", o, count, most, n)
		}
	}
	if off, size := p.Block(fec.SBN(last)); off+size != o.TransferLength {
		t.Fatalf("%+v: the last block ends at %d", o, off+size)
	}
	// RFC 5052, section 9.1.2: the last source symbol has L - floor((L-1)/E)*E bytes.
	lastSymbol := dif(length, mul(div(dif(length, one), e), e))
	if _, size := p.Symbol(fec.SBN(last),
		fec.ESI(p.BlockSymbols(fec.SBN(last))-1)); n(uint64(size)).Cmp(lastSymbol) != 0 {
		t.Fatalf("%+v: the last symbol has %d bytes, want %v", o, size, lastSymbol)
	}
	if last < 1<<32-1 {
		if off, size := p.Block(fec.SBN(last + 1)); size != 0 || off != o.TransferLength ||
			p.BlockSymbols(fec.SBN(last+1)) != 0 {
			t.Fatalf("%+v: there is a block %d", o, last+1)
		}
	}
}

// TestConf_B08_Partition: RFC 5052, section 9.1, and Partition[Kt, Z], against math/big, for sizes of all magnitudes.
func TestConf_B08_Partition(t *testing.T) {
	random := rand.New(rand.NewPCG(5052, 9))
	magnitude := func(bits int) uint64 { return random.Uint64() >> (64 - 1 - random.IntN(bits)) }
	ids := []fec.EncodingID{
		fec.CompactNoCode, fec.Raptor, fec.ReedSolomonGF2m, fec.LDPCStaircase, fec.ReedSolomonGF28, fec.RaptorQ,
		fec.SmallBlockExpandable, fec.SmallBlockSystematic, fec.Compact,
	}
	valid := map[fec.EncodingID]int{}
	for range 200_000 {
		o := fec.OTI{
			EncodingID:     ids[random.IntN(len(ids))],
			TransferLength: magnitude(48), SymbolLength: uint16(magnitude(16)),
			MaxSourceBlockLength: uint32(magnitude(32)),
			SourceBlocks:         uint32(magnitude(16)), SubBlocks: 1, Alignment: 1, N1: 3, GroupSize: 1, Seed: 1,
			FieldBits: uint8(2 + random.IntN(15)),
		}
		switch o.EncodingID {
		case fec.ReedSolomonGF2m, fec.LDPCStaircase, fec.ReedSolomonGF28, fec.SmallBlockSystematic:
			o.MaxSourceBlockLength = uint32(magnitude(16))
			o.MaxEncodingSymbols = o.MaxSourceBlockLength + uint32(magnitude(6))
		}
		if o.Validate() == nil {
			valid[o.EncodingID]++
			checkPartition(t, &o)
		}
	}
	for _, id := range ids {
		if valid[id] < 1000 {
			t.Errorf("%v: only %d of the samples were valid", id, valid[id])
		}
	}
}

// TestConf_B09_Whole: blocks and symbols of small objects cover every byte, once and in order.
func TestConf_B09_Whole(t *testing.T) {
	for _, id := range []fec.EncodingID{fec.CompactNoCode, fec.RaptorQ} {
		for length := range uint64(70) {
			for e := uint16(1); e <= 9; e += 2 {
				for b := uint32(1); b <= 12; b++ {
					o := fec.OTI{
						EncodingID: id, TransferLength: length, SymbolLength: e, MaxSourceBlockLength: b,
						SourceBlocks: b, SubBlocks: 1, Alignment: 1,
					}
					if err := o.Validate(); err != nil {
						t.Fatal(err)
					}
					p := o.Partition()
					blockEnd, symbolEnd := uint64(0), uint64(0)
					for sbn := range fec.SBN(p.Blocks()) {
						off, n := p.Block(sbn)
						if off != blockEnd || n == 0 {
							t.Fatalf("%+v: block %d is %d+%d", o, sbn, off, n)
						}
						blockEnd += n
						for esi := range fec.ESI(p.BlockSymbols(sbn)) {
							off, n := p.Symbol(sbn, esi)
							if off != symbolEnd || n == 0 || n > uint32(e) {
								t.Fatalf("%+v: symbol %d:%d is %d+%d", o, sbn, esi, off, n)
							}
							symbolEnd += uint64(n)
						}
						if symbolEnd != blockEnd {
							t.Fatalf("%+v: symbols of block %d end at %d, the block at %d", o, sbn, symbolEnd, blockEnd)
						}
					}
					if blockEnd != length {
						t.Fatalf("%+v: the last block ends at %d", o, blockEnd)
					}
				}
			}
		}
	}
}

// TestConf_B07_C08_W07_PartitionVectors: layouts that other implementations were seen to use.
func TestConf_B07_C08_W07_PartitionVectors(t *testing.T) {
	for _, v := range []struct {
		oti    fec.OTI
		blocks []uint32 // source symbols
	}{
		{fec.OTI{TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4}, []uint32{4, 3, 3}},
		{raptorOTI(fec.RaptorQ, 9, 4), []uint32{3, 2, 2, 2}},
		{raptorOTI(fec.Raptor, 18, 4), []uint32{5, 5, 4, 4}},
		{raptorOTI(fec.RaptorQ, 3, 5), []uint32{1, 1, 1}},
		// Partition[Kt, Z] is not what RFC 5052 makes of B = ceil(Kt/Z): that would be 3 blocks.
		{raptorOTI(fec.RaptorQ, 5, 4), []uint32{2, 1, 1, 1}},
		// B may be larger than an ESI can say as long as no block is.
		{fec.OTI{TransferLength: 5, SymbolLength: 1, MaxSourceBlockLength: 1<<32 - 1}, []uint32{5}},
		{fec.OTI{TransferLength: 70001, SymbolLength: 1, MaxSourceBlockLength: 70000}, []uint32{35001, 35000}},
		{fec.OTI{}, nil},
	} {
		if err := v.oti.Validate(); err != nil {
			t.Errorf("%+v: %v", v.oti, err)
		}
		p := v.oti.Partition()
		var got []uint32
		for sbn := range fec.SBN(p.Blocks()) {
			got = append(got, p.BlockSymbols(sbn))
		}
		if fmt.Sprint(got) != fmt.Sprint(v.blocks) {
			t.Errorf("%+v: source blocks of %v symbols, want %v", v.oti, got, v.blocks)
		}
	}
}

func raptorOTI(id fec.EncodingID, symbols uint64, z uint32) fec.OTI {
	return fec.OTI{
		EncodingID: id, TransferLength: 8 * symbols, SymbolLength: 8, SourceBlocks: z, SubBlocks: 1, Alignment: 4,
	}
}

func TestPartitionAllocates(t *testing.T) {
	var sum uint64
	if n := testing.AllocsPerRun(100, func() {
		for i := range validOTIs {
			p := validOTIs[i].Partition()
			last := fec.SBN(p.Blocks() - 1)
			blockOff, blockSize := p.Block(last)
			off, size := p.Symbol(last, 0)
			sum += uint64(p.BlockSymbols(last)) + blockOff + blockSize + off + uint64(size)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if sum == 0 {
		t.Error("no bytes")
	}
}

// BenchmarkPartitionSymbol finds the bytes of a symbol, as for every packet.
func BenchmarkPartitionSymbol(b *testing.B) {
	o := rsOTI(1<<30, 1400, 64, 80)
	p := o.Partition()
	b.ReportAllocs()
	for sbn := fec.SBN(0); b.Loop(); sbn = (sbn + 1) % fec.SBN(p.Blocks()) {
		if _, n := p.Symbol(sbn, 1); n == 0 {
			b.Fatal("no such symbol")
		}
	}
}

// TestPartitionAt: each byte belongs to the symbol that says to have it.
func TestPartitionAt(t *testing.T) {
	for _, o := range []fec.OTI{
		{TransferLength: 1, SymbolLength: 1, MaxSourceBlockLength: 1},
		{TransferLength: 1037, SymbolLength: 20, MaxSourceBlockLength: 7},
		{TransferLength: 1040, SymbolLength: 20, MaxSourceBlockLength: 13},
		{TransferLength: 1037, SymbolLength: 1, MaxSourceBlockLength: 100},
	} {
		p := o.Partition()
		for off := range o.TransferLength {
			sbn, esi := p.At(off)
			if from, n := p.Symbol(sbn, esi); off < from || off >= from+uint64(n) {
				t.Fatalf("%+v: byte %d is in symbol %d of block %d, from %d, %d bytes", o, off, esi, sbn, from, n)
			}
		}
	}
}
