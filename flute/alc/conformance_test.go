package alc

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// The names of these tests carry the numbers of the rules that they hold the package to.

// accept is Parse for datagrams that must be valid.
func accept(t *testing.T, s string) Packet {
	t.Helper()
	p, err := Parse(unhex(t, s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return p
}

// dropped holds Parse to the reason of a drop, and to giving nothing else away.
func dropped(t *testing.T, s string, want flute.DropReason) {
	t.Helper()
	p, err := Parse(unhex(t, s))
	if reflect.TypeOf(err) != sentinel || drop.Of(err) != want {
		t.Errorf("%s: %v, want %v", s, err, want)
	}
	if d := cmp.Diff(Packet{}, p, compareTOI); d != "" {
		t.Errorf("%s: half-parsed (-want +got):\n%s", s, d)
	}
}

func TestConf_L29_NOPIgnored(t *testing.T) {
	plain := accept(t, "10100400 00000000 00010000 c0200001 00000000 3c")
	// An EXT_NOP that looks like another EXT_FDT inside, before and behind the true one.
	p := accept(t, "10100800 00000000 00010000 00020000 c0200002 c0200001 00020000 c0200003 00000000 3c")
	plain.Extensions, p.Extensions = nil, nil
	if d := cmp.Diff(plain, p, compareTOI); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConf_A01_Version(t *testing.T) {
	for _, v := range []string{"0", "2", "f"} {
		dropped(t, v+"0100300 00000000 00010001 00000000", drop.Version)
	}
}

func TestConf_A02_TSIRequired(t *testing.T) {
	dropped(t, "10000200 00000000", drop.NoTSI)
	dropped(t, "10200300 00000000 00000001 00000000", drop.NoTSI)
	dropped(t, "10020200 00000000", drop.NoTSI)
	for _, s := range []string{
		"10100300 00000000 00010001", "10800300 00000000 00000001", "10900400 00000000 000000000001 0001",
	} {
		if p := accept(t, s); p.TSI != 1 {
			t.Errorf("%s: TSI %d", s, p.TSI)
		}
	}
}

func TestConf_A05_TOIOfEachPacket(t *testing.T) {
	for toi, s := range map[uint64]string{
		1: "10100300 00000000 00010001 00000000", 0x10002: "10300400 00000000 0001 000000010002 00000000",
	} {
		if p := accept(t, s); p.TOI != flute.NewTOI(toi) || !p.HasTOI {
			t.Errorf("%s: TOI %v", s, p.TOI)
		}
	}
}

func TestConf_A07_SourcePacketIndicator(t *testing.T) {
	for psi, first := range []string{"10", "11", "12", "13"} {
		p := accept(t, first+"100300 00000000 00010001 00000000 aa")
		if int(p.PSI) != psi || len(p.Body) != 5 {
			t.Errorf("PSI %d: %+v", psi, p)
		}
	}
}

func TestConf_A13_Order(t *testing.T) {
	p := accept(t, "10100400 00000000 00010001 c1000000 00010002 aabbcc")
	if d := cmp.Diff(unhex(t, "00010002 aabbcc"), p.Body); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConf_A14_DataLess(t *testing.T) {
	for _, s := range []string{
		"10100300 00000000 00010001", "10110300 00000000 00010001", "10100300 00000000 00010000",
		"10820300 00000000 00000001", "10100700 00000000 00010001 4004 00000000004d 0000 0008 00000004",
	} {
		if p := accept(t, s); len(p.Body) != 0 {
			t.Errorf("%s: body %x", s, p.Body)
		}
	}
}

func TestConf_A17_InvalidHeader(t *testing.T) {
	for s, want := range map[string]flute.DropReason{
		"":                                    drop.Truncated,
		"101003":                              drop.Truncated,
		"10100300 00000000 000100":            drop.HeaderLength,
		"10100200 00000000 00010001":          drop.HeaderLength,
		"10100400 00000000 00010001":          drop.HeaderLength,
		"10100400 00000000 00010001 05000000": drop.Extension,
		"10100400 00000000 00010001 40020000 00000000": drop.Extension,
	} {
		dropped(t, s, want)
	}
}

func TestConf_E06_TOIOfTheClosePacket(t *testing.T) {
	for tsi, toi := range map[flute.TSI]bool{0: false, 1<<32 - 1: false, 1 << 32: true} {
		// The field of 16 bits that a TSI of 48 bits brings along is the only exception.
		p, err := Parse(AppendCloseSession(nil, tsi))
		if err != nil || p.HasTOI != toi || !p.CloseSession || p.TSI != tsi {
			t.Errorf("TSI %d: %+v, %v", tsi, p, err)
		}
	}
}

func TestConf_E07_WithoutTOI(t *testing.T) {
	if p := accept(t, "10820300 00000000 00000001"); !p.CloseSession || p.HasTOI || p.TSI != 1 {
		t.Errorf("%+v", p)
	}
	dropped(t, "10820300 00000000 00000001 00", drop.NoTOI)
	dropped(t, "10800300 00000000 00000001 00000000 aa", drop.NoTOI)
	dropped(t, "10800400 00000000 00000001 c0200001 00000000 aa", drop.NoTOI)
}

func TestConf_E08_TOIZero(t *testing.T) {
	// 0 in any length is the FDT's.
	for _, s := range []string{
		"10100400 00000000 00010000 c0200001 00000000", "10300500 00000000 0001 000000000000 c0200001 00000000",
		"10f00800 00000000 000000000001 0000000000000000000000000000 c0200001 00000000",
	} {
		if p := accept(t, s); !p.TOI.IsFDT() || !p.HasFDT {
			t.Errorf("%s: %+v", s, p)
		}
	}
}

func TestConf_E10_InstanceOfEachPacket(t *testing.T) {
	a := accept(t, "10100400 00000000 00010000 c0200001 00000000")
	b := accept(t, "10100400 00000000 00010000 c0200002 00000000")
	if a.InstanceID == b.InstanceID {
		t.Error("two FDT Instances are one")
	}
}

func TestConf_E22_FDTWithoutInstanceID(t *testing.T) {
	dropped(t, "10100300 00000000 00010000 00000000 3c", drop.NoInstanceID)
	dropped(t, "10100400 00000000 00010000 c1000000 00000000 3c", drop.NoInstanceID)
	dropped(t, "10120300 00000000 00010000 00000000 3c", drop.NoInstanceID)
}

func TestConf_E38_InstanceHeader(t *testing.T) {
	for s, want := range map[string]struct {
		version uint8
		id      flute.InstanceID
	}{
		"c0200000": {2, 0}, "c0200001": {2, 1}, "c02fffff": {2, flute.MaxInstanceID}, "c0100001": {1, 1},
		"c01abcde": {1, 0xabcde}, "c0f80000": {15, 0x80000},
	} {
		p := accept(t, "10100400 00000000 00010000"+s+"00000000")
		if !p.HasFDT || p.FLUTEVersion != want.version || p.InstanceID != want.id {
			t.Errorf("%s: %+v", s, p)
		}
	}
}

func TestConf_E69_ReservedBitsOfCENC(t *testing.T) {
	for _, s := range []string{"c1030000", "c103ffff", "c1030001"} {
		p := accept(t, "10100500 00000000 00010000 c0200001"+s+"00000000")
		if !p.HasCENC || p.CENC != uint8(flute.GZIP) {
			t.Errorf("%s: %+v", s, p)
		}
	}
}

func TestConf_E70_CENCValues(t *testing.T) {
	for v := range 256 {
		b := unhex(t, "10100500 00000000 00010000 c0200001 c1000000 00000000")
		b[17] = byte(v)
		if p, err := Parse(b); err != nil || !p.HasCENC || int(p.CENC) != v {
			t.Errorf("CENC %d: %+v, %v", v, p, err)
		}
	}
	for c, want := range map[flute.ContentEncoding]uint8{
		flute.Null: 0, flute.ZLIB: 1, flute.DEFLATE: 2, flute.GZIP: 3,
	} {
		if uint8(c) != want {
			t.Errorf("%v is %d", c, uint8(c))
		}
	}
}

func TestConf_E72_MissingCENC(t *testing.T) {
	// Missing is told from null: another packet of the FDT Instance may have it.
	if p := accept(t, "10100400 00000000 00010000 c0200001 00000000"); p.HasCENC {
		t.Errorf("missing: %+v", p)
	}
	if p := accept(t, "10100500 00000000 00010000 c0200001 c1000000 00000000"); !p.HasCENC || p.CENC != 0 {
		t.Errorf("null: %+v", p)
	}
}

func TestConf_W02_TimeWords(t *testing.T) {
	for _, c := range []struct {
		bytes    string
		sct, ert uint32
	}{
		{"10100400 00000000 00010000 c0100003 00000000 3c", 0, 0},
		{"10180500 00000000 00010000 00000102 c0100003 00000000 3c", 0x102, 0},
		{"10140500 00000000 00010000 00000304 c0100003 00000000 3c", 0, 0x304},
		{"101c0600 00000000 00010000 00000102 00000304 c0100003 00000000 3c", 0x102, 0x304},
	} {
		b := unhex(t, c.bytes)
		p, err := ParseLayout(b, lct.RFC3451)
		if err != nil || p.SCT != c.sct || p.ERT != c.ert || p.FLUTEVersion != 1 || p.InstanceID != 3 ||
			len(p.Body) != 5 {
			t.Errorf("%s: %+v, %v", c.bytes, p, err)
		}
	}
}

func TestConf_W03_MBMS(t *testing.T) {
	// T = R = 0, and EXT_TIME with ERT only: both layouts read the same.
	b := unhex(t, "10100500 00000000 00010001 0202 2000 0000003c 00000000 aa")
	now, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	old, err := ParseLayout(b, lct.RFC3451)
	if d := cmp.Diff(now, old, compareTOI); d != "" || err != nil {
		t.Errorf("%v (-RFC 5651 +RFC 3451):\n%s", err, d)
	}
	if d := cmp.Diff(unhex(t, "2000 0000003c"), now.Time); d != "" {
		t.Errorf("EXT_TIME (-want +got):\n%s", d)
	}
}
