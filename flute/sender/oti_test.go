package sender

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/ceil"
	"github.com/flute-node/flute-node/internal/defaults"
)

// The sizes are those of flute-rs 1.11.7, except that it refuses objects of less than four times Al.
func TestSmallRaptorObjects(t *testing.T) {
	for _, c := range []struct {
		t      uint16
		length uint64
		symbol uint16
		k      uint32
		al     uint8
	}{
		{1400, 1401, 348, 5, 4},
		{1400, 2801, 700, 5, 4},
		{1400, 4200, 1048, 5, 4},
		{1400, 4201, 1400, 4, 4},
		{32, 16, 4, 4, 4},
		{32, 31, 4, 8, 4},
		{32, 32, 8, 4, 4},
		{1400, 15, 3, 5, 1},
		{1400, 4, 1, 4, 1},
	} {
		o := complete(fec.OTI{EncodingID: fec.Raptor, SymbolLength: c.t}, c.length, defaults.MaxBlockBytes)
		if err := o.Validate(); err != nil {
			t.Errorf("T=%d, F=%d: %v", c.t, c.length, err)
		}
		p := o.Partition()
		if o.SymbolLength != c.symbol || p.BlockSymbols(0) != c.k || p.Blocks() != 1 || o.Alignment != c.al {
			t.Errorf("T=%d, F=%d: T'=%d, K=%d, Z=%d, Al=%d; want T'=%d, K=%d, Z=1, Al=%d", c.t, c.length,
				o.SymbolLength, p.BlockSymbols(0), p.Blocks(), o.Alignment, c.symbol, c.k, c.al)
		}
	}
	for length := range uint64(4) {
		o := complete(fec.OTI{EncodingID: fec.Raptor}, length, defaults.MaxBlockBytes)
		if err := o.Validate(); err != nil || length > 0 && o.EncodingID != fec.CompactNoCode {
			t.Errorf("%d bytes: %v, %v", length, o.EncodingID, err)
		}
	}
}

// TestFewSymbols: the symbols of a small object, and so its repair symbols, are no longer than it needs; there are as
// many as before.
func TestFewSymbols(t *testing.T) {
	for _, c := range []struct {
		o      fec.OTI
		length uint64
		symbol uint16
	}{
		{fec.OTI{EncodingID: fec.RaptorQ}, 1, 4},
		{fec.OTI{EncodingID: fec.RaptorQ}, 6, 8},
		{fec.OTI{EncodingID: fec.RaptorQ}, 1399, 1400},
		{fec.OTI{EncodingID: fec.RaptorQ}, 1401, 704},
		{fec.OTI{EncodingID: fec.RaptorQ}, 5600, 1400},
		{fec.OTI{EncodingID: fec.RaptorQ}, 5601, 1400}, // five symbols
		{fec.OTI{EncodingID: fec.RaptorQ, Alignment: 8, SubBlocks: 9}, 60, 64},
		{fec.OTI{EncodingID: fec.ReedSolomonGF28}, 1, 1},
		{fec.OTI{EncodingID: fec.SmallBlockSystematic}, 1401, 701},
		{fec.OTI{EncodingID: fec.ReedSolomonGF2m}, 7, 7},
		{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16}, 7, 8},
		{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 12}, 4, 6},
		{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 4, MaxSourceBlockLength: 10}, 7, 7},
		{fec.OTI{}, 6, 1400}, // without repair symbols nothing is longer than the object
	} {
		got := complete(c.o, c.length, defaults.MaxBlockBytes)
		if err := got.Validate(); err != nil {
			t.Errorf("%+v, %d bytes: %v", c.o, c.length, err)
		}
		if k := ceil.Div(c.length, 1400); got.SymbolLength != c.symbol || ceil.Div(c.length, uint64(c.symbol)) != k {
			t.Errorf("%+v, %d bytes: symbols of %d bytes; want %d of %d", c.o, c.length, got.SymbolLength, k, c.symbol)
		}
		if got.SubBlocks > 1 && got.SubBlocks != 8 {
			t.Errorf("%+v, %d bytes: %d sub-blocks", c.o, c.length, got.SubBlocks)
		}
	}
}

// TestShorten: an object of less than one source block has its share of repair symbols, one at least; others, and those
// of codes without an n-algorithm, stay.
func TestShorten(t *testing.T) {
	for _, c := range []struct {
		id           fec.EncodingID
		length       uint64
		b, most      uint32
		short, fewer uint32
	}{
		{fec.ReedSolomonGF28, 0, 64, 80, 64, 80},
		{fec.ReedSolomonGF28, 1, 64, 80, 1, 2},
		{fec.ReedSolomonGF28, 10, 64, 80, 1, 2},
		{fec.ReedSolomonGF28, 11, 64, 80, 2, 3},
		{fec.SmallBlockSystematic, 50, 64, 80, 5, 7},
		{fec.ReedSolomonGF2m, 630, 64, 80, 63, 79},
		{fec.ReedSolomonGF2m, 631, 64, 80, 64, 80},
		{fec.ReedSolomonGF28, 100_000, 64, 80, 64, 80},
		{fec.ReedSolomonGF28, 10, 64, 64, 64, 64},
		{fec.ReedSolomonGF28, 10, 64, 65, 1, 2},
		{fec.LDPCStaircase, 10, 64, 80, 64, 80},
	} {
		got := shorten(fec.OTI{
			EncodingID: c.id, TransferLength: c.length, SymbolLength: 10, MaxSourceBlockLength: c.b,
			MaxEncodingSymbols: c.most,
		})
		if got.MaxSourceBlockLength != c.short || got.MaxEncodingSymbols != c.fewer {
			t.Errorf("%+v: B=%d, max_n=%d", c, got.MaxSourceBlockLength, got.MaxEncodingSymbols)
		}
	}
}

// TestLongBlocks: source blocks become longer from where the SBNs do not suffice, with as large a share of repair
// symbols.
func TestLongBlocks(t *testing.T) {
	blocks := (&fec.OTI{EncodingID: fec.CompactNoCode}).Limits().Blocks
	for _, c := range []struct {
		length  uint64
		b, most uint32
	}{
		{4 * blocks, 4, 5},
		{4*blocks + 1, 5, 7},
		{5 * blocks, 5, 7},
		{(1<<20 - 1) * blocks, 1<<20 - 1, 1_310_719},
		{1 << 20 * blocks, 4, 5}, // for Validate to refuse
	} {
		got := lengthen(fec.OTI{
			TransferLength: c.length, SymbolLength: 1, MaxSourceBlockLength: 4, MaxEncodingSymbols: 5,
		})
		if got.MaxSourceBlockLength != c.b || got.MaxEncodingSymbols != c.most {
			t.Errorf("%+v: B=%d, max_n=%d", c, got.MaxSourceBlockLength, got.MaxEncodingSymbols)
		}
	}
}

// TestSmallLDPCObjects: the symbols of a small object become so short that it has the source symbols that LDPC needs.
func TestSmallLDPCObjects(t *testing.T) {
	for _, c := range []struct {
		length uint64
		id     fec.EncodingID
		symbol uint16
	}{
		{0, fec.LDPCStaircase, 1000},
		{1, fec.CompactNoCode, 1000},
		{2, fec.LDPCStaircase, 1},
		{16, fec.LDPCStaircase, 2},
		{7000, fec.LDPCStaircase, 875},
		{7001, fec.LDPCStaircase, 1000},
	} {
		got := fitLDPC(fec.OTI{EncodingID: fec.LDPCStaircase, TransferLength: c.length, SymbolLength: 1000})
		if got.EncodingID != c.id || got.SymbolLength != c.symbol {
			t.Errorf("%d bytes: %v, symbols of %d", c.length, got.EncodingID, got.SymbolLength)
		}
	}
}

// Whatever the length, the OTI is one that the code can do.
func TestCompleteIsValid(t *testing.T) {
	lengths := []uint64{
		1, 2, 3, 4, 5, 15, 16, 17, 100, 1399, 1400, 1401, 5600, 5601, 7000, 12_600, 12_601, 30_000, 89_600, 89_601,
		1_000_000, 5_000_001, 1 << 30, 10 << 30,
	}
	for _, o := range []fec.OTI{
		{EncodingID: fec.Raptor},
		{EncodingID: fec.Raptor, MaxSourceBlockLength: 4},
		{EncodingID: fec.Raptor, MaxSourceBlockLength: 9, SubBlocks: 5},
		{EncodingID: fec.Raptor, SymbolLength: 64, SubBlocks: 16, MaxSourceBlockLength: 8192},
		{EncodingID: fec.RaptorQ},
		{EncodingID: fec.RaptorQ, MaxSourceBlockLength: 1, SymbolLength: 8},
		{EncodingID: fec.RaptorQ, MaxSourceBlockLength: 1024, SubBlocks: 7},
		{},
		{EncodingID: fec.ReedSolomonGF28},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 4, MaxSourceBlockLength: 10},
		{EncodingID: fec.LDPCStaircase},
		{EncodingID: fec.LDPCTriangle, MaxSourceBlockLength: 20, MaxEncodingSymbols: 25},
		{EncodingID: fec.LDPCStaircase, MaxSourceBlockLength: 1000, MaxEncodingSymbols: 3000, N1: 10},
	} {
		for _, length := range lengths {
			max := uint64(defaults.MaxBlockBytes)
			if length > 1<<30 {
				max = 128 << 20
			}
			c := complete(o, length, max)
			if c.SymbolLength < 64 && length > 1<<20 {
				continue // more blocks than the SBN can number
			}
			if err := c.Validate(); err != nil {
				t.Errorf("%+v, %d bytes: %v", o, length, err)
				continue
			}
			p := c.Partition()
			if b := uint64(p.Large) * uint64(c.SymbolLength); b > max {
				t.Errorf("%+v, %d bytes: source blocks of %d bytes", o, length, b)
			}
			if c.EncodingID == fec.LDPCStaircase || c.EncodingID == fec.LDPCTriangle {
				for _, k := range []uint32{p.Large, p.Small} {
					if n := c.RepairSymbols(k); n < uint32(c.N1) {
						t.Errorf("%+v, %d bytes: %d repair symbols for %d", o, length, n, k)
					}
				}
			}
		}
	}
}

func TestGroups(t *testing.T) {
	cfg := &Config{MaxBlockBytes: 1 << 20}
	for _, c := range []struct {
		name  string
		oti   fec.OTI
		more  redundancy
		k     uint32
		turn  uint64
		want  [][2]uint32 // first ESI and count of each packet
		cycle uint32
	}{
		{
			"one by one",
			fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 3, MaxEncodingSymbols: 5},
			redundancy{},
			3, 1,
			[][2]uint32{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}},
			2,
		},
		{
			"in pairs",
			fec.OTI{EncodingID: fec.ReedSolomonGF2m, MaxSourceBlockLength: 5, MaxEncodingSymbols: 8, GroupSize: 2},
			redundancy{},
			5, 0,
			[][2]uint32{{0, 2}, {2, 2}, {4, 1}, {5, 2}, {7, 1}},
			2,
		},
		{
			"the second transfer goes on",
			fec.OTI{EncodingID: fec.RaptorQ},
			redundancy{symbols: 3},
			2, 1,
			[][2]uint32{{0, 1}, {1, 1}, {5, 1}, {6, 1}, {7, 1}},
			1<<24 - 2,
		},
		{
			"until all were sent",
			fec.OTI{EncodingID: fec.Raptor},
			redundancy{symbols: 65513},
			4, 1,
			[][2]uint32{{0, 1}, {1, 1}, {2, 1}, {3, 1}, {65517, 1}, {65518, 1}, {65519, 1}, {65520, 1}, {4, 1}},
			65517,
		},
		{"nothing to repair with", fec.OTI{EncodingID: fec.RaptorQ}, redundancy{ratio: -1}, 2, 3, [][2]uint32{{0, 1}, {1, 1}}, 0},
		{"by ratio", fec.OTI{EncodingID: fec.RaptorQ}, redundancy{ratio: .25}, 2, 0, [][2]uint32{{0, 1}, {1, 1}, {2, 1}}, 1<<24 - 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := complete(c.oti, uint64(c.k)*1400, cfg.MaxBlockBytes)
			co := coding{oti: o, part: o.Partition(), more: c.more, perPacket: max(1, uint32(o.GroupSize))}
			g := co.group(c.k)
			if g.cycle != c.cycle {
				t.Errorf("repair symbols repeat after %d packets, want %d", g.cycle, c.cycle)
			}
			for i, want := range c.want {
				if first, n := g.symbols(uint32(i), c.turn); uint32(first) != want[0] || n != want[1] {
					t.Errorf("packet %d: %d symbols from %d, want %d from %d", i, n, first, want[1], want[0])
				}
			}
			if len(c.want) < 9 && int(g.packets()) != len(c.want) {
				t.Errorf("%d packets, want %d", g.packets(), len(c.want))
			}
		})
	}
}

// A file of Reed-Solomon over GF(2^8) has up to 2^24 source blocks (RFC 5510, section 5.1): SBNs go beyond 255.
func TestReedSolomonBeyond255Blocks(t *testing.T) {
	const blocks = 300
	r := newRun(t, Config{OTI: fec.OTI{
		EncodingID: fec.ReedSolomonGF28, SymbolLength: 4, MaxSourceBlockLength: 1, MaxEncodingSymbols: 2,
	}})
	r.add("file", 4*blocks)
	seen := map[uint32]int{}
	for range 10 * blocks {
		b, ok, err := r.s.AppendNext(nil, r.now)
		if err != nil {
			t.Fatal(err)
		}
		r.now = r.now.Add(time.Millisecond)
		_, toi, err := lct.Peek(b)
		if !ok || err != nil || toi.IsFDT() {
			continue
		}
		payloadID := binary.BigEndian.Uint32(b[4*int(b[2]):])
		seen[payloadID>>8]++
	}
	for sbn := range uint32(blocks) {
		if seen[sbn] != 2 {
			t.Errorf("block %d has %d packets, want 2", sbn, seen[sbn])
		}
	}
	if len(seen) != blocks {
		t.Errorf("%d blocks", len(seen))
	}
}

// TestLeastRepair: short blocks have the least number of repair symbols, longer ones their share.
func TestLeastRepair(t *testing.T) {
	for k, want := range map[uint32]uint32{1: 2, 20: 2, 21: 3, 30: 3, 1000: 100} {
		c := coding{oti: fec.OTI{EncodingID: fec.RaptorQ}, more: redundancy{ratio: .1, least: 2}}
		if got := c.repairs(k); got != want {
			t.Errorf("%d source symbols: %d repair symbols, want %d", k, got, want)
		}
	}
}

// TestReedSolomonBeyond255Symbols: an object whose source blocks would be too large for its code is refused, by the
// name of what is wrong.
func TestReedSolomonBeyond255Symbols(t *testing.T) {
	for _, id := range []fec.EncodingID{fec.ReedSolomonGF28, fec.SmallBlockSystematic} {
		r := newRun(t, Config{OTI: fec.OTI{EncodingID: id, SymbolLength: 100, MaxSourceBlockLength: 256}})
		content := pattern(100_000)
		o, err := Prepare(t.Context(), File{
			ContentLocation: "file", Content: bytes.NewReader(content), Size: uint64(len(content)),
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.s.Add(o); err == nil || !strings.Contains(err.Error(), "Maximum-Source-Block-Length") {
			t.Errorf("FEC Encoding ID %d: %v", id, err)
		}
	}
}
