package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/google/go-cmp/cmp"
)

// packets are encodings and their values, in both directions.
var packets = []struct {
	name string
	hex  string
	p    Packet
}{
	{
		"syn", "41 00 1234 00000001 00000000 00100000 0001 0000",
		Packet{Type: Syn, ConnID: 0x1234, Timestamp: 1, Window: 1 << 20, Seq: 1},
	},
	{
		"state", "21 00 1234 ffffffff 00000064 00000000 8000 ffff",
		Packet{Type: State, ConnID: 0x1234, Timestamp: 1<<32 - 1, Delay: 100, Seq: 0x8000, Ack: 0xffff},
	},
	{
		"data", "01 00 1235 00000002 00000003 00000004 0005 0006 616263",
		Packet{Type: Data, ConnID: 0x1235, Timestamp: 2, Delay: 3, Window: 4, Seq: 5, Ack: 6, Payload: []byte("abc")},
	},
	{
		"reset", "31 00 ffff 00000000 00000000 00000000 0000 0000",
		Packet{Type: Reset, ConnID: 0xffff},
	},
	{
		"selective acknowledgement", "21 01 0001 00000000 00000000 00000000 0000 0000 00 04 05000080",
		Packet{Type: State, ConnID: 1, SACK: SACK{5, 0, 0, 0x80}},
	},
	{
		"long selective acknowledgement and payload",
		"01 01 0001 00000000 00000000 00000000 0000 0000 00 08 0100000000000080 78",
		Packet{Type: Data, ConnID: 1, SACK: SACK{1, 0, 0, 0, 0, 0, 0, 0x80}, Payload: []byte("x")},
	},
	{
		"close reason", "11 03 0001 00000000 00000000 00000000 0007 0000 00 04 0000 0101",
		Packet{Type: Fin, ConnID: 1, Seq: 7, HasCloseReason: true, CloseReason: 0x101},
	},
	{
		"both extensions", "11 01 0001 00000000 00000000 00000000 0007 0000 03 04 01000000 00 04 0000 0010",
		Packet{Type: Fin, ConnID: 1, Seq: 7, SACK: SACK{1, 0, 0, 0}, HasCloseReason: true, CloseReason: 16},
	},
}

func TestPackets(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.hex)
			p, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.p, p); diff != "" {
				t.Error(diff)
			}
			if got := tt.p.AppendBinary([]byte{0xee}); !bytes.Equal(got[1:], b) {
				t.Errorf("written as %x, want %x", got[1:], b)
			}
			if n := tt.p.Len(); n != len(b) {
				t.Errorf("Len is %d, want %d", n, len(b))
			}
		})
	}
}

// TestAccepted: what peers send and this package does not.
func TestAccepted(t *testing.T) {
	const header = " 0001 00000000 00000000 00000000 0000 0000 "
	for _, tt := range []struct {
		name, hex string
		want      Packet
	}{
		{"extension bits", "21 02" + header + "00 08 0000000000000000", Packet{Type: State, ConnID: 1}},
		{
			"extension bits, then SACK", "21 02" + header + "01 08 0000000000000000 00 04 01000000",
			Packet{Type: State, ConnID: 1, SACK: SACK{1, 0, 0, 0}},
		},
		{
			"unknown extension first", "01 7f" + header + "00 03 aabbcc 78",
			Packet{Type: Data, ConnID: 1, Payload: []byte("x")},
		},
		{"empty unknown extension", "21 09" + header + "00 00", Packet{Type: State, ConnID: 1}},
		{"SACK of one byte", "21 01" + header + "00 01 03", Packet{Type: State, ConnID: 1, SACK: SACK{3}}},
		{
			"SACK of 255 bytes", "21 01" + header + "00 ff" + strings.Repeat("01", 255),
			Packet{Type: State, ConnID: 1, SACK: bytes.Repeat([]byte{1}, 255)},
		},
		{"two SACKs", "21 01" + header + "01 01 03 00 01 05", Packet{Type: State, ConnID: 1, SACK: SACK{3}}},
		{
			"two close reasons", "11 03" + header + "03 04 00000001 00 04 00000002",
			Packet{Type: Fin, ConnID: 1, HasCloseReason: true, CloseReason: 1},
		},
		{"state with payload", "21 00" + header + "78", Packet{Type: State, ConnID: 1, Payload: []byte("x")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(unhex(t, tt.hex))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	const header = " 0001 00000000 00000000 00000000 0000 0000 "
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"empty", "", ErrTruncated},
		{"version 0", "00 00" + header, ErrVersion},
		{"version 2", "02 00" + header, ErrVersion},
		{"type 5", "51 00" + header, ErrType},
		{"type 15", "f1 00" + header, ErrType},
		{"empty SACK", "21 01" + header + "00 00", ErrExtension},
		{"close reason of 3 bytes", "11 03" + header + "00 03 000000", ErrExtension},
		{"close reason of 5 bytes", "11 03" + header + "00 05 0000000000", ErrExtension},
		{"extension that is not there", "21 01" + header, ErrTruncated},
		{"extension without an end", "21 01" + header + "00 05 01020304", ErrTruncated},
		{"second extension that is not there", "21 01" + header + "02 01 01", ErrTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.hex)
			if _, err := Parse(b); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// TestTruncated: each encoding without payload is an error when it is cut anywhere.
func TestTruncated(t *testing.T) {
	for _, tt := range packets {
		b := unhex(t, tt.hex)
		for n := range len(b) - len(tt.p.Payload) {
			if _, err := Parse(b[:n]); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s, %d of %d bytes: %v", tt.name, n, len(b), err)
			}
		}
	}
}

func TestSACKOnTheWire(t *testing.T) {
	for n, want := range map[int]int{0: 4, 1: 4, 4: 4, 5: 8, 252: 252, 255: 252, 1000: 252} {
		p := Packet{Type: State, SACK: bytes.Repeat([]byte{0xff}, n)}
		b := p.AppendBinary(nil)
		if got := int(b[HeaderLen+1]); got != want {
			t.Errorf("SACK of %d bytes is written in %d, want %d", n, got, want)
		}
		if len(b) != p.Len() {
			t.Errorf("SACK of %d bytes: Len is %d, written are %d", n, p.Len(), len(b))
		}
		q, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range q.SACK.Len() {
			if q.SACK.Has(i) != (i < 8*n) {
				t.Errorf("SACK of %d bytes: bit %d is %v", n, i, q.SACK.Has(i))
			}
		}
	}
}

func TestSACKBits(t *testing.T) {
	s := make(SACK, 4)
	for _, i := range []int{0, 7, 8, 31} {
		s.Set(i)
	}
	if !bytes.Equal(s, []byte{0x81, 1, 0, 0x80}) {
		t.Errorf("%x", []byte(s))
	}
	for i := range s.Len() {
		if want := i == 0 || i == 7 || i == 8 || i == 31; s.Has(i) != want {
			t.Errorf("bit %d is %v", i, s.Has(i))
		}
	}
}

func TestSeq(t *testing.T) {
	for _, tt := range []struct {
		a, b Seq
		sub  int
	}{
		{1, 0, 1}, {0, 1, -1}, {0, 0xffff, 1}, {0xffff, 0, -1}, {0x7fff, 0, 0x7fff}, {0x8000, 0, -0x8000}, {5, 5, 0},
	} {
		if n := tt.a.Sub(tt.b); n != tt.sub {
			t.Errorf("%d - %d = %d, want %d", tt.a, tt.b, n, tt.sub)
		}
		if less := tt.a.Less(tt.b); less != (tt.sub < 0) {
			t.Errorf("%d before %d: %v", tt.a, tt.b, less)
		}
	}
}

func TestPeek(t *testing.T) {
	for _, tt := range packets {
		kind, id, ok := Peek(unhex(t, tt.hex))
		if !ok || kind != tt.p.Type || id != tt.p.ConnID {
			t.Errorf("%s: %v %d %v", tt.name, kind, id, ok)
		}
	}
	for _, s := range []string{
		"", "41", "42 00 0001 00000000 00000000 00000000 0000 0000",
		"51 00 0001 00000000 00000000 00000000 0000 0000", "00 00 0001 00000000 00000000 00000000 0000 0000",
	} {
		if _, _, ok := Peek(unhex(t, s)); ok {
			t.Errorf("%q is taken for a uTP packet", s)
		}
	}
}

func TestTypeString(t *testing.T) {
	for kind, want := range map[Type]string{
		Data: "ST_DATA", Fin: "ST_FIN", State: "ST_STATE", Reset: "ST_RESET", Syn: "ST_SYN", 9: "ST_?",
	} {
		if got := kind.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAppendUnknownTypePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	(&Packet{Type: numTypes}).AppendBinary(nil)
}

func TestDoesNotAllocate(t *testing.T) {
	p := packets[5].p
	b := p.AppendBinary(nil)
	if n := testing.AllocsPerRun(100, func() {
		q, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		b = q.AppendBinary(b[:0])
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range packets {
		f.Add(unhex(f, tt.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Packet
		var err error
		allocbound.Bound{}.Check(t, len(b), func() { p, err = Parse(b) })
		if err != nil {
			return
		}
		if kind, id, ok := Peek(b); !ok || kind != p.Type || id != p.ConnID {
			t.Fatalf("Peek: %v %d %v", kind, id, ok)
		}
		c := p.AppendBinary(nil)
		if len(c) != p.Len() {
			t.Fatalf("Len is %d, written are %d", p.Len(), len(c))
		}
		q, err := Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		// Writing pads and cuts the SACK; all else is the same.
		n := min(len(p.SACK), len(q.SACK))
		if !bytes.Equal(p.SACK[:n], q.SACK[:n]) || (p.SACK == nil) != (q.SACK == nil) {
			t.Fatalf("SACK %x became %x", p.SACK, q.SACK)
		}
		p.SACK, q.SACK = nil, nil
		if diff := cmp.Diff(p, q); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	p := packets[5].p
	p.Payload = make([]byte, 1400)
	d := p.AppendBinary(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(d); err != nil {
			b.Fatal(err)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
