package lct

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

var compareTOI = cmp.AllowUnexported(flute.TOI{})

// bare reports whether err is want itself: the packet path wraps nothing, so that counting by reason costs nothing.
func bare(err, want error) bool { return any(err) == any(want) }

// unhex decodes hexadecimal text; spaces and bars are only for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// toi returns the TOI with the decimal value s.
func toi(t testing.TB, s string) flute.TOI {
	t.Helper()
	v, err := flute.ParseTOI(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// headers are encodings and their values, both ways.
func headers(t testing.TB) []struct {
	name  string
	bytes []byte
	want  Header
} {
	return []struct {
		name  string
		bytes []byte
		want  Header
	}{
		{
			"TSI and TOI of 16 bits", unhex(t, "10100300 00000000 00010001"),
			Header{
				Version: 1, CCILen: 4, HasTSI: true, TSILen: 2, TSI: 1, HasTOI: true, TOILen: 2, TOI: flute.NewTOI(1),
			},
		},
		{
			"neither TSI nor TOI", unhex(t, "10000200 01020304"),
			Header{Version: 1, CCILen: 4, CCI: [16]byte{1, 2, 3, 4}},
		},
		{
			"TSI of 32 bits without TOI, A", unhex(t, "10820300 00000000 00000001"),
			Header{Version: 1, CloseSession: true, CCILen: 4, HasTSI: true, TSILen: 4, TSI: 1},
		},
		{
			"TOI without TSI, B", unhex(t, "10210305 00000000 00000002"),
			Header{
				Version: 1, CloseObject: true, Codepoint: 5, CCILen: 4, HasTOI: true, TOILen: 4, TOI: flute.NewTOI(2),
			},
		},
		{
			"longest fields, all bits",
			unhex(t, "1fff0aff ffffffffffffffffffffffffffffffff ffffffffffff ffffffffffffffffffffffffffff"),
			Header{
				Version: 1, PSI: 3, Reserved: 3, CloseSession: true, CloseObject: true, Codepoint: 255, CCILen: 16,
				CCI:    [16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
				HasTSI: true, TSILen: 6, TSI: flute.MaxTSI,
				HasTOI: true, TOILen: 14, TOI: toi(t, "5192296858534827628530496329220095"),
			},
		},
		{
			"extensions", unhex(t, "10100700 00000000 00010000 | c0200001 | 0203c000 eef45080 00000000"),
			Header{
				Version: 1, CCILen: 4, HasTSI: true, TSILen: 2, TSI: 1, HasTOI: true, TOILen: 2,
				Extensions: unhex(t, "c0200001 0203c000 eef45080 00000000"),
			},
		},
	}
}

func TestHeader(t *testing.T) {
	for _, c := range headers(t) {
		t.Run(c.name, func(t *testing.T) {
			for _, behind := range []string{"", "x", "payload"} {
				got, n, err := Parse(append(c.bytes[:len(c.bytes):len(c.bytes)], behind...))
				if err != nil || n != len(c.bytes) {
					t.Fatalf("Parse: %d bytes, %v; want %d bytes", n, err, len(c.bytes))
				}
				if d := cmp.Diff(c.want, got, compareTOI); d != "" {
					t.Fatalf("Parse (-want +got):\n%s", d)
				}
			}
			b, err := c.want.AppendBinary([]byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(append([]byte("before"), c.bytes...), b); d != "" {
				t.Errorf("AppendBinary (-want +got):\n%s", d)
			}
			if n := c.want.Len(); n != len(c.bytes) {
				t.Errorf("Len = %d, want %d", n, len(c.bytes))
			}
		})
	}
}

// TestParseTo parses over another header: nothing of it stays, and everything of it stays after an error.
func TestParseTo(t *testing.T) {
	for _, dirty := range headers(t) {
		dirty.want.HasSCT, dirty.want.HasERT, dirty.want.SCT, dirty.want.ERT = true, true, 1, 2
		for _, c := range headers(t) {
			h := dirty.want
			if n, err := RFC5651.ParseTo(&h, c.bytes); err != nil || n != len(c.bytes) {
				t.Errorf("%s: %d bytes, %v", c.name, n, err)
			}
			if d := cmp.Diff(c.want, h, compareTOI); d != "" {
				t.Errorf("%s over %s (-want +got):\n%s", c.name, dirty.name, d)
			}
			h = dirty.want
			if _, err := RFC3451.ParseTo(&h, c.bytes[:len(c.bytes)-1]); err == nil ||
				!cmp.Equal(dirty.want, h, compareTOI) {
				t.Errorf("%s over %s, truncated: %v, %+v", c.name, dirty.name, err, h)
			}
		}
	}
}

// TestHeaderTruncated cuts each encoding at each byte: never a header, never a panic.
func TestHeaderTruncated(t *testing.T) {
	for _, c := range headers(t) {
		for n := range c.bytes {
			h, used, err := Parse(c.bytes[:n:n])
			if !bare(err, drop.ErrTruncated) && !bare(err, drop.ErrHeaderLength) || used != 0 {
				t.Errorf("%s cut to %d bytes: %d bytes used, %v", c.name, n, used, err)
			}
			if d := cmp.Diff(Header{}, h, compareTOI); d != "" {
				t.Errorf("%s cut to %d bytes: half-parsed\n%s", c.name, n, d)
			}
			if _, _, err := Peek(c.bytes[:n:n]); err == nil {
				t.Errorf("%s cut to %d bytes: Peek takes it", c.name, n)
			}
		}
	}
}

// TestHeaderShortened lowers HDR_LEN of each encoding word by word: the fields or the extensions then do not fit.
func TestHeaderShortened(t *testing.T) {
	for _, c := range headers(t) {
		for n := range c.bytes[2] {
			b := append([]byte(nil), c.bytes...)
			b[2] = n
			h, used, err := Parse(b)
			switch {
			case err == nil && used == int(n)*4 && len(c.want.Extensions) > 0:
				// Cut between two extensions, which is another valid header.
			case !bare(err, drop.ErrHeaderLength) && !bare(err, ErrExtension):
				t.Errorf("%s with HDR_LEN %d: %+v, %v", c.name, n, h, err)
			}
		}
	}
}

// TestLeastLengths holds AppendBinary to the field lengths that the peer library chooses too.
func TestLeastLengths(t *testing.T) {
	const tooBig = 1<<32 - 1
	for _, c := range []struct {
		tsi  flute.TSI
		toi  string
		want string
	}{
		{1, "0", "10100300 00000000 0001 0000"},
		{1, "1", "10100300 00000000 0001 0001"},
		{0, "0", "10100300 00000000 0000 0000"},
		{1<<16 - 1, "65535", "10100300 00000000 ffff ffff"},
		{1, "65536", "10300400 00000000 0001 000000010000"},
		{1 << 16, "1", "10900400 00000000 000000010000 0001"},
		{1 << 16, "65536", "10a00400 00000000 00010000 00010000"},
		{tooBig, "4294967295", "10a00400 00000000 ffffffff ffffffff"},
		{1, "4294967296", "10300400 00000000 0001 000100000000"},
		{1, "281474976710656", "10500500 00000000 0001 00000001000000000000"},
		{1 << 16, "281474976710656", "10c00500 00000000 00010000 0001000000000000"},
		{1, "1267650600228229401496703205376", "10700600 00000000 0001 0010000000000000000000000000"},
		{1 << 40, "1", "10900400 00000000 010000000000 0001"},
		{1 << 40, "1267650600228229401496703205376", "10f00700 00000000 010000000000 0010000000000000000000000000"},
	} {
		h := Header{HasTSI: true, TSI: c.tsi, HasTOI: true, TOI: toi(t, c.toi)}
		b, err := h.AppendBinary(nil)
		if err != nil {
			t.Errorf("TSI %d, TOI %s: %v", c.tsi, c.toi, err)
			continue
		}
		if d := cmp.Diff(unhex(t, c.want), b); d != "" {
			t.Errorf("TSI %d, TOI %s (-want +got):\n%s", c.tsi, c.toi, d)
		}
	}
}

// TestLeastLengthsPartly leaves one length or one field out.
func TestLeastLengthsPartly(t *testing.T) {
	for _, c := range []struct {
		name     string
		h        Header
		tsi, toi int
	}{
		{"TSI alone", Header{HasTSI: true, TSI: 1}, 4, 0},
		{"TOI alone", Header{HasTOI: true, TOI: flute.NewTOI(1)}, 0, 4},
		{"neither", Header{}, 0, 0},
		{"TSI asked to have no half-word", Header{HasTSI: true, TSILen: 4, TSI: 1, HasTOI: true}, 4, 4},
		{"TOI asked to have no half-word", Header{HasTSI: true, TSI: 1, HasTOI: true, TOILen: 12}, 4, 12},
		{"TOI asked to have the half-word", Header{HasTSI: true, TSI: 1 << 30, HasTOI: true, TOILen: 6}, 6, 6},
	} {
		tsi, toi, ok := c.h.idLengths()
		if !ok || tsi != c.tsi || toi != c.toi {
			t.Errorf("%s: %d and %d bytes, %v; want %d and %d", c.name, tsi, toi, ok, c.tsi, c.toi)
		}
	}
}

// TestAppendRefuses lists the headers that do not exist on the wire. Each must leave b as it is.
func TestAppendRefuses(t *testing.T) {
	for name, h := range map[string]Header{
		"version":                 {Version: 2},
		"PSI":                     {PSI: 4},
		"Res":                     {Reserved: 4},
		"Res beside T":            {Reserved: 1, HasSCT: true},
		"CCI of 1 byte":           {CCILen: 1},
		"CCI of 6 bytes":          {CCILen: 6},
		"CCI of 20 bytes":         {CCILen: 20},
		"TSI of 49 bits":          {HasTSI: true, TSI: flute.MaxTSI + 1},
		"TSI of 8 bytes":          {HasTSI: true, TSILen: 8, HasTOI: true},
		"TSI of 3 bytes":          {HasTSI: true, TSILen: 3, HasTOI: true},
		"TSI that does not fit":   {HasTSI: true, TSILen: 2, TSI: 1 << 16, HasTOI: true},
		"TSI length without TSI":  {TSILen: 4},
		"TOI length without TOI":  {HasTSI: true, TOILen: 4},
		"TOI that does not fit":   {HasTSI: true, HasTOI: true, TOILen: 2, TOI: flute.NewTOI(1 << 16)},
		"TOI of 16 bytes":         {HasTSI: true, HasTOI: true, TOILen: 16},
		"half-words differ":       {HasTSI: true, TSILen: 4, HasTOI: true, TOILen: 2},
		"48-bit TSI without TOI":  {HasTSI: true, TSI: 1 << 32},
		"112-bit TOI without TSI": {HasTOI: true, TOI: toi(t, "5192296858534827628530496329220095")},
		"half an extension":       {Extensions: Extensions{192, 0, 0}},
		"HEL 0":                   {Extensions: Extensions{5, 0, 0, 0}},
		"256 words":               {Extensions: make254()},
	} {
		b, err := h.AppendBinary([]byte("b"))
		if err == nil || !strings.HasPrefix(err.Error(), "lct: ") {
			t.Errorf("%s: error %v", name, err)
		}
		if string(b) != "b" || h.Len() != 0 {
			t.Errorf("%s: wrote %x, Len %d", name, b, h.Len())
		}
		if drop.Of(err) != drop.Fault {
			t.Errorf("%s: the caller's fault is reported as the peer's", name)
		}
	}
}

// make254 returns 254 words of extensions, one more than fit beside the least header.
func make254() Extensions {
	var x Extensions
	for range 254 {
		x = AppendExtension(x, 200, nil)
	}
	return x
}

func TestParseAllocatesNothing(t *testing.T) {
	b := benchPacket(t)
	var h Header
	var id flute.TSI
	var object flute.TOI
	count := 0
	if n := testing.AllocsPerRun(100, func() { h, _, _ = Parse(b) }); n != 0 {
		t.Errorf("Parse allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { id, object, _ = Peek(b) }); n != 0 {
		t.Errorf("Peek allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = Parse(b[:11]) }); n != 0 {
		t.Errorf("Parse of a truncated header allocates %v times", n)
	}
	walk := func() {
		for x, rest, ok := h.Extensions.Next(); ok; x, rest, ok = rest.Next() {
			count += len(x.Content())
		}
		x, _ := h.Extensions.Lookup(HETFTI)
		count += len(x.Raw)
	}
	if n := testing.AllocsPerRun(100, walk); n != 0 || count == 0 {
		t.Errorf("the walk allocates %v times and saw %d bytes", n, count)
	}
	out := make([]byte, 0, maxLen)
	if n := testing.AllocsPerRun(100, func() { _, _ = h.AppendBinary(out) }); n != 0 {
		t.Errorf("AppendBinary allocates %v times", n)
	}
	if id != h.TSI || object != h.TOI {
		t.Errorf("Peek: %d, %v; Parse: %d, %v", id, object, h.TSI, h.TOI)
	}
}

// benchPacket is the head of an FDT packet: four extensions.
func benchPacket(t testing.TB) []byte {
	return unhex(t, `10100c00 00000000 00010000 | c0200001 | c1000000 | 0203c000 eef45080 00000000 |
		4004 00000000050b 0000 0578 00000040 | 00000000`)
}

func BenchmarkParse(b *testing.B) {
	data := benchPacket(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	data := benchPacket(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Peek(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendBinary(b *testing.B) {
	h, _, err := Parse(benchPacket(b))
	if err != nil {
		b.Fatal(err)
	}
	out := make([]byte, 0, maxLen)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.AppendBinary(out); err != nil {
			b.Fatal(err)
		}
	}
}
