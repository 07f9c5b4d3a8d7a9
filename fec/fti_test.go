package fec_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// unhex reads hexadecimal digits with spaces between them.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ftiVectors are contents of EXT_FTI: what follows HET and HEL. Those marked "flute-rs" were sent by flute-rs 1.11.7;
// the others were written down from the figures of the RFCs.
var ftiVectors = []struct {
	name string
	hex  string
	oti  fec.OTI
}{
	{"0 flute-rs", "00000000004d 0000 0008 00000004", fec.OTI{
		TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4,
	}},
	{"0 largest", "ffffffffffff 0000 ffff ffffffff", fec.OTI{
		TransferLength: 1<<48 - 1, SymbolLength: 1<<16 - 1, MaxSourceBlockLength: 1<<32 - 1,
	}},
	{"1 flute-rs", "00000000004d 0000 0008 0001 01 04", fec.OTI{
		EncodingID: fec.Raptor, TransferLength: 77, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1, Alignment: 4,
	}},
	{"1 flute-rs, sub-blocks", "0000000000a0 0000 0010 0001 02 04", fec.OTI{
		EncodingID: fec.Raptor, TransferLength: 160, SymbolLength: 16, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
	}},
	{"1 all fields", "123456789abc 0000 def0 1234 56 78", fec.OTI{
		EncodingID: fec.Raptor, TransferLength: 0x123456789abc, SymbolLength: 0xdef0, SourceBlocks: 0x1234,
		SubBlocks: 0x56, Alignment: 0x78,
	}},
	{"2 flute-rs", "00000000004d 10 01 0008 0004 0006", fec.OTI{
		EncodingID: fec.ReedSolomonGF2m, TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4,
		MaxEncodingSymbols: 6, FieldBits: 16, GroupSize: 1,
	}},
	{"2 all fields", "123456789abc 0d 02 def0 1234 5678", fec.OTI{
		EncodingID: fec.ReedSolomonGF2m, TransferLength: 0x123456789abc, SymbolLength: 0xdef0,
		MaxSourceBlockLength: 0x1234, MaxEncodingSymbols: 0x5678, FieldBits: 13, GroupSize: 2,
	}},
	// N1m3 = 2 and G = 1: 010 00001. B = 0x12345, max_n = 0x6789a.
	{"3 all fields", "00000000004d 0008 41 12 3456789a 0000002a", fec.OTI{
		EncodingID: fec.LDPCStaircase, TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 0x12345,
		MaxEncodingSymbols: 0x6789a, GroupSize: 1, N1: 5, Seed: 42,
	}},
	{"4 largest", "ffffffffffff ffff ff ff ffffffff 7ffffffe", fec.OTI{
		EncodingID: fec.LDPCTriangle, TransferLength: 1<<48 - 1, SymbolLength: 1<<16 - 1,
		MaxSourceBlockLength: 1<<20 - 1, MaxEncodingSymbols: 1<<20 - 1, GroupSize: 31, N1: 10, Seed: 0x7ffffffe,
	}},
	{"5 flute-rs", "00000000004d 0008 04 06", fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4,
		MaxEncodingSymbols: 6,
	}},
	{"6 flute-rs", "000000004d 00 0008 01 0001 04 0000", fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 77, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1, Alignment: 4,
	}},
	{"6 flute-rs, sub-blocks", "00000000a0 00 0010 01 0002 04 0000", fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 160, SymbolLength: 16, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
	}},
	{"6 all fields", "123456789a 00 bcde f0 1234 56 0000", fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 0x123456789a, SymbolLength: 0xbcde, SourceBlocks: 0xf0,
		SubBlocks: 0x1234, Alignment: 0x56,
	}},
	{"128 all fields", "123456789abc 0102 def0 12345678", fec.OTI{
		EncodingID: fec.SmallBlockExpandable, InstanceID: 0x102, TransferLength: 0x123456789abc, SymbolLength: 0xdef0,
		MaxSourceBlockLength: 0x12345678,
	}},
	{"129 flute-rs", "00000000004d 0000 0008 0004 0006", fec.OTI{
		EncodingID: fec.SmallBlockSystematic, TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4,
		MaxEncodingSymbols: 6,
	}},
	{"129 largest", "ffffffffffff ffff ffff ffff ffff", fec.OTI{
		EncodingID: fec.SmallBlockSystematic, InstanceID: 1<<16 - 1, TransferLength: 1<<48 - 1, SymbolLength: 1<<16 - 1,
		MaxSourceBlockLength: 1<<16 - 1, MaxEncodingSymbols: 1<<16 - 1,
	}},
	{"130 all fields", "123456789abc 0102 def0 12345678", fec.OTI{
		EncodingID: fec.Compact, InstanceID: 0x102, TransferLength: 0x123456789abc, SymbolLength: 0xdef0,
		MaxSourceBlockLength: 0x12345678,
	}},
}

// TestConf_C04_C13_C15_C17_FTI: the layouts of EXT_FTI, both ways (C04, C15, C17, K02, K04, K05, B04).
func TestConf_C04_C13_C15_C17_FTI(t *testing.T) {
	for _, v := range ftiVectors {
		content := unhex(t, v.hex)
		got, err := fec.ParseFTI(v.oti.EncodingID, content)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if d := cmp.Diff(v.oti, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, d)
		}
		if b := v.oti.AppendFTI([]byte{64, 0}); !bytes.Equal(b[2:], content) || len(b)%4 != 0 {
			t.Errorf("%s: appended %x, want %x in whole words", v.name, b[2:], content)
		}
	}
}

// TestFTILength: every other length is an error, and no byte behind the end is read.
func TestFTILength(t *testing.T) {
	for _, v := range ftiVectors {
		content := unhex(t, v.hex)
		for n := range len(content) {
			if o, err := fec.ParseFTI(v.oti.EncodingID, content[:n:n]); drop.Of(err) != drop.OTI ||
				o != (fec.OTI{}) {
				t.Errorf("%s: %d of %d bytes: %+v, %v", v.name, n, len(content), o, err)
			}
		}
		for more := 1; more <= 8; more++ {
			longer := append(bytes.Clone(content), make([]byte, more)...)
			_, err := fec.ParseFTI(v.oti.EncodingID, longer)
			if tail := v.oti.EncodingID >= 128 && more == 4; (err == nil) != tail {
				t.Errorf("%s: %d bytes more: %v", v.name, more, err)
			}
		}
	}
	if _, err := fec.ParseFTI(7, make([]byte, 14)); drop.Of(err) != drop.OTI {
		t.Errorf("unknown scheme: %v", err)
	}
}

// TestConf_C14_FTITail: under-specified schemes may have the scheme-specific field of RFC 5445, section 4.2.2.3.
func TestConf_C14_FTITail(t *testing.T) {
	const common = "00000000004d 0000 0008 0004 0006"
	for _, v := range []struct {
		tail string
		ok   bool
	}{
		{"", true},
		{"00 000000", true},
		{"00 010203", true}, // padding that is not zero
		{"01 010203", true},
		{"02 01020304050607", true},
		{"00", false},
		{"00 0000", false},
		{"02 010203", false},
		{"00 000000 00000000", false},
		{"ff 010203", false},
	} {
		o, err := fec.ParseFTI(fec.SmallBlockSystematic, unhex(t, common+v.tail))
		if (err == nil) != v.ok {
			t.Errorf("tail %s: %v", v.tail, err)
		}
		if v.ok && (o.TransferLength != 77 || o.MaxEncodingSymbols != 6) {
			t.Errorf("tail %s: %+v", v.tail, o)
		}
	}
}

// TestConf_C07_Reserved: reserved and padding bits are ignored, and sent as zero.
func TestConf_C07_Reserved(t *testing.T) {
	for _, v := range []struct {
		id           fec.EncodingID
		set, cleared string
	}{
		{fec.CompactNoCode, "00000000004d ffff 0008 00000004", "00000000004d 0000 0008 00000004"},
		{fec.Raptor, "00000000004d ffff 0008 0001 01 04", "00000000004d 0000 0008 0001 01 04"},
		{fec.RaptorQ, "000000004d ff 0008 01 0001 04 ffff", "000000004d 00 0008 01 0001 04 0000"},
	} {
		o, err := fec.ParseFTI(v.id, unhex(t, v.set))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.AppendFTI(nil); !bytes.Equal(got, unhex(t, v.cleared)) {
			t.Errorf("%v: %x, want %s", v.id, got, v.cleared)
		}
	}
}

// TestConf_K01_Defaults: m and G that are not given are 8 and 1 (RFC 5510, section 4.2.3).
func TestConf_K01_Defaults(t *testing.T) {
	o, err := fec.ParseFTI(fec.ReedSolomonGF2m, unhex(t, "00000000004d 00 00 0008 0004 0006"))
	if err != nil || o.FieldBits != 8 || o.GroupSize != 1 {
		t.Errorf("EXT_FTI: m=%d G=%d, %v", o.FieldBits, o.GroupSize, err)
	}
	o = fec.OTI{EncodingID: fec.ReedSolomonGF2m}
	if err := o.SetSchemeSpecificInfo([]byte{0, 3}); err != nil || o.FieldBits != 8 || o.GroupSize != 3 {
		t.Errorf("FDT: m=%d G=%d, %v", o.FieldBits, o.GroupSize, err)
	}
	o = fec.OTI{EncodingID: fec.ReedSolomonGF2m, SymbolLength: 8}
	if got, want := o.AppendFTI(nil), unhex(t, "000000000000 08 01 0008 0000 0000"); !bytes.Equal(got, want) {
		t.Errorf("appended %x, want %x", got, want)
	}
	if n := o.PayloadIDLen(); n != 4 {
		t.Errorf("FEC Payload ID of %d bytes", n)
	}
}

// TestSchemeSpecificInfo: the FDT attribute, both ways.
func TestSchemeSpecificInfo(t *testing.T) {
	for _, v := range []struct {
		base64 string
		oti    fec.OTI
	}{
		{"AAEBBA==", fec.OTI{EncodingID: fec.Raptor, SourceBlocks: 1, SubBlocks: 1, Alignment: 4}},
		{"EjRWeA==", fec.OTI{EncodingID: fec.Raptor, SourceBlocks: 0x1234, SubBlocks: 0x56, Alignment: 0x78}},
		{"AQABBA==", fec.OTI{EncodingID: fec.RaptorQ, SourceBlocks: 1, SubBlocks: 1, Alignment: 4}},
		{"EjRWeA==", fec.OTI{EncodingID: fec.RaptorQ, SourceBlocks: 0x12, SubBlocks: 0x3456, Alignment: 0x78}},
		{"EAE=", fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16, GroupSize: 1}},
		{"CAI=", fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 8, GroupSize: 2}},
		{"AAAAAQE=", fec.OTI{EncodingID: fec.LDPCStaircase, Seed: 1, N1: 3, GroupSize: 1}},
		{"AAAAAYE=", fec.OTI{EncodingID: fec.LDPCTriangle, Seed: 1, N1: 7, GroupSize: 1}},
	} {
		b, err := base64.StdEncoding.DecodeString(v.base64)
		if err != nil {
			t.Fatal(err)
		}
		got := fec.OTI{EncodingID: v.oti.EncodingID}
		if err := got.SetSchemeSpecificInfo(b); err != nil {
			t.Errorf("%v: %v", v.oti.EncodingID, err)
		}
		if d := cmp.Diff(v.oti, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", v.oti.EncodingID, d)
		}
		if s := base64.StdEncoding.EncodeToString(v.oti.SchemeSpecificInfo()); s != v.base64 {
			t.Errorf("%v: %s, want %s", v.oti.EncodingID, s, v.base64)
		}
		for n := 1; n < len(b)+3; n++ {
			before := got
			err := got.SetSchemeSpecificInfo(append(bytes.Clone(b), 0, 0)[:n])
			if (err == nil) != (n == len(b)) || err != nil && (!errors.Is(err, flute.ErrOTI) || got != before) {
				t.Errorf("%v: %d bytes: %v", v.oti.EncodingID, n, err)
			}
		}
	}
	// RFC 5510, section 4.2.4.2: m = 8 and G = 1 are not carried.
	o := fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 8, GroupSize: 1}
	if b := o.SchemeSpecificInfo(); b != nil {
		t.Errorf("m=8 G=1: %x", b)
	}
	// Other senders do carry them: "CAE=".
	o = fec.OTI{EncodingID: fec.ReedSolomonGF2m}
	if err := o.SetSchemeSpecificInfo([]byte{8, 1}); err != nil || o.FieldBits != 8 || o.GroupSize != 1 {
		t.Errorf("CAE=: m=%d G=%d, %v", o.FieldBits, o.GroupSize, err)
	}
	for _, id := range []fec.EncodingID{
		fec.CompactNoCode, fec.ReedSolomonGF28, fec.SmallBlockExpandable, fec.SmallBlockSystematic, fec.Compact,
	} {
		o := fec.OTI{EncodingID: id}
		if b := o.SchemeSpecificInfo(); b != nil {
			t.Errorf("%v: %x", id, b)
		}
		if err := o.SetSchemeSpecificInfo(nil); err != nil {
			t.Errorf("%v: %v", id, err)
		}
		// RFC 5445, section 4.2.2.3, gives the under-specified ones a Length octet.
		before := o
		if err := o.SetSchemeSpecificInfo([]byte{1, 2, 3, 4}); (err == nil) != (id >= 128) || o != before {
			t.Errorf("%v: %v", id, err)
		}
	}
}

func FuzzParseFTI(f *testing.F) {
	for _, v := range ftiVectors {
		f.Add(uint8(v.oti.EncodingID), unhex(f, v.hex))
	}
	f.Add(uint8(129), unhex(f, "00000000004d 0000 0008 0004 0006 02 01020304050607"))
	f.Add(uint8(7), make([]byte, 14))
	f.Fuzz(func(t *testing.T, id uint8, content []byte) {
		var o fec.OTI
		var err error
		allocbound.Bound{}.Check(t, len(content), func() { o, err = fec.ParseFTI(fec.EncodingID(id), content) })
		if err != nil {
			if o != (fec.OTI{}) || drop.Of(err) != drop.OTI {
				t.Fatalf("%+v, %v", o, err)
			}
			return
		}
		again, err := fec.ParseFTI(o.EncodingID, o.AppendFTI(nil))
		if err != nil || again != o {
			t.Fatalf("%+v became %+v, %v", o, again, err)
		}
		ssi := o
		if err := ssi.SetSchemeSpecificInfo(o.SchemeSpecificInfo()); err != nil || ssi != o {
			t.Fatalf("%+v became %+v, %v", o, ssi, err)
		}
		if o.Validate() == nil {
			checkPartition(t, &o)
		}
	})
}

func TestParseFTIAllocates(t *testing.T) {
	contents := make([][]byte, len(ftiVectors))
	for i, v := range ftiVectors {
		contents[i] = unhex(t, v.hex)
	}
	if n := testing.AllocsPerRun(100, func() {
		for i, v := range ftiVectors {
			if _, err := fec.ParseFTI(v.oti.EncodingID, contents[i]); err != nil {
				t.Fatal(err)
			}
			if _, err := fec.ParseFTI(v.oti.EncodingID, contents[i][1:]); err == nil {
				t.Fatal("short content was taken")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseFTI(b *testing.B) {
	content := unhex(b, "00000000004d 0008 04 06")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fec.ParseFTI(fec.ReedSolomonGF28, content); err != nil {
			b.Fatal(err)
		}
	}
}

// RFC 5053, section 3.2.2, says 48 bits of Transfer Length; flute-rs up to 1.11.0 sends 40, and the rest of RaptorQ's
// layout.
func TestConf_K04_RaptorFTIOfOldFluteRs(t *testing.T) {
	for _, old := range []string{"00000000a0 00 0010 0001 01 04 0000", "00000000a0 00 0001 0001 01 01 0000"} {
		if _, err := fec.ParseFTI(fec.Raptor, unhex(t, old)); !errors.Is(err, drop.ErrShortRaptorFTI) {
			t.Errorf("the short layout, %s: %v", old, err)
		}
	}
	// The reserved bits are ignored as long as the rest can be what the RFC says.
	got, err := fec.ParseFTI(fec.Raptor, unhex(t, "0000000000a0 0010 0010 0001 02 04"))
	want := fec.OTI{
		EncodingID: fec.Raptor, TransferLength: 160, SymbolLength: 16, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
	}
	if err != nil || got != want {
		t.Errorf("reserved bits: %+v, %v", got, err)
	}
}

// RFC 5445, section 5.2.2: FEC Encoding ID 129 has the rules of Compact No-Code for the lengths of symbols; a FEC
// Instance ID that nobody knows changes nothing of what is read (RFC 5052, section 6.1).
func TestConf_B05_C16_AnyInstanceID(t *testing.T) {
	for _, instance := range []uint16{0, 7, 1<<16 - 1} {
		o := fec.OTI{
			EncodingID: fec.SmallBlockSystematic, InstanceID: instance, TransferLength: 77, SymbolLength: 8,
			MaxSourceBlockLength: 4, MaxEncodingSymbols: 6,
		}
		got, err := fec.ParseFTI(fec.SmallBlockSystematic, o.AppendFTI(nil))
		if err != nil || got.InstanceID != instance || got.TransferLength != 77 || got.SymbolLength != 8 {
			t.Errorf("FEC Instance ID %d: %+v, %v", instance, got, err)
		}
		noCode := fec.OTI{TransferLength: 77, SymbolLength: 8, MaxSourceBlockLength: 4}
		p, plain := got.Partition(), noCode.Partition()
		for sbn := range fec.SBN(p.Blocks()) {
			for esi := range fec.ESI(p.BlockSymbols(sbn)) {
				off, n := p.Symbol(sbn, esi)
				if wantOff, want := plain.Symbol(sbn, esi); off != wantOff || n != want {
					t.Errorf("symbol %d/%d: %d bytes at %d, want %d at %d", sbn, esi, n, off, want, wantOff)
				}
			}
		}
		if p.Blocks() != 3 || plain.Blocks() != 3 {
			t.Errorf("%d and %d source blocks", p.Blocks(), plain.Blocks())
		}
	}
}
