package alc

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// sct0 is the time in fdtVector.
var sct0 = lct.Time{HasSCT: true, Fine: true, SCT: time.Unix(0xeef45080-2208988800, 0)}

// template is NewTemplate for a Spec that must be valid.
func template(t testing.TB, s Spec) *Template {
	t.Helper()
	template, err := NewTemplate(s)
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	return template
}

// specs are the headers that flute-rs 1.11.7 sends.
func specs(t testing.TB) map[string]struct {
	spec Spec
	want []byte
} {
	null := flute.Null
	const l = 77
	oti := func(o fec.OTI) Spec {
		if o.TransferLength == 0 {
			o.TransferLength = l
		}
		return Spec{TSI: 1, TOI: flute.NewTOI(1), Codepoint: uint8(o.EncodingID), OTI: &o}
	}
	type spec = struct {
		spec Spec
		want []byte
	}
	return map[string]spec{
		"FDT": {
			Spec{
				TSI: 1, FLUTEVersion: 2, InstanceID: 1, CENC: &null, Time: sct0,
				OTI: &fec.OTI{TransferLength: 1291, SymbolLength: 1400, MaxSourceBlockLength: 64},
			},
			unhex(t, strings.TrimSuffix(fdtVector, "| 00000000")),
		},
		"id 0": {
			oti(fec.OTI{SymbolLength: 8, MaxSourceBlockLength: 4}),
			unhex(t, "10100700 00000000 00010001 4004 00000000004d 0000 0008 00000004"),
		},
		"id 5": {
			oti(fec.OTI{EncodingID: 5, SymbolLength: 8, MaxSourceBlockLength: 4, MaxEncodingSymbols: 6}),
			unhex(t, "10100605 00000000 00010001 4003 00000000004d 0008 04 06"),
		},
		"id 129": {
			oti(fec.OTI{EncodingID: 129, SymbolLength: 8, MaxSourceBlockLength: 4, MaxEncodingSymbols: 6}),
			unhex(t, "10100781 00000000 00010001 4004 00000000004d 0000 0008 0004 0006"),
		},
		"id 2": {
			oti(fec.OTI{
				EncodingID: 2, FieldBits: 16, GroupSize: 1, SymbolLength: 8, MaxSourceBlockLength: 4,
				MaxEncodingSymbols: 6,
			}),
			unhex(t, "10100702 00000000 00010001 4004 00000000004d 10 01 0008 0004 0006"),
		},
		"id 6": {
			oti(fec.OTI{EncodingID: 6, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1, Alignment: 4}),
			unhex(t, "10100706 00000000 00010001 4004 000000004d 00 0008 01 0001 04 0000"),
		},
		"id 1": {
			oti(fec.OTI{EncodingID: 1, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1, Alignment: 4}),
			unhex(t, "10100701 00000000 00010001 4004 00000000004d 0000 0008 0001 01 04"),
		},
		"id 1, sub-blocks": {
			oti(fec.OTI{
				EncodingID: 1, TransferLength: 160, SymbolLength: 16, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
			}),
			unhex(t, "10100701 00000000 00010001 4004 0000000000a0 0000 0010 0001 02 04"),
		},
		"id 6, sub-blocks": {
			oti(fec.OTI{
				EncodingID: 6, TransferLength: 160, SymbolLength: 16, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
			}),
			unhex(t, "10100706 00000000 00010001 4004 00000000a0 00 0010 01 0002 04 0000"),
		},
		"no extensions": {
			Spec{TSI: 1 << 40, TOI: flute.NewTOI(1), Codepoint: 6},
			unhex(t, "10900406 00000000 010000000000 0001"),
		},
		"FLUTE version 1": {
			Spec{TSI: 0x10000, FLUTEVersion: 1, InstanceID: flute.MaxInstanceID},
			unhex(t, "10900500 00000000 000000010000 0000 c01fffff"),
		},
	}
}

func TestTemplate(t *testing.T) {
	for name, c := range specs(t) {
		template := template(t, c.spec)
		got := template.Append([]byte{7}, false)
		if d := cmp.Diff(append([]byte{7}, c.want...), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if n := template.Len(); n != len(c.want) {
			t.Errorf("%s: Len = %d, want %d", name, n, len(c.want))
		}
		p, err := Parse(append(got[1:], 0, 0, 0, 0))
		if err != nil || p.TSI != c.spec.TSI || p.TOI != c.spec.TOI || p.Codepoint != c.spec.Codepoint ||
			p.FLUTEVersion != c.spec.FLUTEVersion || p.InstanceID != c.spec.InstanceID {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if c.spec.OTI != nil {
			oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
			if d := cmp.Diff(*c.spec.OTI, oti); d != "" || err != nil {
				t.Errorf("%s: EXT_FTI: %v (-want +got):\n%s", name, err, d)
			}
		}
	}
}

// TestTemplateFlags holds that a flag changes one bit, in this packet only for B, and for good for A.
func TestTemplateFlags(t *testing.T) {
	tm := template(t, Spec{TSI: 1, TOI: flute.NewTOI(1)})
	for _, c := range []struct {
		name  string
		close bool
		want  string
	}{
		{"plain", false, "10100300 00000000 00010001"},
		{"B", true, "10110300 00000000 00010001"},
		{"plain again", false, "10100300 00000000 00010001"},
	} {
		if d := cmp.Diff(unhex(t, c.want), tm.Append(nil, c.close)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	tm.CloseSession()
	for b, want := range map[bool]string{false: "10120300 00000000 00010001", true: "10130300 00000000 00010001"} {
		if d := cmp.Diff(unhex(t, want), tm.Append(nil, b)); d != "" {
			t.Errorf("A (-want +got):\n%s", d)
		}
	}
}

func TestTemplateSetTime(t *testing.T) {
	c := specs(t)["FDT"]
	tm := template(t, c.spec)
	later := lct.Time{
		SCT: sct0.SCT.Add(90*time.Minute + 250*time.Millisecond), HasERT: true, ERT: time.Second, HasSLC: true,
	}
	tm.SetTime(later)
	p, err := Parse(tm.Append(nil, false))
	if err != nil {
		t.Fatal(err)
	}
	got, err := lct.ParseTime(p.Time, sct0.SCT)
	if err != nil || !got.SCT.Equal(later.SCT) || !got.HasSCT || got.HasERT || got.HasSLC {
		t.Errorf("%+v, %v", got, err)
	}
	if d := cmp.Diff(len(c.want), tm.Len()); d != "" || p.InstanceID != 1 || p.FTI == nil {
		t.Errorf("length (-want +got):\n%s%+v", d, p)
	}
	tm.SetTime(sct0)
	if d := cmp.Diff(c.want, tm.Append(nil, false)); d != "" {
		t.Errorf("back again (-want +got):\n%s", d)
	}
	file := template(t, Spec{TSI: 1, TOI: flute.NewTOI(1)})
	file.SetTime(later)
	if d := cmp.Diff(unhex(t, "10100300 00000000 00010001"), file.Append(nil, false)); d != "" {
		t.Errorf("without SCT (-want +got):\n%s", d)
	}
}

// TestTemplateTimes: each of the times is refreshed where the Template has it.
func TestTemplateTimes(t *testing.T) {
	for _, has := range []lct.Time{
		{HasSCT: true, Fine: true},
		{HasSCT: true},
		{HasERT: true},
		{HasSLC: true},
		{HasERT: true, HasSLC: true},
		{HasSCT: true, Fine: true, HasERT: true, HasSLC: true},
	} {
		has.SCT, has.SLC = sct0.SCT, sct0.SCT
		tm := template(t, Spec{TSI: 1, TOI: flute.NewTOI(1), Time: has, OTI: &fec.OTI{SymbolLength: 1}})
		now := lct.Time{SCT: sct0.SCT.Add(time.Second / 4), ERT: time.Minute, SLC: sct0.SCT.Add(time.Hour)}
		tm.SetTime(now)
		p, err := Parse(tm.Append(nil, false))
		if err != nil || p.FTI == nil {
			t.Fatal(p, err)
		}
		got, err := lct.ParseTime(p.Time, sct0.SCT)
		want := has
		want.SCT, want.ERT, want.SLC = now.SCT, now.ERT, now.SLC.Truncate(time.Second)
		if !has.Fine {
			want.SCT = now.SCT.Truncate(time.Second)
		}
		if !has.HasSCT {
			want.SCT = time.Time{}
		}
		if !has.HasERT {
			want.ERT = 0
		}
		if !has.HasSLC {
			want.SLC = time.Time{}
		}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
}

func TestNewTemplateRefuses(t *testing.T) {
	gzip := flute.GZIP
	one := flute.NewTOI(1)
	for name, s := range map[string]Spec{
		"TSI of 49 bits":              {TSI: flute.MaxTSI + 1, TOI: one},
		"FDT Instance ID of 21 bits":  {FLUTEVersion: 2, InstanceID: flute.MaxInstanceID + 1},
		"FLUTE version 3":             {FLUTEVersion: 3},
		"TOI 0 without EXT_FDT":       {},
		"EXT_FDT with a file's TOI":   {FLUTEVersion: 2, TOI: one},
		"EXT_CENC without EXT_FDT":    {CENC: &gzip, TOI: one},
		"codepoint of another scheme": {TOI: one, Codepoint: 6, OTI: &fec.OTI{EncodingID: fec.CompactNoCode}},
		"Instance ID without EXT_FDT": {TOI: one, InstanceID: 1},
	} {
		tm, err := NewTemplate(s)
		if err == nil || tm != nil || !strings.HasPrefix(err.Error(), "alc: ") {
			t.Errorf("%s: %v, %v", name, tm, err)
		}
	}
}

func TestTemplateAllocatesNothing(t *testing.T) {
	tm := template(t, specs(t)["FDT"].spec)
	out := make([]byte, 0, 1500)
	n := testing.AllocsPerRun(100, func() {
		tm.SetTime(sct0)
		_ = tm.Append(out, true)
	})
	if n != 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}

func BenchmarkTemplate(b *testing.B) {
	tm := template(b, specs(b)["id 0"].spec)
	out := make([]byte, 0, 1500)
	b.ReportAllocs()
	for b.Loop() {
		if len(tm.Append(out, false)) != tm.Len() {
			b.Fatal("length")
		}
	}
}

func BenchmarkTemplateSetTime(b *testing.B) {
	tm := template(b, specs(b)["FDT"].spec)
	now := sct0
	b.ReportAllocs()
	for b.Loop() {
		tm.SetTime(now)
	}
}

// FuzzTemplate holds that every Spec is refused, or is read back from the header that it gives.
func FuzzTemplate(f *testing.F) {
	f.Add(uint64(1), []byte{1}, uint8(0), uint8(0), uint32(0), -1, int64(0))
	f.Add(uint64(1), []byte{}, uint8(0), uint8(2), uint32(1), 3, int64(1700000000))
	f.Add(uint64(1<<40), []byte("fourteen bytes"), uint8(6), uint8(0), uint32(0), -1, int64(1))
	f.Fuzz(func(t *testing.T, tsi uint64, field []byte, cp, version uint8, id uint32, cenc int, unix int64) {
		toi, err := flute.TOIFromBytes(field)
		if err != nil {
			return
		}
		s := Spec{TSI: flute.TSI(tsi), TOI: toi, Codepoint: cp, FLUTEVersion: version, InstanceID: flute.InstanceID(id)}
		if cenc >= 0 {
			c := flute.ContentEncoding(cenc)
			s.CENC = &c
		}
		if unix != 0 {
			s.Time = lct.Time{HasSCT: true, Fine: true, SCT: time.Unix(unix%(1<<40), 0)}
		}
		tm, err := NewTemplate(s)
		if err != nil {
			return
		}
		p, err := Parse(append(tm.Append(nil, true), 0, 0, 0, 0, 'x'))
		if err != nil || p.TSI != s.TSI || p.TOI != s.TOI || p.Codepoint != cp || !p.CloseObject || p.CloseSession ||
			p.HasFDT != (version != 0) || p.FLUTEVersion != version || uint32(p.InstanceID) != id ||
			p.HasCENC != (s.CENC != nil) || s.CENC != nil && p.CENC != uint8(*s.CENC) || len(p.Body) != 5 {
			t.Fatalf("%+v comes back as %+v, %v", s, p, err)
		}
		times, err := lct.ParseTime(p.Time, s.Time.SCT)
		if s.Time.HasSCT && (err != nil || !times.SCT.Equal(s.Time.SCT)) {
			t.Fatalf("SCT %v comes back as %+v, %v", s.Time.SCT, times, err)
		}
	})
}

// TestSpecBounds: the largest TSI, FDT Instance ID and FLUTE version are taken, and none beyond (RFC 5651, section 5.1;
// RFC 6726, section 3.4.1).
func TestSpecBounds(t *testing.T) {
	toi := flute.NewTOI(1)
	for _, c := range []struct{ good, bad Spec }{
		{Spec{TSI: flute.MaxTSI, TOI: toi}, Spec{TSI: flute.MaxTSI + 1, TOI: toi}},
		{
			Spec{FLUTEVersion: 2, InstanceID: flute.MaxInstanceID},
			Spec{FLUTEVersion: 2, InstanceID: flute.MaxInstanceID + 1},
		},
		{Spec{FLUTEVersion: 1}, Spec{FLUTEVersion: 3}},
		{Spec{TOI: toi}, Spec{}},
		{Spec{FLUTEVersion: 2}, Spec{FLUTEVersion: 2, TOI: toi}},
		{Spec{FLUTEVersion: 2, InstanceID: 1}, Spec{TOI: toi, InstanceID: 1}},
	} {
		if _, err := NewTemplate(c.good); err != nil {
			t.Errorf("%+v: %v", c.good, err)
		}
		if x, err := NewTemplate(c.bad); err == nil || x != nil {
			t.Errorf("%+v is taken", c.bad)
		}
	}
}
