package alc

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

var compareTOI = cmp.AllowUnexported(flute.TOI{})

// bare reports whether err is want itself: the packet path wraps nothing, so that counting by reason costs nothing.
func bare(err, want error) bool { return any(err) == any(want) }

// sentinel is the type of every error of the packet path.
var sentinel = reflect.TypeOf(drop.ErrTruncated)

// unhex decodes hexadecimal text; spaces, bars and line ends are only for the reader.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fdtVector is the head of an FDT packet of flute-rs 1.11.7 with its default options.
const fdtVector = `10100c00 00000000 00010000 | c0200001 | c1000000 | 0203c000 eef45080 00000000 |
	4004 00000000050b 0000 0578 00000040 | 00000000`

// packets are datagrams and what they say.
func packets(t testing.TB) []struct {
	name  string
	bytes []byte
	want  Packet
} {
	session := lct.Header{
		Version: 1, CCILen: 4, HasTSI: true, TSILen: 2, TSI: 1, HasTOI: true, TOILen: 2,
	}
	object := session
	object.TOI = flute.NewTOI(1)
	with := func(h lct.Header, s string) lct.Header {
		h.Extensions = unhex(t, s)
		return h
	}
	closing := lct.Header{Version: 1, CloseSession: true, CCILen: 4, HasTSI: true, TSILen: 4, TSI: 1}
	wide := lct.Header{
		Version: 1, CloseSession: true, CCILen: 4, HasTSI: true, TSILen: 6, TSI: 0x010203040506, HasTOI: true,
		TOILen: 2,
	}
	return []struct {
		name  string
		bytes []byte
		want  Packet
	}{
		{"FDT, FLUTE version 2", unhex(t, fdtVector), Packet{
			Header: with(session, `c0200001 c1000000 0203c000eef4508000000000 400400000000050b0000057800000040`),
			HasFDT: true, FLUTEVersion: 2, InstanceID: 1, HasCENC: true, CENC: 0,
			FTI:  unhex(t, "00000000050b 0000 0578 00000040"),
			Time: unhex(t, "c000 eef45080 00000000"),
			Body: unhex(t, "00000000"),
		}},
		{"FDT, FLUTE version 1, gzip", unhex(t, "10100500 00000000 00010000 c01fffff c1030000 00000000 3c"), Packet{
			Header: with(session, "c01fffff c1030000"),
			HasFDT: true, FLUTEVersion: 1, InstanceID: flute.MaxInstanceID, HasCENC: true, CENC: 3,
			Body: unhex(t, "00000000 3c"),
		}},
		{"file without extensions", unhex(t, "10100300 00000000 00010001 00000000 aabb"), Packet{
			Header: object, Body: unhex(t, "00000000 aabb"),
		}},
		{"file with authentication", unhex(t, "10100500 00000000 00010001 0102 1234 56789abc 00000000"), Packet{
			Header: with(object, "0102 1234 56789abc"), Auth: unhex(t, "1234 56789abc"), Body: unhex(t, "00000000"),
		}},
		{"close session", unhex(t, "10820300 00000000 00000001"), Packet{Header: closing, Body: []byte{}}},
		{"close session, TSI of 48 bits", unhex(t, "10920400 00000000 010203040506 0000"), Packet{Header: wide, Body: []byte{}}},
	}
}

func TestParse(t *testing.T) {
	for _, c := range packets(t) {
		got, err := Parse(c.bytes)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got, compareTOI); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestParseTruncated cuts each datagram at each byte: inside the header it is an error and nothing is half-parsed;
// behind it, the Body is what is left.
func TestParseTruncated(t *testing.T) {
	for _, c := range packets(t) {
		header := int(c.bytes[2]) * 4
		for n := range c.bytes {
			got, err := Parse(c.bytes[:n:n])
			if n < header {
				if err == nil || !cmp.Equal(Packet{}, got, compareTOI) {
					t.Errorf("%s cut to %d bytes: %+v, %v", c.name, n, got, err)
				}
				continue
			}
			want := c.want
			want.Body = c.bytes[header:n]
			if d := cmp.Diff(want, got, compareTOI); d != "" || err != nil {
				t.Errorf("%s cut to %d bytes: %v (-want +got):\n%s", c.name, n, err, d)
			}
		}
	}
}

// TestParseMutated changes every byte of each datagram to every value: an error of the packet path or a packet.
func TestParseMutated(t *testing.T) {
	for _, c := range packets(t) {
		for i := range c.bytes {
			b := append([]byte(nil), c.bytes...)
			for v := range 256 {
				b[i] = byte(v)
				p, err := Parse(b)
				if r := drop.Of(err); r == drop.Fault || err == nil && len(p.Extensions)+len(p.Body) > len(b) {
					t.Fatalf("%s, byte %d = %02x: %+v, %v", c.name, i, v, p, err)
				}
			}
		}
	}
}

// TestRepeatedExtensions allows the same words twice and no contradiction.
func TestRepeatedExtensions(t *testing.T) {
	for _, c := range []struct {
		name, extensions string
		want             error
	}{
		{"EXT_FDT", "c0200001 c0200001", nil},
		{"EXT_FDT, other ID", "c0200001 c0200002", ErrAmbiguous},
		{"EXT_FDT, other version", "c0200001 c0100001", ErrAmbiguous},
		{"EXT_CENC", "c0200001 c1010000 c1010000", nil},
		{"EXT_CENC, other reserved bits", "c0200001 c1010000 c101ffff", nil},
		{"EXT_CENC, other algorithm", "c0200001 c1010000 c1020000", ErrAmbiguous},
		{"EXT_FTI", "c0200001 4002 111111111111 4002 111111111111", nil},
		{"EXT_FTI, other content", "c0200001 4002 111111111111 4002 111111111112", ErrAmbiguous},
		{"EXT_FTI, other length", "c0200001 4002 111111111111 4001 1111", ErrAmbiguous},
		{"EXT_NOP", "00010000 c0200001 00011234", nil},
	} {
		x := unhex(t, c.extensions)
		b := append(unhex(t, "1010 00 00 00000000 00010000"), x...)
		b[2] = uint8(len(b) / 4)
		if _, err := Parse(append(b, 0, 0, 0, 0)); !bare(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestCloseSessionOfOlderPeers: flute-rs up to 1.11.0 ends a session with TOI 0, an all-zero EXT_FTI and a FEC Payload
// ID without symbol. Its A flag counts; nothing else in it may become an FDT Instance.
func TestCloseSessionOfOlderPeers(t *testing.T) {
	b := unhex(t, "10120700 00000000 00010000 4004 0000000000000000000000000000 00000000")
	p, err := Parse(b)
	if err != nil || !p.CloseSession || p.TSI != 1 || !p.TOI.IsFDT() || p.HasFDT || len(p.Body) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for name, change := range map[string]func(b []byte) []byte{
		"without A":        func(b []byte) []byte { b[1] &^= 2; return b },
		"with a symbol":    func(b []byte) []byte { return append(b, 0) },
		"half an ID":       func(b []byte) []byte { return b[:len(b)-1] },
		"other FEC scheme": func(b []byte) []byte { b[3] = 5; return b },
	} {
		if _, err := Parse(change(append([]byte(nil), b...))); !bare(err, ErrNoInstanceID) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppendCloseSession(t *testing.T) {
	for tsi, want := range map[flute.TSI]string{
		0:               "10820300 00000000 00000000",
		1:               "10820300 00000000 00000001",
		1<<32 - 1:       "10820300 00000000 ffffffff",
		1 << 32:         "10920400 00000000 000100000000 0000",
		flute.MaxTSI:    "10920400 00000000 ffffffffffff 0000",
		0x0102030405060: "10920400 00000000 102030405060 0000",
	} {
		b := AppendCloseSession([]byte{7}, tsi)
		if d := cmp.Diff(append([]byte{7}, unhex(t, want)...), b); d != "" {
			t.Errorf("TSI %d (-want +got):\n%s", tsi, d)
		}
		p, err := Parse(b[1:])
		if err != nil || p.TSI != tsi || !p.CloseSession || len(p.Body) != 0 || !p.TOI.IsFDT() {
			t.Errorf("TSI %d: %+v, %v", tsi, p, err)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	b := unhex(t, fdtVector)
	out := make([]byte, 0, 16)
	var p Packet
	var err error
	if n := testing.AllocsPerRun(100, func() { p, err = Parse(b) }); n != 0 || err != nil || !p.HasFDT {
		t.Errorf("Parse allocates %v times: %+v, %v", n, p, err)
	}
	if n := testing.AllocsPerRun(100, func() { p, err = ParseLayout(b, lct.RFC3451) }); n != 0 || err != nil {
		t.Errorf("ParseLayout allocates %v times: %v", n, err)
	}
	bad := unhex(t, "10100300 00000000 00010000 00")
	if n := testing.AllocsPerRun(100, func() { p, err = Parse(bad) }); n != 0 || !bare(err, ErrNoInstanceID) {
		t.Errorf("Parse of a bad packet allocates %v times: %v", n, err)
	}
	if n := testing.AllocsPerRun(100, func() { _ = AppendCloseSession(out, 1<<40) }); n != 0 {
		t.Errorf("AppendCloseSession allocates %v times", n)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, s := range map[string]string{
		"file": "10100700 00000000 00010001 4004 00000000004d 0000 0008 00000004 00000000",
		"FDT":  fdtVector,
	} {
		b.Run(name, func(b *testing.B) {
			data := append(unhex(b, s), make([]byte, 1400)...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestParseLeavesNothing: what a Packet had before is gone, also after an error.
func TestParseLeavesNothing(t *testing.T) {
	tpl, err := NewTemplate(Spec{TSI: 7, TOI: flute.NewTOI(1)})
	if err != nil {
		t.Fatal(err)
	}
	plain := append(tpl.Append(nil, false), 0, 0, 0, 0, 'x')
	want, err := Parse(plain)
	if err != nil {
		t.Fatal(err)
	}
	dirty := Packet{
		HasFDT: true, FLUTEVersion: 2, InstanceID: 9, HasCENC: true, CENC: 3, FTI: []byte{1},
		HasLength: true, Length: 9, Time: []byte{1}, Auth: []byte{1},
	}
	for _, b := range [][]byte{plain, plain[:5], {0x20}} {
		p := dirty
		if err := p.Parse(b, lct.RFC5651); err != nil {
			want = Packet{}
		}
		if d := cmp.Diff(want, p, compareTOI); d != "" {
			t.Errorf("%x (-want +got):\n%s", b, d)
		}
	}
}
