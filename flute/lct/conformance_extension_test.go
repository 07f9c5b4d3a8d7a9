package lct

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

func TestConf_L24_ExtensionsBeforeAcceptance(t *testing.T) {
	// The last extension is broken: the whole packet is refused, whatever stands before it.
	rejects(t, "10100600 00000000 00010001 c0200001 00010000 4002 0000 ffffffff", ErrExtension, false)
}

// TestConf_L25_UnknownExtensions puts extensions of all types in random order and number into headers.
func TestConf_L25_UnknownExtensions(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 25))
	for range 500 {
		var x Extensions
		var want []Extension
		for range rng.IntN(12) {
			het := uint8(rng.UintN(256))
			content := make([]byte, 3)
			if het < 128 {
				content = make([]byte, 2+4*rng.IntN(5))
			}
			for i := range content {
				content[i] = byte(rng.UintN(256))
			}
			at := len(x)
			x = AppendExtension(x, het, content)
			want = append(want, Extension{Type: het, Raw: append([]byte(nil), x[at:]...)})
		}
		h := Header{HasTSI: true, TSI: 9, HasTOI: true, TOI: flute.NewTOI(8), Extensions: x}
		b, err := h.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := Parse(append(b, "payload"...))
		if err != nil || n != len(b) || got.TSI != 9 || got.TOI != flute.NewTOI(8) {
			t.Fatalf("%x: %+v, %v", b, got, err)
		}
		var seen []Extension
		for e, rest, ok := got.Extensions.Next(); ok; e, rest, ok = rest.Next() {
			seen = append(seen, e)
		}
		if d := cmp.Diff(want, seen); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
}

func TestConf_L26_HELBoundary(t *testing.T) {
	// The byte behind HET is HEL for 127 and content for 128.
	h := parse(t, "10100600 00000000 00010001 7f020304 05060708 80ff0203")
	first, rest, _ := h.Extensions.Next()
	second, rest, ok := rest.Next()
	want := [2]Extension{
		{Type: 127, Raw: []byte{127, 2, 3, 4, 5, 6, 7, 8}},
		{Type: 128, Raw: []byte{128, 255, 2, 3}},
	}
	if d := cmp.Diff(want, [2]Extension{first, second}); d != "" || !ok || len(rest) != 0 {
		t.Errorf("%d bytes left (-want +got):\n%s", len(rest), d)
	}
	if d := cmp.Diff([2][]byte{{3, 4, 5, 6, 7, 8}, {255, 2, 3}},
		[2][]byte{first.Content(), second.Content()}); d != "" {
		t.Errorf("content (-want +got):\n%s", d)
	}
	rejects(t, "10100400 00000000 00010001 7fff0000", ErrExtension, false)
	rejects(t, "10100400 00000000 00010001 7f000000", ErrExtension, false)
	parse(t, "10100400 00000000 00010001 80000000")
}

func TestConf_L27_ExtensionsAreWords(t *testing.T) {
	for het := range 256 {
		for n := range 4 {
			if b := AppendExtension(nil, uint8(het), make([]byte, n)); len(b)%4 != 0 {
				t.Errorf("HET %d with %d bytes of content: %x", het, n, b)
			}
		}
	}
}

func TestConf_L28_HEL(t *testing.T) {
	for het := range uint8(128) {
		for _, c := range []struct {
			hel uint8
			ok  bool
		}{{0, false}, {1, true}, {2, true}, {3, false}, {4, false}, {63, false}, {64, false}, {255, false}} {
			// Two words of extensions; the second is an EXT_NOP of one word, or the end of the first.
			b := append(unhex(t, "10100500 00000000 00010001"), het, c.hel, 0, 0, 0, 1, 0, 0)
			b = append(b, make([]byte, 1400)...) // a HEL beyond the header still lies inside the datagram
			_, _, err := Parse(b)
			if c.ok && err != nil || !c.ok && !bare(err, ErrExtension) {
				t.Errorf("HET %d, HEL %d: %v", het, c.hel, err)
			}
			if _, _, err := Peek(b); err != nil {
				t.Errorf("HET %d, HEL %d: Peek reads extensions: %v", het, c.hel, err)
			}
		}
	}
}

func TestConf_L30_NOPAuthTime(t *testing.T) {
	h := parse(t, "10100700 00000000 00010001 0001abcd 0102 1122 33445566 0201 0000")
	for het, want := range map[uint8]string{HETNOP: "abcd", HETAuth: "1122 33445566", HETTime: "0000"} {
		if x, ok := h.Extensions.Lookup(het); !ok || string(x.Content()) != string(unhex(t, want)) {
			t.Errorf("HET %d: %x, %v", het, x.Content(), ok)
		}
	}
}

// TestConf_L34_TimeCombinations writes and reads the 12 legal sets of values, in the order of their flags.
func TestConf_L34_TimeCombinations(t *testing.T) {
	now := time.Unix(0x77777777-2208988800, 25e7).UTC()
	for i := range 12 {
		v := Time{HasERT: i/3&1 != 0, HasSLC: i/6 != 0}
		var use uint16
		var want []byte
		if i%3 > 0 {
			v.HasSCT, v.SCT = true, now.Truncate(time.Second)
			use |= 0x8000
			want = append(want, 0x77, 0x77, 0x77, 0x77)
		}
		if i%3 > 1 {
			v.Fine, v.SCT = true, now
			use |= 0x4000
			want = append(want, 0x40, 0, 0, 0)
		}
		if v.HasERT {
			v.ERT = 258 * time.Second
			use |= 0x2000
			want = append(want, 0, 0, 1, 2)
		}
		if v.HasSLC {
			v.SLC = now.Truncate(time.Second).Add(-time.Second)
			use |= 0x1000
			want = append(want, 0x77, 0x77, 0x77, 0x76)
		}
		want = append([]byte{2, uint8(1 + len(want)/4), byte(use >> 8), byte(use)}, want...)
		if d := cmp.Diff(want, v.Append(nil)); d != "" {
			t.Errorf("Use %04x: Append (-want +got):\n%s", use, d)
		}
		got, err := ParseTime(want[2:], now)
		if d := cmp.Diff(v, got); d != "" || err != nil {
			t.Errorf("Use %04x: ParseTime: %v (-want +got):\n%s", use, err, d)
		}
	}
}

func TestConf_L35_LowWithoutHigh(t *testing.T) {
	for _, s := range []string{"4000 80000000", "7000 80000000 00000001 00000002", "4000", "6000 00000001"} {
		if v, err := ParseTime(unhex(t, s), near); v != (Time{}) || err != nil {
			t.Errorf("%s: %+v, %v; want it ignored", s, v, err)
		}
	}
	// A Time with a fraction and without SCT cannot be written that way.
	if b := (Time{Fine: true, SCT: near}).Append(nil); b[2] != 0 || len(b) != 4 {
		t.Errorf("written as %x", b)
	}
}

func TestConf_L36_AdditionalTimes(t *testing.T) {
	want := Time{HasERT: true, ERT: 5 * time.Second}
	// A reserved and a PI-specific flag announce two more values.
	if v, err := ParseTime(unhex(t, "2880 00000005 11111111 22222222"), near); v != want || err != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestConf_L37_TimeReservedBits(t *testing.T) {
	want := Time{HasERT: true, ERT: 5 * time.Second}
	if v, err := ParseTime(unhex(t, "2fff 00000005"), near); v != want || err != nil {
		t.Errorf("%+v, %v", v, err)
	}
	if b := want.Append(nil); b[2] != 0x20 || b[3] != 0 {
		t.Errorf("written as %x", b)
	}
}

func TestConf_L39_ERTAndSLC(t *testing.T) {
	v, err := ParseTime(unhex(t, "3000 00000e10 eef45080"), near)
	if err != nil || v.ERT != time.Hour || v.SLC.Unix() != 0xeef45080-2208988800 {
		t.Errorf("%+v, %v", v, err)
	}
}
