package fec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// validOTIs are the smallest and the largest of each scheme, or ordinary ones.
var validOTIs = []fec.OTI{
	{TransferLength: 1, SymbolLength: 1, MaxSourceBlockLength: 1},
	{TransferLength: (1<<16 - 1) << 32, SymbolLength: 1<<16 - 1, MaxSourceBlockLength: 1 << 16},
	{TransferLength: 1 << 32, SymbolLength: 1, MaxSourceBlockLength: 1 << 16}, // 2^16 blocks of 2^16 symbols
	raptorOTI(fec.Raptor, 4, 1),
	raptorOTI(fec.Raptor, 8192, 1),
	{
		EncodingID: fec.Raptor, TransferLength: (1<<16 - 1) * 8192 * (1<<16 - 1), SymbolLength: 1<<16 - 1,
		SourceBlocks: 1<<16 - 1, SubBlocks: 255, Alignment: 255,
	},
	{
		EncodingID: fec.ReedSolomonGF2m, FieldBits: 2, TransferLength: 3 << 30, SymbolLength: 1,
		MaxSourceBlockLength: 3, MaxEncodingSymbols: 3,
	},
	{
		EncodingID: fec.ReedSolomonGF2m, FieldBits: 16, TransferLength: (1<<16 - 1) << 17, SymbolLength: 2,
		MaxSourceBlockLength: 1<<16 - 1, MaxEncodingSymbols: 1<<16 - 1,
	},
	{
		EncodingID: fec.LDPCStaircase, TransferLength: 1 << 20, SymbolLength: 1, MaxSourceBlockLength: 1 << 19,
		MaxEncodingSymbols: 1<<20 - 1, N1: 3, GroupSize: 1, Seed: 1,
	},
	{
		EncodingID: fec.LDPCTriangle, TransferLength: (1<<20 - 1) * (1<<16 - 1) << 12, SymbolLength: 1<<16 - 1,
		MaxSourceBlockLength: 1<<20 - 1, MaxEncodingSymbols: 1<<20 - 1, N1: 10, GroupSize: 31, Seed: 0x7ffffffe,
	},
	rsOTI(1, 1, 1, 1),
	rsOTI(255<<24*(1<<16-1), 1<<16-1, 255, 255),
	rsOTI(255<<24, 1, 255, 255), // 2^24 blocks
	raptorOTI(fec.RaptorQ, 1, 1),
	raptorOTI(fec.RaptorQ, 56403, 1),
	{
		EncodingID: fec.RaptorQ, TransferLength: 942574504275, SymbolLength: 1<<16 - 1, SourceBlocks: 255,
		SubBlocks: 1<<16 - 1, Alignment: 1,
	},
	{
		EncodingID: fec.SmallBlockExpandable, InstanceID: 1<<16 - 1, TransferLength: 1<<48 - 1, SymbolLength: 1,
		MaxSourceBlockLength: 1<<32 - 1,
	},
	{
		EncodingID: fec.SmallBlockSystematic, InstanceID: 1, TransferLength: (1<<32 - 1) * (1<<16 - 1), SymbolLength: 1,
		MaxSourceBlockLength: 1<<16 - 1, MaxEncodingSymbols: 1<<16 - 1,
	},
	{EncodingID: fec.Compact, InstanceID: 1, TransferLength: 100, SymbolLength: 8, MaxSourceBlockLength: 4},
}

func rsOTI(length uint64, e uint16, b, n uint32) fec.OTI {
	return fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: length, SymbolLength: e, MaxSourceBlockLength: b,
		MaxEncodingSymbols: n,
	}
}

// TestConf_B04_Valid: what the wire formats can say, up to the largest values, can be computed with.
func TestConf_B04_Valid(t *testing.T) {
	for _, o := range validOTIs {
		if err := o.Validate(); err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		checkPartition(t, &o)
		if got, err := fec.ParseFTI(o.EncodingID, o.AppendFTI(nil)); err != nil ||
			o.EncodingID != fec.ReedSolomonGF2m && got != o {
			t.Errorf("%+v became %+v, %v", o, got, err)
		}
	}
}

// TestConf_B10_Invalid: each OTI is wrong in the one field that the error names.
func TestConf_B10_Invalid(t *testing.T) {
	with := func(o fec.OTI, f func(*fec.OTI)) fec.OTI { f(&o); return o }
	noCode := fec.OTI{TransferLength: 1000, SymbolLength: 10, MaxSourceBlockLength: 10}
	raptor, raptorQ, rs := raptorOTI(fec.Raptor, 100, 2), raptorOTI(fec.RaptorQ, 100, 2), rsOTI(1000, 10, 10, 12)
	gf2m := with(rs, func(o *fec.OTI) { o.EncodingID, o.FieldBits = fec.ReedSolomonGF2m, 8 })
	ldpc := with(rs, func(o *fec.OTI) { o.EncodingID, o.N1, o.GroupSize, o.Seed = fec.LDPCStaircase, 3, 1, 1 })
	small := with(rs, func(o *fec.OTI) { o.EncodingID = fec.SmallBlockSystematic })
	for _, o := range []fec.OTI{noCode, raptor, raptorQ, rs, gf2m, ldpc, small} {
		if err := o.Validate(); err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
	}
	for _, v := range []struct {
		field string
		oti   fec.OTI
	}{
		{"FEC Encoding ID", with(noCode, func(o *fec.OTI) { o.EncodingID = 7 })},
		// B03: "the FEC Instance ID MUST NOT be used for fully-specified FEC schemes"
		{"FEC Instance ID", with(noCode, func(o *fec.OTI) { o.InstanceID = 1 })},
		{"Transfer-Length", with(noCode, func(o *fec.OTI) { o.TransferLength = 1 << 48 })},
		{"Transfer-Length", with(noCode, func(o *fec.OTI) { o.TransferLength = 1<<64 - 1 })},
		{"Encoding-Symbol-Length", with(noCode, func(o *fec.OTI) { o.SymbolLength = 0 })},
		{"Maximum-Source-Block-Length", with(noCode, func(o *fec.OTI) { o.MaxSourceBlockLength = 0 })},
		{"number of source blocks", with(noCode, func(o *fec.OTI) {
			o.TransferLength, o.SymbolLength = 1<<16*10+1, 1
		})},
		{"source block length", with(noCode, func(o *fec.OTI) {
			o.TransferLength, o.SymbolLength, o.MaxSourceBlockLength = 1<<16+1, 1, 1<<32-1
		})},
		{"source block length", with(noCode, func(o *fec.OTI) {
			o.TransferLength, o.SymbolLength, o.MaxSourceBlockLength = 200001, 1, 100000
		})},
		{"Encoding-Symbol-Length", with(rs, func(o *fec.OTI) { o.SymbolLength = 0 })},
		{"Maximum-Source-Block-Length", with(rs, func(o *fec.OTI) { o.MaxSourceBlockLength = 0 })},
		{"Maximum-Source-Block-Length", with(rs, func(o *fec.OTI) {
			o.MaxSourceBlockLength, o.MaxEncodingSymbols = 256, 256
		})},
		{"Max-Number-of-Encoding-Symbols", with(rs, func(o *fec.OTI) { o.MaxEncodingSymbols = 256 })},
		{"Max-Number-of-Encoding-Symbols", with(rs, func(o *fec.OTI) { o.MaxEncodingSymbols = 9 })},
		{"Max-Number-of-Encoding-Symbols", with(rs, func(o *fec.OTI) { o.MaxEncodingSymbols = 0 })},
		{"number of source blocks", rsOTI(255<<24+1, 1, 255, 255)},
		{"m", with(gf2m, func(o *fec.OTI) { o.FieldBits = 1 })},
		{"m", with(gf2m, func(o *fec.OTI) { o.FieldBits = 17 })},
		{"m", with(gf2m, func(o *fec.OTI) { o.FieldBits = 255 })},
		{"Maximum-Source-Block-Length", with(gf2m, func(o *fec.OTI) { o.FieldBits = 2 })},
		{"Encoding-Symbol-Length", with(gf2m, func(o *fec.OTI) { o.FieldBits = 7 })},
		{"number of source blocks", with(gf2m, func(o *fec.OTI) {
			o.FieldBits, o.TransferLength, o.SymbolLength = 16, 10<<16*2+1, 2
		})},
		{"N1", with(ldpc, func(o *fec.OTI) { o.N1 = 2 })},
		{"N1", with(ldpc, func(o *fec.OTI) { o.N1 = 11 })},
		{"G", with(ldpc, func(o *fec.OTI) { o.GroupSize = 0 })},
		{"G", with(ldpc, func(o *fec.OTI) { o.GroupSize = 32 })},
		{"PRNG seed", with(ldpc, func(o *fec.OTI) { o.Seed = 0 })},
		{"PRNG seed", with(ldpc, func(o *fec.OTI) { o.Seed = 0x7fffffff })},
		{"Max-Number-of-Encoding-Symbols", with(ldpc, func(o *fec.OTI) { o.MaxEncodingSymbols = 1 << 20 })},
		{"number of source blocks", with(ldpc, func(o *fec.OTI) { o.TransferLength = 1<<12*100 + 1 })},
		{"Maximum-Source-Block-Length", with(small, func(o *fec.OTI) {
			o.MaxSourceBlockLength, o.MaxEncodingSymbols = 256, 256
		})},
		{"Maximum-Source-Block-Length", with(small, func(o *fec.OTI) {
			o.InstanceID, o.MaxSourceBlockLength, o.MaxEncodingSymbols = 1, 1<<16, 1<<16
		})},
		{"number of source blocks", with(small, func(o *fec.OTI) { // 2^32 blocks: their number would not fit
			o.InstanceID, o.TransferLength, o.SymbolLength = 1, (1<<16-1)<<32, 1
			o.MaxSourceBlockLength, o.MaxEncodingSymbols = 1<<16-1, 1<<16-1
		})},
		// K04
		{"Al", with(raptor, func(o *fec.OTI) { o.Alignment = 0 })},
		{"Al", with(raptor, func(o *fec.OTI) { o.Alignment = 3 })},
		{"N", with(raptor, func(o *fec.OTI) { o.SubBlocks = 0 })},
		{"N", with(raptor, func(o *fec.OTI) { o.SubBlocks = 3 })},
		{"N", with(raptor, func(o *fec.OTI) { o.SymbolLength, o.SubBlocks = 1200, 256 })},
		{"Z", with(raptor, func(o *fec.OTI) { o.SourceBlocks = 0 })},
		{"Z", with(raptor, func(o *fec.OTI) { o.SourceBlocks = 1 << 16 })},
		{"source block length", raptorOTI(fec.Raptor, 8193, 1)},
		{"source block length", raptorOTI(fec.Raptor, 3, 1)},
		{"source block length", raptorOTI(fec.Raptor, 7, 2)},
		{"source block length", raptorOTI(fec.Raptor, 7, 100)},
		{"Transfer-Length", with(raptor, func(o *fec.OTI) { o.TransferLength = 1 << 45 })},
		// K05
		{"Al", with(raptorQ, func(o *fec.OTI) { o.Alignment = 16 })},
		{"N", with(raptorQ, func(o *fec.OTI) { o.SubBlocks = 3 })},
		{"Z", with(raptorQ, func(o *fec.OTI) { o.SourceBlocks = 256 })},
		{"source block length", raptorOTI(fec.RaptorQ, 56404, 1)},
		{"Transfer-Length", with(raptorQ, func(o *fec.OTI) { o.TransferLength = 946270874881 })},
	} {
		err := v.oti.Validate()
		if !errors.Is(err, flute.ErrOTI) || drop.Of(err) != drop.OTI {
			t.Errorf("%+v: %v", v.oti, err)
		} else if !strings.Contains(err.Error(), ": "+v.field+" is ") {
			t.Errorf("%+v: %v, want an error about %s", v.oti, err, v.field)
		}
	}
}

// TestConf_B10_Empty: an object of no bytes needs no more than a scheme.
func TestConf_B10_Empty(t *testing.T) {
	for id := range 256 {
		o := fec.OTI{EncodingID: fec.EncodingID(id)}
		if err := o.Validate(); (err == nil) != o.EncodingID.Known() {
			t.Errorf("%v: %v", o.EncodingID, err)
		}
		checkPartition(t, &o)
	}
}

// TestConf_K03_EncodingSymbols: a receiver takes all ESIs below max_n; a sender follows the n-algorithm.
func TestConf_K03_EncodingSymbols(t *testing.T) {
	ldpc := rsOTI(1000, 10, 20, 30)
	ldpc.EncodingID = fec.LDPCStaircase
	small := rsOTI(1000, 10, 20, 30)
	small.EncodingID = fec.SmallBlockSystematic
	for _, v := range []struct {
		oti            fec.OTI
		k, most, makes uint32
	}{
		{rsOTI(1000, 10, 20, 30), 20, 30, 10},
		{rsOTI(1000, 10, 20, 30), 19, 30, 9}, // floor(28.5) - 19
		{rsOTI(1000, 10, 20, 30), 1, 30, 0},
		{rsOTI(1000, 10, 255, 255), 255, 255, 0},
		{small, 19, 30, 9},
		{ldpc, 19, 28, 9}, // both sides need the same n
		{fec.OTI{MaxSourceBlockLength: 20}, 20, 20, 0},
		{fec.OTI{MaxSourceBlockLength: 20, MaxEncodingSymbols: 26}, 20, 20, 0},        // fuzzing: No-Code has no max_n
		{fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxEncodingSymbols: 26}, 20, 26, 0}, // no B: divided by no 0
		{rsOTI(1000, 10, 20, 19), 20, 20, 0},
		{rsOTI(1000, 10, 20, 21), 20, 21, 1},
		{fec.OTI{EncodingID: fec.Raptor}, 20, 65521, 0},
		{fec.OTI{EncodingID: fec.RaptorQ}, 20, 1 << 24, 0},
		{fec.OTI{EncodingID: fec.Compact}, 20, 1 << 16, 0},
		{fec.OTI{EncodingID: fec.SmallBlockExpandable}, 20, 1<<32 - 1, 0},
	} {
		if most, makes := v.oti.MaxESI(v.k), v.oti.RepairSymbols(v.k); most != v.most || makes != v.makes {
			t.Errorf("%v, k=%d: %d are accepted and %d made, want %d and %d", v.oti.EncodingID, v.k, most, makes,
				v.most, v.makes)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, o := range validOTIs {
		f.Add(uint8(o.EncodingID), o.InstanceID, o.TransferLength, o.SymbolLength, o.MaxSourceBlockLength,
			o.MaxEncodingSymbols,
			o.SourceBlocks, o.SubBlocks, o.Alignment, o.FieldBits, o.GroupSize, o.N1, o.Seed)
	}
	f.Fuzz(func(t *testing.T, id uint8, instance uint16, length uint64, e uint16, b, maxN, z uint32, n uint16,
		al, m, g, n1 uint8, seed uint32,
	) {
		o := fec.OTI{
			EncodingID: fec.EncodingID(id), InstanceID: instance, TransferLength: length, SymbolLength: e,
			MaxSourceBlockLength: b,
			MaxEncodingSymbols:   maxN, SourceBlocks: z, SubBlocks: n, Alignment: al, FieldBits: m, GroupSize: g,
			N1: n1, Seed: seed,
		}
		var err error
		allocbound.Bound{Fixed: 1 << 10}.Check(t, 0, func() { err = o.Validate() }) // of an error's text
		if err != nil {
			if !errors.Is(err, flute.ErrOTI) || err.Error() == "" {
				t.Fatal(err)
			}
			// Not to be relied on, but nothing may panic.
			p := o.Partition()
			p.Block(fec.SBN(seed))
			p.Symbol(fec.SBN(seed), fec.ESI(b))
			o.AppendFTI(nil)
			o.SchemeSpecificInfo()
			return
		}
		checkPartition(t, &o)
		if length == 0 {
			return
		}
		// All fields that the scheme has fit into EXT_FTI.
		got, err := fec.ParseFTI(o.EncodingID, o.AppendFTI(nil))
		if err != nil {
			t.Fatal(err)
		}
		again, want := got.Partition(), o.Partition()
		if again != want || got.Validate() != nil {
			t.Fatalf("%+v became %+v", o, got)
		}
	})
}

// BenchmarkValidate checks the OTI of a packet and partitions its object.
func BenchmarkValidate(b *testing.B) {
	o := rsOTI(1<<30, 1400, 64, 80)
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Validate(); err != nil {
			b.Fatal(err)
		}
		if p := o.Partition(); p.Blocks() == 0 {
			b.Fatal("no source blocks")
		}
	}
}

// RFC 5510, section 4.2.1: SBN has 32-m bits, and a source block at most 2^m - 1 symbols.
func TestLimitsOfEveryField(t *testing.T) {
	for m := uint8(2); m <= 16; m++ {
		o := fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: m}
		l := o.Limits()
		if l.Blocks != 1<<(32-m) || l.MaxBlockSymbols != 1<<m-1 || l.Symbols != 1<<m-1 {
			t.Errorf("m = %d: %+v", m, l)
		}
	}
}

// A source block may have one symbol, but with Raptor (RFC 5053, section 5.4.2.3); and none has more source symbols
// than encoding symbols.
func TestLimitsAgree(t *testing.T) {
	for id := range 256 {
		o := fec.OTI{EncodingID: fec.EncodingID(id)}
		l, least := o.Limits(), uint32(1)
		if o.EncodingID == fec.Raptor {
			least = 4
		}
		switch {
		case !o.EncodingID.Known():
			if l != (fec.Limits{}) {
				t.Errorf("%d: %+v", id, l)
			}
		case l.MinBlockSymbols != least || l.MaxBlockSymbols <= least || l.Symbols < l.MaxBlockSymbols:
			t.Errorf("%v: %+v", o.EncodingID, l)
		}
	}
}

// An OTI that nobody has checked parts nothing into nothing, and divides by no 0.
func TestPartitionOfNothing(t *testing.T) {
	for _, o := range []fec.OTI{{}, {TransferLength: 5}, {SymbolLength: 8}, {SymbolLength: 8, SourceBlocks: 4}} {
		if p := o.Partition(); p.Blocks() != 0 {
			t.Errorf("%+v: %d source blocks", o, p.Blocks())
		}
	}
}

// TestInvalidIsTold: the error names the field, what it says and what it must say.
func TestInvalidIsTold(t *testing.T) {
	ldpc := rsOTI(1000, 10, 20, 30)
	ldpc.EncodingID, ldpc.N1, ldpc.GroupSize, ldpc.Seed = fec.LDPCStaircase, 3, 1, 0
	for _, v := range []struct {
		oti  fec.OTI
		want string
	}{
		{fec.OTI{EncodingID: 7}, "fec: fec(7): FEC Encoding ID is 7, must be known"},
		{
			fec.OTI{InstanceID: 3},
			"fec: no-code: FEC Instance ID is 3, must be absent: the scheme is fully specified",
		},
		{
			fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 17},
			"fec: rs-gf2m: m is 17, must be 2 to 16",
		},
		{
			fec.OTI{TransferLength: 1 << 48},
			"fec: no-code: Transfer-Length is 281474976710656, must be at most 281474976710655",
		},
		{fec.OTI{TransferLength: 1}, "fec: no-code: Encoding-Symbol-Length is 0, must be positive"},
		{
			fec.OTI{TransferLength: 1, SymbolLength: 1},
			"fec: no-code: Maximum-Source-Block-Length is 0, must be positive",
		},
		{
			rsOTI(1000, 10, 20, 19),
			"fec: rs: Max-Number-of-Encoding-Symbols is 19, must be from the Maximum-Source-Block-Length, 20, to 255",
		},
		{ldpc, "fec: ldpc-staircase: PRNG seed is 0, must be 1 to 2147483646"},
		{raptorOTI(fec.RaptorQ, 56404, 1), "fec: raptorq: source block length is 56404, must be at most 56403"},
		{
			raptorOTI(fec.Raptor, 7, 2),
			"fec: raptor: source block length is 3, must be at least 4: take shorter symbols or fewer source blocks",
		},
	} {
		if err := v.oti.Validate(); err == nil || err.Error() != v.want {
			t.Errorf("%v\nwant %s", err, v.want)
		}
	}
}
