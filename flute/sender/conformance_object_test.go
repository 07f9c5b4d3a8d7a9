package sender

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/ceil"
)

// RFC 5052, section 6.1: the FEC Encoding ID is told with an object, so that all its encoding symbols have one;
// those of two objects may differ.
func TestConf_B02_OneCodeForEachObject(t *testing.T) {
	r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 100}, Parallel: 2, TransferCount: 2})
	rs := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 5, MaxEncodingSymbols: 8}
	one := r.add("plain", 1500)
	two := addTo(t, r.s, File{
		ContentLocation: "coded", Content: bytes.NewReader(pattern(1500)), Size: 1500, OTI: &rs,
	})
	want := map[flute.TOI]uint8{one: uint8(fec.CompactNoCode), two: uint8(fec.ReedSolomonGF28)}
	seen := map[flute.TOI]int{}
	r.see = func(p *packet, _ int) {
		seen[p.TOI]++
		if id, ok := want[p.TOI]; ok && p.Codepoint != id {
			t.Errorf("TOI %v: codepoint %d, want %d", p.TOI, p.Codepoint, id)
		}
	}
	r.until(start.Add(time.Minute))
	if seen[one] != 30 || seen[two] != 48 {
		t.Errorf("%v packets", seen)
	}
}

// RFC 5445, section 3.2.1: "each source block within the object has a unique Source Block Number", from 0 on. So none
// comes for two blocks, in one transfer or in several: a symbol has the same bytes whenever it comes.
func TestConf_C02_C03_SBNsAreConsecutive(t *testing.T) {
	type symbol struct {
		toi flute.TOI
		id  fec.PayloadID
	}
	for _, tr := range traces(t) {
		blocks := map[flute.TOI]map[fec.SBN]bool{}
		symbols := map[symbol][]byte{}
		for i := range tr.packets {
			p := &tr.packets[i]
			if p.TOI.IsFDT() || p.oti.TransferLength == 0 {
				continue
			}
			if blocks[p.TOI] == nil {
				blocks[p.TOI] = map[fec.SBN]bool{}
			}
			blocks[p.TOI][p.id.SBN] = true
			s := symbol{p.TOI, p.id}
			if old, ok := symbols[s]; ok && !bytes.Equal(old, p.Body) {
				t.Errorf("%s: TOI %v, SBN %d, ESI %d comes with other bytes", tr.name, p.TOI, p.id.SBN, p.id.ESI)
			}
			symbols[s] = p.Body
		}
		if len(blocks) == 0 {
			t.Errorf("%s: nothing was sent", tr.name)
		}
		for toi, seen := range blocks {
			for sbn := range fec.SBN(len(seen)) {
				if !seen[sbn] {
					t.Errorf("%s: TOI %v of %d source blocks has no SBN %d", tr.name, toi, len(seen), sbn)
				}
			}
		}
	}
}

// RFC 5651, section 6.1: "It is recommended that all packets have the same or very similar sizes": here all of an
// object but its last symbol have one length, which is that of the symbols with some 60 bytes at most in front.
func TestConf_L48_PacketsOfOneSize(t *testing.T) {
	r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 1400}, FTI: FDTOnly})
	r.add("a", 100_000)
	sizes := map[int]int{}
	r.see = func(p *packet, size int) {
		if size > 1400+60 {
			t.Errorf("a packet of %d bytes", size)
		}
		if !p.TOI.IsFDT() {
			sizes[size]++
		}
	}
	r.until(start.Add(time.Minute))
	if len(sizes) != 2 { // 71 source symbols of 1400 bytes, and one of 600
		t.Errorf("packets of these sizes: %v", sizes)
	}
}

// RFC 6726, section 7.2.2: a sender SHOULD use an integrity technique: by default each file has two digests.
func TestConf_E86_DigestsAreSent(t *testing.T) {
	r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 100}})
	r.add("a", 1000)
	r.until(start.Add(time.Minute))
	if len(r.fdts) == 0 {
		t.Fatal("no FDT Instance")
	}
	for _, in := range r.fdts {
		if f := in.Files[0]; len(f.MD5) != 16 || len(f.SHA256) != 32 {
			t.Errorf("FDT Instance %d: MD5 %x, SHA-256 %x", in.ID, f.MD5, f.SHA256)
		}
	}
}

// TS 26.346, section 7.2.14: an FDT Instance with FullFDT lists exactly the files that are scheduled.
func TestConf_O10_FullFDT(t *testing.T) {
	r := newRun(t, Config{
		OTI: fec.OTI{SymbolLength: 100}, FullFDT: true, Parallel: 1, FDTInterval: 100 * time.Millisecond,
		Profile: fdt.MBMSExtended,
	})
	r.add("a", 100)
	r.add("b", 200_000)
	r.until(start.Add(time.Minute))
	var before int
	for _, in := range r.fdts {
		if !in.FullFDT {
			t.Errorf("FDT Instance %d does not say so", in.ID)
		}
		if n := len(in.Files); before > 0 && n > before {
			t.Errorf("FDT Instance %d has %d files, after %d", in.ID, n, before)
		}
		before = len(in.Files)
	}
	if len(r.fdts) < 3 || len(r.fdts[0].Files) != 2 || before != 1 {
		t.Errorf("%d FDT Instances, the last one of %d files", len(r.fdts), before)
	}
}

// TS 26.346, section 7.2.3: a sub-block has less than 256 KB, whatever was asked for; the other profiles have no such
// bound.
func TestConf_O07_SubBlocks(t *testing.T) {
	for _, p := range []fdt.Profile{fdt.MBMSExtended, fdt.MBMSDownload, fdt.DVBMABR, fdt.RFC6726} {
		for _, o := range []fec.OTI{
			{SymbolLength: 1400},
			{SymbolLength: 1400, SubBlocks: 2},
			{SymbolLength: 1400, SubBlocks: 9},
			{SymbolLength: 64, Alignment: 1},
			{SymbolLength: 8192, MaxSourceBlockLength: 128},
			{SymbolLength: 4080, Alignment: 16},
		} {
			for _, length := range []uint64{0, 1, 255_000, 300_000, 5_000_000, 50_000_000} {
				o.EncodingID = fec.Raptor
				r := newRun(t, Config{OTI: o, Profile: p})
				c, err := newCoding(r.s.cfg, o, "", redundancy{}, length)
				if err != nil {
					t.Errorf("%v, %d bytes, %+v: %v", p, length, o, err)
				}
				if c.oti.EncodingID != fec.Raptor || c.blocks == 0 { // too short for the code
					continue
				}
				parts := ceil.Div(uint64(c.oti.SymbolLength)/uint64(c.oti.Alignment), uint64(c.oti.SubBlocks))
				got := uint64(c.part.BlockSymbols(0)) * parts * uint64(c.oti.Alignment)
				if p.MBMS() && got >= 256_000 || c.oti.SubBlocks < o.SubBlocks {
					t.Errorf("%v, %d bytes, %+v: a sub-block of %d bytes", p, length, c.oti, got)
				}
				if !p.MBMS() && c.oti.SubBlocks != max(1, o.SubBlocks) {
					t.Errorf("%v, %d bytes: %d sub-blocks of %d", p, length, c.oti.SubBlocks, o.SubBlocks)
				}
			}
		}
	}
	// 1226 symbols of at least 255 bytes in a sub-block
	r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 64}, Profile: fdt.MBMSDownload})
	o := fec.OTI{EncodingID: fec.Raptor, SymbolLength: 4080, Alignment: 255}
	if c, err := newCoding(r.s.cfg, o, "", redundancy{}, 5_000_000); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("%+v, %v", c.oti, err)
	}
}
