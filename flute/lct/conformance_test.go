package lct

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/internal/drop"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// The names of these tests carry the numbers of the rules that they hold the package to.

// parse is Parse for encodings that must be valid.
func parse(t *testing.T, s string) Header {
	t.Helper()
	b := unhex(t, s)
	h, n, err := Parse(b)
	if err != nil || n != int(b[2])*4 {
		t.Fatalf("%s: %d bytes, %v", s, n, err)
	}
	return h
}

// rejects holds Parse to want, and Peek too if the fault is in the part that Peek reads.
func rejects(t *testing.T, s string, want error, peek bool) {
	t.Helper()
	b := unhex(t, s)
	if h, n, err := Parse(b); !bare(err, want) || n != 0 || !cmp.Equal(h, Header{}, compareTOI) {
		t.Errorf("Parse(%s) = %+v, %v; want %v", s, h, err, want)
	}
	if tsi, toi, err := Peek(b); peek && (!bare(err, want) || tsi != 0 || toi != flute.TOI{}) {
		t.Errorf("Peek(%s): %d, %v, %v; want %v", s, tsi, toi, err, want)
	}
}

func TestConf_L02_VersionAndByteOrder(t *testing.T) {
	h := parse(t, "14a00505 0102030405060708 00010203 04050607")
	if h.Version != 1 || h.TSI != 0x00010203 || h.TOI != flute.NewTOI(0x04050607) {
		t.Errorf("%+v", h)
	}
	if want := [16]byte{1, 2, 3, 4, 5, 6, 7, 8}; h.CCI != want {
		t.Errorf("CCI %x", h.CCI)
	}
	for _, version := range []string{"0", "2", "3", "7", "8", "f"} {
		rejects(t, version+"0100300 00000000 00010001", ErrVersion, true)
	}
}

func TestConf_L03_ReservedBits(t *testing.T) {
	clean := parse(t, "10100300 00000000 00010001")
	for _, s := range []string{"101c0300", "10180300", "10140300", "13100300", "12100300", "11100300"} {
		h := parse(t, s+"00000000 00010001")
		h.Reserved, h.PSI = 0, 0
		if d := cmp.Diff(clean, h, compareTOI); d != "" {
			t.Errorf("%s (-want +got):\n%s", s, d)
		}
	}
	h := Header{HasTSI: true, HasTOI: true}
	if b, err := h.AppendBinary(nil); err != nil || b[0]&3 != 0 || b[1]&0xc != 0 {
		t.Errorf("a Header that sets nothing is written as %x, %v", b, err)
	}
}

func TestConf_L04_CCILengths(t *testing.T) {
	for c := range uint8(4) {
		n := 4 * (int(c) + 1)
		b := []byte{0x10 | c<<2, 0x10, uint8(2 + n/4), 0}
		var want [16]byte
		for i := range n {
			want[i] = byte(i + 1)
		}
		b = append(append(b, want[:n]...), 0, 1, 0, 2)
		h, used, err := Parse(b)
		if err != nil || used != len(b) || int(h.CCILen) != n || h.CCI != want || h.TSI != 1 ||
			h.TOI != flute.NewTOI(2) {
			t.Errorf("C=%d: %+v, %d bytes, %v", c, h, used, err)
		}
		again, err := h.AppendBinary(nil)
		if err != nil || string(again) != string(b) {
			t.Errorf("C=%d: written as %x, %v", c, again, err)
		}
	}
}

func TestConf_L05_PSI(t *testing.T) {
	for psi, first := range []string{"10", "11", "12", "13"} {
		h := parse(t, first+"100300 00000000 00010001")
		if int(h.PSI) != psi || h.TSI != 1 || h.TOI != flute.NewTOI(1) || h.CCILen != 4 {
			t.Errorf("PSI %d: %+v", psi, h)
		}
	}
}

func TestConf_L06_AllLayouts(t *testing.T) {
	for i := range uint8(64) {
		c, s, o, half := i&3, i>>2&1, i>>3&3, i>>5
		cci, tsi, toi := 4*int(c+1), 4*int(s)+2*int(half), 4*int(o)+2*int(half)
		n := 4 + cci + tsi + toi
		b := []byte{0x10 | c<<2, s<<7 | o<<5 | half<<4, uint8(n / 4), i}
		for k := range n - 4 {
			b = append(b, byte(k)+1)
		}
		b = append(b, "payload"...)

		h, used, err := Parse(b)
		if err != nil || used != n {
			t.Errorf("C=%d S=%d O=%d H=%d: %d bytes, %v; want %d", c, s, o, half, used, err, n)
			continue
		}
		var wantTSI flute.TSI
		for _, v := range b[4+cci : 4+cci+tsi] {
			wantTSI = wantTSI<<8 | flute.TSI(v)
		}
		wantTOI, err := flute.TOIFromBytes(b[4+cci+tsi : n])
		if err != nil {
			t.Fatal(err)
		}
		want := Header{
			Version: 1, Codepoint: i, CCILen: uint8(cci),
			HasTSI: tsi > 0, TSILen: uint8(tsi), TSI: wantTSI,
			HasTOI: toi > 0, TOILen: uint8(toi), TOI: wantTOI,
		}
		copy(want.CCI[:], b[4:4+cci])
		if d := cmp.Diff(want, h, compareTOI); d != "" {
			t.Errorf("C=%d S=%d O=%d H=%d (-want +got):\n%s", c, s, o, half, d)
		}
		again, err := want.AppendBinary(nil)
		if err != nil || string(again) != string(b[:n]) || want.Len() != n {
			t.Errorf("C=%d S=%d O=%d H=%d: written as %x, %v; want %x", c, s, o, half, again, err, b[:n])
		}
		peekTSI, peekTOI, err := Peek(b)
		ok := err == nil && peekTSI == wantTSI && peekTOI == wantTOI
		if tsi == 0 {
			ok = bare(err, ErrNoTSI) && peekTSI == 0 && peekTOI == flute.TOI{}
		}
		if !ok {
			t.Errorf("C=%d S=%d O=%d H=%d: Peek gives %d, %v, %v", c, s, o, half, peekTSI, peekTOI, err)
		}
		for cut := range n {
			if _, _, err := Parse(b[:cut:cut]); err == nil {
				t.Errorf("C=%d S=%d O=%d H=%d: cut to %d bytes it is taken", c, s, o, half, cut)
			}
		}
	}
}

func TestConf_L07_LargeTOI(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	seen := map[flute.TOI]bool{}
	for bit := range 112 {
		field := make([]byte, 14)
		field[13-bit/8] = 1 << (bit % 8)
		for _, v := range [][]byte{field, randomTOI(rng)} {
			b := append(unhex(t, "10f00700 00000000 000000000001"), v...)
			h, _, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.TOI.AppendBytes(nil, 14); string(got) != string(v) {
				t.Errorf("TOI %x is read as %x", v, got)
			}
			if again, err := h.AppendBinary(nil); err != nil || string(again) != string(b) {
				t.Errorf("TOI %x is written as %x, %v", v, again, err)
			}
			if seen[h.TOI] {
				t.Errorf("TOI %x equals another", v)
			}
			seen[h.TOI] = true
		}
	}
	// The number counts, not the field that carried it.
	short, long := parse(t, "10100300 00000000 00010005"), parse(t,
		"10f00700 00000000 000000000001 0000000000000000000000000005")
	if short.TOI != long.TOI || short.TSI != long.TSI {
		t.Errorf("%v and %v differ", short.TOI, long.TOI)
	}
}

// randomTOI returns a TOI field whose upper 64 bits are not all zero.
func randomTOI(rng *rand.Rand) []byte {
	v := binary.BigEndian.AppendUint64(nil, rng.Uint64()|1)
	return append(v, binary.BigEndian.AppendUint64(nil, rng.Uint64())[:6]...)
}

func TestConf_L08_ResIgnored(t *testing.T) {
	// With T and R of RFC 3451 the two words would be times; here they are header extensions.
	h := parse(t, "101c0500 00000000 00010001 c0200001 c1000000")
	if h.Reserved != 3 || h.HasSCT || h.HasERT || len(h.Extensions) != 8 {
		t.Errorf("%+v", h)
	}
}

func TestConf_L14_HeaderLength(t *testing.T) {
	var x Extensions
	for range 255 - 3 {
		x = AppendExtension(x, 200, nil)
	}
	h := Header{HasTSI: true, TSI: 1, HasTOI: true, Extensions: x}
	b, err := h.AppendBinary(nil)
	if err != nil || len(b) != 1020 || b[2] != 255 {
		t.Fatalf("%d bytes, HDR_LEN %d, %v", len(b), b[2], err)
	}
	if got, n, err := Parse(b); err != nil || n != 1020 || len(got.Extensions) != len(x) {
		t.Errorf("%d bytes, %v", n, err)
	}
	h.Extensions = AppendExtension(x, 200, nil)
	if b, err := h.AppendBinary(nil); err == nil {
		t.Errorf("256 words are written: HDR_LEN %d", b[2])
	}
}

func TestConf_L15_HeaderLengthTooSmall(t *testing.T) {
	const tail = " 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
	for _, s := range []string{
		"101000", "101001", "101002", "1c1005", "109003", "10f006", "1cf009", "100001", "100000",
	} {
		rejects(t, s+"00"+tail, drop.ErrHeaderLength, true)
	}
}

func TestConf_L16_HeaderLengthBeyondDatagram(t *testing.T) {
	rejects(t, "10100400 00000000 00010001", drop.ErrHeaderLength, true)
	rejects(t, "10100400 00000000 00010001 c02000", drop.ErrHeaderLength, true)
	rejects(t, "1010ff00 00000000 00010001", drop.ErrHeaderLength, true)
	rejects(t, "", drop.ErrTruncated, true)
	rejects(t, "100000", drop.ErrTruncated, true) // killed flute-rs 1.11.0
	rejects(t, "10000100", drop.ErrHeaderLength, true)
	rejects(t, "20000100", ErrVersion, true)
}

func TestConf_L17_DataLess(t *testing.T) {
	b := unhex(t, "10100400 00000000 00010001 c0200001")
	if _, n, err := Parse(b); err != nil || n != len(b) {
		t.Errorf("%d of %d bytes, %v", n, len(b), err)
	}
}

func TestConf_L18_Codepoint(t *testing.T) {
	for cp := range 256 {
		h := Header{Codepoint: uint8(cp), HasTSI: true, HasTOI: true}
		b, err := h.AppendBinary(nil)
		if err != nil || b[3] != uint8(cp) {
			t.Fatalf("codepoint %d: %x, %v", cp, b, err)
		}
		if got, _, err := Parse(b); err != nil || got.Codepoint != uint8(cp) {
			t.Errorf("codepoint %d: %+v, %v", cp, got, err)
		}
	}
}

// TestConf_W02_TimeWords reads and writes the words of RFC 3451 in all combinations of T and R, and shows that the
// default layout takes the bits as reserved.
func TestConf_W02_TimeWords(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  Header
	}{
		{"10100400 00000000 00010002 c0100003", Header{}},
		{"10180500 00000000 00010002 00000102 c0100003", Header{HasSCT: true, SCT: 0x102}},
		{"10140500 00000000 00010002 ffffffff c0100003", Header{HasERT: true, ERT: 0xffffffff}},
		{"101c0600 00000000 00010002 00000102 00000304 c0100003", Header{HasSCT: true, SCT: 0x102, HasERT: true, ERT: 0x304}},
	} {
		b := unhex(t, c.bytes)
		want := c.want
		want.Version, want.CCILen = 1, 4
		want.HasTSI, want.TSILen, want.TSI = true, 2, 1
		want.HasTOI, want.TOILen, want.TOI = true, 2, flute.NewTOI(2)
		want.Extensions = Extensions{0xc0, 0x10, 0, 3}
		got, n, err := RFC3451.Parse(append(b, 9))
		if d := cmp.Diff(want, got, compareTOI); d != "" || err != nil || n != len(b) {
			t.Errorf("%s: %d bytes, %v (-want +got):\n%s", c.bytes, n, err, d)
		}
		again, err := want.AppendBinary(nil)
		if err != nil || string(again) != string(b) || want.Len() != len(b) {
			t.Errorf("%s: written as %x, %v", c.bytes, again, err)
		}
		for cut := range b {
			if _, n, err := RFC3451.Parse(b[:cut:cut]); err == nil || n != 0 {
				t.Errorf("%s cut to %d bytes is taken", c.bytes, cut)
			}
		}
	}
	// HDR_LEN includes the words.
	for _, s := range []string{
		"10180300 00000000 00010002", "10140300 00000000 00010002", "101c0400 00000000 00010002 00000000",
	} {
		_, n, err := RFC3451.Parse(append(unhex(t, s), make([]byte, 16)...))
		if !bare(err, drop.ErrHeaderLength) || n != 0 {
			t.Errorf("%s: %v", s, err)
		}
	}
	// They may end the header, and be all that is behind the TOI.
	for _, s := range []string{
		"10180400 00000000 00010002 00000102", "10140400 00000000 00010002 00000102",
		"101c0500 00000000 00010002 00000102 00000304",
	} {
		b := unhex(t, s)
		h, n, err := RFC3451.Parse(b)
		if err != nil || n != len(b) || len(h.Extensions) != 0 || h.SCT|h.ERT == 0 {
			t.Errorf("%s: %+v, %d bytes, %v", s, h, n, err)
		}
	}
	h := parse(t, "10180500 00000000 00010002 00010102 c0100003")
	if h.HasSCT || h.Reserved != 2 || len(h.Extensions) != 8 {
		t.Errorf("RFC 5651: %+v", h)
	}
}
