package alc

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// extensionTypes lists the header extensions of the packets of a Spec.
func extensionTypes(t *testing.T, s Spec) []uint8 {
	t.Helper()
	p, err := Parse(template(t, s).Append(nil, false))
	if err != nil {
		t.Fatal(err)
	}
	var types []uint8
	for x, rest, ok := p.Extensions.Next(); ok; x, rest, ok = rest.Next() {
		types = append(types, x.Type)
	}
	return types
}

func TestConf_L01_EveryPacketHasAHeader(t *testing.T) {
	for name, c := range specs(t) {
		h, n, err := lct.Parse(template(t, c.spec).Append(nil, false))
		if err != nil || n != len(c.want) || h.Version != 1 {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

func TestConf_L08_ResSentAsZero(t *testing.T) {
	for name, c := range specs(t) {
		tm := template(t, c.spec)
		tm.CloseSession()
		p, err := Parse(tm.Append(nil, true))
		if err != nil || p.Reserved != 0 || p.PSI != 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestConf_L09_CloseSessionStays(t *testing.T) {
	tm := template(t, Spec{TSI: 1, TOI: flute.NewTOI(1), Time: sct0})
	tm.CloseSession()
	for range 3 {
		tm.SetTime(sct0)
		if p, err := Parse(tm.Append(nil, false)); err != nil || !p.CloseSession {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestConf_L22_TOIInAllPackets(t *testing.T) {
	for name, c := range specs(t) {
		p, err := Parse(template(t, c.spec).Append(nil, false))
		if err != nil || !p.HasTOI || !p.HasTSI {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestConf_L40_FieldsOnce(t *testing.T) {
	gzip := flute.GZIP
	s := Spec{
		TSI: 1, FLUTEVersion: 2, CENC: &gzip, Time: sct0,
		OTI: &fec.OTI{TransferLength: 1, SymbolLength: 1, MaxSourceBlockLength: 1},
	}
	if d := cmp.Diff([]uint8{lct.HETFDT, lct.HETCENC, lct.HETTime, lct.HETFTI}, extensionTypes(t, s)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConf_A15_RemainderShorterThanPayloadID(t *testing.T) {
	for _, id := range []fec.EncodingID{fec.CompactNoCode, fec.ReedSolomonGF28, fec.RaptorQ, fec.SmallBlockSystematic} {
		oti := fec.OTI{EncodingID: id}
		for n := 1; n < oti.PayloadIDLen(); n++ {
			b := template(t, Spec{TSI: 1, TOI: flute.NewTOI(1), Codepoint: uint8(id)}).Append(nil, false)
			p, err := Parse(append(b, make([]byte, n)...))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := oti.ParsePayloadID(p.Body); drop.Of(err) != drop.PayloadID {
				t.Errorf("%v, %d bytes: %v", id, n, err)
			}
		}
	}
}

func TestConf_A16_FTI(t *testing.T) {
	for name, c := range specs(t) {
		if c.spec.OTI == nil {
			continue
		}
		h, _, err := lct.Parse(template(t, c.spec).Append(nil, false))
		if err != nil {
			t.Fatal(err)
		}
		x, ok := h.Extensions.Lookup(64)
		if d := cmp.Diff(c.spec.OTI.AppendFTI(nil), x.Content()); d != "" || !ok {
			t.Errorf("%s: %v (-want +got):\n%s", name, ok, d)
		}
	}
}

func TestConf_E01_FLUTEVersion(t *testing.T) {
	b := template(t, Spec{TSI: 1, FLUTEVersion: 2}).Append(nil, false)
	if d := cmp.Diff(unhex(t, "10100400 00000000 00010000 c0200000"), b); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConf_E21_FDTPacketsCarryTheInstance(t *testing.T) {
	if _, err := NewTemplate(Spec{TSI: 1}); err == nil {
		t.Error("TOI 0 without EXT_FDT")
	}
	tm := template(t, Spec{TSI: 1, FLUTEVersion: 2, InstanceID: 5})
	for i := range 3 {
		if p, err := Parse(append(tm.Append(nil, i == 2), 0, 0, 0, 0, '<')); err != nil || !p.HasFDT ||
			p.InstanceID != 5 {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestConf_E67_CENCInAllPackets(t *testing.T) {
	for _, c := range []flute.ContentEncoding{flute.ZLIB, flute.DEFLATE, flute.GZIP} {
		tm := template(t, Spec{TSI: 1, FLUTEVersion: 2, InstanceID: 5, CENC: &c})
		for i := range 3 {
			p, err := Parse(append(tm.Append(nil, i == 2), 0, 0, 0, 0, 1))
			if err != nil || !p.HasCENC || p.CENC != uint8(c) || !p.HasFDT || p.InstanceID != 5 {
				t.Errorf("%v: %+v, %v", c, p, err)
			}
		}
		if _, err := NewTemplate(Spec{TSI: 1, TOI: flute.NewTOI(1), CENC: &c}); err == nil {
			t.Errorf("%v without EXT_FDT", c)
		}
	}
}

func TestConf_E68_NoCENCWhenNotEncoded(t *testing.T) {
	s := Spec{TSI: 1, FLUTEVersion: 2}
	if d := cmp.Diff([]uint8{lct.HETFDT}, extensionTypes(t, s)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestConf_E71_EncodedAndPlainMixed(t *testing.T) {
	gzip := flute.GZIP
	for i, c := range []*flute.ContentEncoding{nil, &gzip, nil, &gzip} {
		p, err := Parse(template(t, Spec{TSI: 1, FLUTEVersion: 2, InstanceID: flute.InstanceID(i), CENC: c}).Append(nil,
			false))
		if err != nil || p.HasCENC != (c != nil) || int(p.InstanceID) != i {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

func TestConf_W01_FLUTEVersion1(t *testing.T) {
	b := template(t, Spec{TSI: 1, FLUTEVersion: 1, InstanceID: 3}).Append(nil, false)
	if d := cmp.Diff(unhex(t, "10100400 00000000 00010000 c0100003"), b); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if p, err := Parse(b); err != nil || p.FLUTEVersion != 1 || p.InstanceID != 3 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestConf_W04_SameLayouts(t *testing.T) {
	gzip := flute.GZIP
	oti := fec.OTI{TransferLength: 1291, SymbolLength: 1400, MaxSourceBlockLength: 64}
	s := Spec{TSI: 1, FLUTEVersion: 2, InstanceID: 3, CENC: &gzip, OTI: &oti}
	two := template(t, s).Append(nil, false)
	s.FLUTEVersion = 1
	one := template(t, s).Append(nil, false)
	two[13] = two[13]&0xf | 0x10 // V
	if d := cmp.Diff(two, one); d != "" {
		t.Errorf("the versions differ in more than V (-2 +1):\n%s", d)
	}
	p, err := ParseLayout(one, lct.RFC3451)
	if err != nil || !p.HasCENC || p.CENC != uint8(gzip) {
		t.Fatalf("%+v, %v", p, err)
	}
	if got, err := fec.ParseFTI(fec.CompactNoCode, p.FTI); err != nil || got != oti {
		t.Errorf("%+v, %v", got, err)
	}
}
