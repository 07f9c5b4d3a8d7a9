package settings

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/repair"
)

const mib = 1 << 20

func TestFEC(t *testing.T) {
	for _, test := range []struct {
		words      FEC
		size       uint64
		want       fec.OTI
		redundancy float64
		blockBytes uint64
	}{
		{FEC{Scheme: "no-code"}, mib, fec.OTI{SymbolLength: 1400, MaxSourceBlockLength: 64}, -1, 7489 * 1400},
		{
			FEC{Scheme: "rs"},
			mib,
			fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 1400, MaxSourceBlockLength: 64, MaxEncodingSymbols: 77,
			},
			13.0 / 64, 7489 * 1400,
		},
		{
			FEC{Scheme: "rs", Repair: new(Percent(0))},
			mib,
			fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 1400, MaxSourceBlockLength: 64, MaxEncodingSymbols: 64,
			},
			-1, 7489 * 1400,
		},
		{
			FEC{Scheme: "rs129", Symbol: 500, Block: 200, Repair: new(Percent(0.25))},
			mib,
			fec.OTI{
				EncodingID: fec.SmallBlockSystematic, SymbolLength: 500, MaxSourceBlockLength: 200,
				MaxEncodingSymbols: 250,
			},
			0.25, 20971 * 500,
		},
		{
			FEC{Scheme: "rs2", FieldBits: 4},
			mib,
			fec.OTI{
				EncodingID: fec.ReedSolomonGF2m, SymbolLength: 1400, MaxSourceBlockLength: 12, MaxEncodingSymbols: 15,
				FieldBits: 4, GroupSize: 1,
			},
			0.25, 7489 * 1400,
		},
		{
			FEC{Scheme: "rs2", FieldBits: 9, Group: 3},
			mib, // 9 bytes are 8 elements
			fec.OTI{
				EncodingID: fec.ReedSolomonGF2m, SymbolLength: 459, MaxSourceBlockLength: 64, MaxEncodingSymbols: 77,
				FieldBits: 9, GroupSize: 3,
			},
			13.0 / 64, 22844 * 459,
		},
		{
			FEC{Scheme: "rs16", Symbol: 2},
			mib,
			fec.OTI{
				EncodingID: fec.ReedSolomonGF2m, SymbolLength: 2, MaxSourceBlockLength: 256, MaxEncodingSymbols: 308,
				FieldBits: 16, GroupSize: 1,
			},
			52.0 / 256, 10 * mib,
		},
		{
			FEC{Scheme: "raptor", Group: 4, SubBlocks: 5},
			100 * mib,
			fec.OTI{
				EncodingID: fec.Raptor, SymbolLength: 348, MaxSourceBlockLength: 1024, SubBlocks: 5, Alignment: 4,
				GroupSize: 4,
			},
			205.0 / 1024, 30131 * 348,
		},
		{
			FEC{Scheme: "raptorq", Block: 50000, Repair: new(Percent(0.1)), Alignment: 8},
			100 * mib,
			fec.OTI{
				EncodingID: fec.RaptorQ, SymbolLength: 1400, MaxSourceBlockLength: 50000, SubBlocks: 1, Alignment: 8,
			},
			0.1, 50000 * 1400,
		},
		{
			FEC{Scheme: "raptorq", Alignment: 16},
			5 << 30, // of 255 source blocks at most
			fec.OTI{
				EncodingID: fec.RaptorQ, SymbolLength: 1392, MaxSourceBlockLength: 1024, SubBlocks: 1, Alignment: 16,
			},
			205.0 / 1024, 15125 * 1392,
		},
		{
			FEC{Scheme: "ldpc"},
			mib,
			fec.OTI{
				EncodingID: fec.LDPCStaircase, SymbolLength: 1400, MaxSourceBlockLength: 1000, MaxEncodingSymbols: 1200,
				N1: 7, Seed: 1, GroupSize: 1,
			},
			150.0 / 749, 7489 * 1400,
		},
		{
			FEC{Scheme: "ldpc-triangle", N1: 3, LDPCSeed: 42, Block: 10, Group: 31},
			mib,
			fec.OTI{
				EncodingID: fec.LDPCTriangle, SymbolLength: 45, MaxSourceBlockLength: 10, MaxEncodingSymbols: 13, N1: 3,
				Seed: 42, GroupSize: 31,
			},
			0.3, 233016 * 45,
		},
	} {
		var cfg sender.Config
		err := test.words.Apply(&cfg, test.size)
		if diff := cmp.Diff(test.want, cfg.OTI); err != nil || diff != "" {
			t.Errorf("%+v: %v %s", test.words, err, diff)
		}
		if math.Abs(cfg.Redundancy-test.redundancy) > 1e-9 || cfg.MaxBlockBytes != test.blockBytes {
			t.Errorf("%+v: redundancy %v, block bytes %d; want %v, %d",
				test.words, cfg.Redundancy, cfg.MaxBlockBytes, test.redundancy, test.blockBytes)
		}
		if cfg.Variant != fec.Variant(test.words.RSMatrix) {
			t.Errorf("%+v: variant %q", test.words, cfg.Variant)
		}
	}
}

// TestBlocksAreShortened takes the longest block that has room for its repair symbols.
func TestBlocksAreShortened(t *testing.T) {
	for _, f := range []FEC{
		{Scheme: "rs", Loss: 0.7},
		{Scheme: "rs", Repair: new(Percent(5))},
		{Scheme: "rs2", FieldBits: 5},
		{Scheme: "rs2", FieldBits: 2},
	} {
		s, err := FindScheme(f.Scheme)
		if err != nil {
			t.Fatal(err)
		}
		k, err := f.block(&s, 0)
		most := f.limits(&s).Symbols
		if err != nil || k >= s.Block || k+f.repair(&s, k) > most || k+1+f.repair(&s, k+1) <= most {
			t.Errorf("%+v: %d source and %d repair symbols, %v", f, k, f.repair(&s, k), err)
		}
	}
}

func TestFECRefuses(t *testing.T) {
	for _, test := range []struct {
		words FEC
		want  string // in the error
	}{
		{FEC{Scheme: "fountain"}, `no FEC scheme "fountain"`},
		{FEC{Scheme: "rs", Block: 250, Repair: new(Percent(0.2))}, "lower --block or --repair"},
		{FEC{Scheme: "rs", Block: 64, Loss: 0.7}, "lower --block or --repair"},
		{FEC{Scheme: "rs2", FieldBits: 4, Block: 15}, "longer than the 15 symbols"},
		{FEC{Scheme: "rs2", FieldBits: 1}, "take 2 to 16"},
		{FEC{Scheme: "rs2", FieldBits: 17}, "take 2 to 16"},
		{FEC{Scheme: "rs16", Symbol: 1401}, "take 1400"},
		{FEC{Scheme: "rs2", FieldBits: 9, Symbol: 5}, "take 9"},
		{FEC{Scheme: "rs16", FieldBits: 8}, "--field-bits means nothing to --fec rs16"},
		{FEC{Scheme: "rs", SubBlocks: 2}, "--sub-blocks means nothing to --fec rs"},
		{FEC{Scheme: "rs", Group: 2}, "--group means nothing"},
		{FEC{Scheme: "raptor", RSMatrix: "rizzo"}, "--rs-matrix means nothing"},
		{FEC{Scheme: "raptor", N1: 3}, "--ldpc-n1 means nothing"},
		{FEC{Scheme: "raptor", LDPCSeed: 3}, "--ldpc-seed means nothing"},
		{FEC{Scheme: "no-code", Alignment: 4}, "--alignment means nothing"},
		{FEC{Scheme: "no-code", Repair: new(Percent(0.2))}, "no repair symbols"},
		{FEC{Scheme: "raptor", Symbol: 1402}, "take 1400"},
		{FEC{Scheme: "raptor", Symbol: 3}, "take 4"},
		{FEC{Scheme: "raptor", Block: 8193}, "at most 8192"},
		{FEC{Scheme: "raptor", Block: 3}, "at least 4"},
		{FEC{Scheme: "raptor", SubBlocks: 256, Symbol: 2048}, "at most 255"},
		{FEC{Scheme: "raptorq", SubBlocks: 351}, "room for 350"},
		{FEC{Scheme: "raptorq", Block: 56404}, "at most 56403"},
		{FEC{Scheme: "raptorq", Group: 32}, "take 1 to 31"},
		{FEC{Scheme: "ldpc", N1: 2}, "take 3 to 10"},
		{FEC{Scheme: "ldpc", N1: 11}, "take 3 to 10"},
		{FEC{Scheme: "ldpc", LDPCSeed: 1<<31 - 1}, "take 1 to 2147483646"},
		{FEC{Scheme: "ldpc", Block: 1 << 20}, "at most 1048575"},
	} {
		err := test.words.Apply(&sender.Config{}, mib)
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			t.Errorf("%+v: %v; want an Error", test.words, err)
			continue
		}
		text := e.Spell(func(word string) string { return "--" + word })
		if !strings.Contains(text, test.want) || strings.Contains(text, "\n") || !strings.Contains(text, "--"+e.Word) {
			t.Errorf("%+v: %s; want %q in one line, and the word %s", test.words, text, test.want, e.Word)
		}
	}
}

func TestFilesShorterThanABlock(t *testing.T) {
	for _, test := range []struct {
		fec  string
		size uint64
		k    uint32 // 0: as in the session
	}{
		{"rs", 1, 1},
		{"rs", 14000, 10},
		{"rs", 63 * 1400, 63},
		{"rs", 64 * 1400, 0},
		{"rs", 0, 0},
		{"rs129", 14001, 11},
		{"rs16", 255 * 1400, 255},
		{"ldpc", 7 * 1400, 0},
		{"ldpc", 8 * 1400, 8},
		{"ldpc-triangle", 100 * 1400, 100},
		{"raptorq", 1400, 0},
		{"no-code", 1400, 0},
	} {
		for _, given := range []bool{false, true} {
			f := FEC{Scheme: test.fec, Loss: 0.1}
			if given && test.fec != "no-code" {
				f.Repair = new(Percent(0.2))
			}
			var cfg sender.Config
			if err := f.Apply(&cfg, 100*mib); err != nil {
				t.Fatal(err)
			}
			o := f.ForSize(&cfg, test.size)
			if test.k == 0 || given {
				if o != nil {
					t.Errorf("%s, %d bytes: %+v; want that of the session", test.fec, test.size, o)
				}
				continue
			}
			want := cfg.OTI
			want.MaxSourceBlockLength = test.k
			want.MaxEncodingSymbols = test.k + repair.For(test.k, repair.Extra(want.EncodingID, test.k, 7), 0.1,
				lossFailure)
			if o == nil || *o != want {
				t.Errorf("%s, %d bytes: %+v, want %+v", test.fec, test.size, o, want)
			}
		}
	}
}

// TestMaxRepair: a transfer has the repair symbols of repair, the code those of max-repair.
func TestMaxRepair(t *testing.T) {
	share := func(p Percent) *Percent { return &p }
	for _, tt := range []struct {
		fec     FEC
		b, maxN uint32
		share   float64
	}{
		{FEC{Scheme: "rs", Repair: share(.25)}, 64, 80, .25},
		{FEC{Scheme: "rs", Repair: share(.25), MaxRepair: share(1.5)}, 64, 160, .25},
		{FEC{Scheme: "rs", Repair: share(.25), MaxRepair: share(4)}, 51, 255, 13. / 51},
		{FEC{Scheme: "rs", Repair: share(.25), MaxRepair: share(.1)}, 64, 80, .25},
	} {
		var cfg sender.Config
		if err := tt.fec.Apply(&cfg, mib); err != nil {
			t.Fatal(err)
		}
		if o := cfg.OTI; o.MaxSourceBlockLength != tt.b || o.MaxEncodingSymbols != tt.maxN ||
			cfg.Redundancy != tt.share {
			t.Errorf("%+v: B %d, max_n %d, redundancy %v", tt.fec, o.MaxSourceBlockLength, o.MaxEncodingSymbols,
				cfg.Redundancy)
		}
	}
	err := (&FEC{Scheme: "raptorq", MaxRepair: share(1)}).Apply(&sender.Config{}, mib)
	if err == nil || !strings.Contains(err.Error(), "max-repair means nothing to fec raptorq") {
		t.Error(err)
	}
}

// TestAutoFEC: RaptorQ with a tenth of repair symbols, and at least two, where the profile allows it.
func TestAutoFEC(t *testing.T) {
	own := Percent(0.5)
	for _, test := range []struct {
		profile fdt.Profile
		words   FEC
		id      fec.EncodingID
		ratio   float64
		least   uint32
	}{
		{fdt.RFC6726, FEC{}, fec.RaptorQ, 0.1, 2},
		{fdt.RFC3926, FEC{}, fec.RaptorQ, 0.1, 2},
		{fdt.RFC6726, FEC{Repair: &own}, fec.RaptorQ, 0.5, 0},
		{fdt.MBMSDownload, FEC{}, fec.CompactNoCode, -1, 0},
		{fdt.DVBMABR, FEC{}, fec.CompactNoCode, -1, 0},
	} {
		cfg := sender.Config{Profile: test.profile}
		test.words.Scheme = AutoFEC
		if err := test.words.Apply(&cfg, 1e9); err != nil {
			t.Error(test.profile, err)
		}
		if cfg.OTI.EncodingID != test.id || math.Abs(cfg.Redundancy-test.ratio) > 0.001 ||
			cfg.LeastRepair != test.least {
			t.Errorf("%v, %+v: %v, redundancy %v, at least %d", test.profile, test.words, cfg.OTI.EncodingID,
				cfg.Redundancy, cfg.LeastRepair)
		}
	}
}
