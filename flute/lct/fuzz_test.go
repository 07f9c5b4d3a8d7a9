package lct

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/google/go-cmp/cmp"
)

// nothing is what the parsers of the packet path allocate.
var nothing allocbound.Bound

// FuzzParse holds for any bytes: what is parsed is written again as it was, Peek and Parse see the same identifiers,
// and the extensions add up to the header.
func FuzzParse(f *testing.F) {
	for _, c := range headers(f) {
		f.Add(c.bytes, false)
	}
	f.Add(benchPacket(f), false)
	f.Add(unhex(f, "101c0500 00000000 00010001 00000102 00000304"), true)
	f.Add(unhex(f, "1000030000000000 05000000"), false)
	f.Add(unhex(f, "100000"), false)
	f.Fuzz(func(t *testing.T, b []byte, old bool) {
		l := RFC5651
		if old {
			l = RFC3451
		}
		var h Header
		var n int
		var err, peekErr error
		var tsi flute.TSI
		var toi flute.TOI
		nothing.Check(t, len(b), func() {
			h, n, err = l.Parse(b)
			tsi, toi, peekErr = Peek(b)
		})
		if err != nil {
			if n != 0 || !cmp.Equal(h, Header{}, compareTOI) {
				t.Fatalf("half-parsed: %+v", h)
			}
			return
		}
		if peekErr != nil && (h.HasTSI || !bare(peekErr, ErrNoTSI)) ||
			peekErr == nil && (tsi != h.TSI || toi != h.TOI) {
			t.Fatalf("Peek: %d, %v, %v; Parse: %+v", tsi, toi, peekErr, h)
		}
		again, err := h.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b[:n]) || h.Len() != n {
			t.Fatalf("%x is written as %x: %v", b[:n], again, err)
		}
		var raw []byte
		for x, rest, ok := h.Extensions.Next(); ok; x, rest, ok = rest.Next() {
			raw = append(raw, x.Raw...)
			if found, ok := h.Extensions.Lookup(x.Type); !ok || found.Type != x.Type {
				t.Fatalf("Lookup(%d) finds %+v", x.Type, found)
			}
			if again := AppendExtension(nil, x.Type, x.Content()); !bytes.Equal(again, x.Raw) {
				t.Fatalf("extension %x is written as %x", x.Raw, again)
			}
		}
		if !bytes.Equal(raw, h.Extensions) {
			t.Fatalf("extensions %x add up to %x", h.Extensions, raw)
		}
	})
}

// FuzzExtensions walks bytes that no Parse has checked.
// words cuts header extensions as RFC 5651, section 5.2, has it: one word from HET 128 on, else HEL words. It ends at
// what cannot be one.
func words(b []byte) (all [][]byte) {
	for len(b) >= 4 {
		n := 4
		if b[0] < 128 {
			n = 4 * int(b[1])
		}
		if n == 0 || n > len(b) {
			break
		}
		all, b = append(all, b[:n]), b[n:]
	}
	return all
}

// FuzzExtensions: whatever the bytes are, the extensions in front of them are those that another reader finds.
func FuzzExtensions(f *testing.F) {
	f.Add(AppendExtension(AppendExtension(nil, HETNOP, nil), HETFDT, []byte{1, 2, 3}))
	f.Add([]byte{127, 255, 0, 0})
	f.Add([]byte{5, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		nothing.Check(t, len(b), func() {
			for x, rest, ok := Extensions(b).Next(); ok; x, rest, ok = rest.Next() {
				rest.Lookup(x.Type)
			}
		})
		want := words(b)
		steps := 0
		for x, rest, ok := Extensions(b).Next(); ok; x, rest, ok = rest.Next() {
			if len(x.Raw) < 4 || len(x.Raw)%4 != 0 || len(x.Content()) >= len(x.Raw) {
				t.Fatalf("extension %+v", x)
			}
			if steps++; steps > len(want) || !bytes.Equal(x.Raw, want[steps-1]) {
				t.Fatalf("extension %d is %x of %x", steps, x.Raw, want)
			}
			if found, ok := Extensions(b).Lookup(x.Type); !ok || found.Type != x.Type {
				t.Fatalf("Lookup(%d) finds %+v", x.Type, found)
			}
		}
		if steps != len(want) {
			t.Fatalf("%d extensions of %x", steps, want)
		}
		for het := range 256 {
			here := slices.ContainsFunc(want, func(raw []byte) bool { return raw[0] == byte(het) })
			if _, ok := Extensions(b).Lookup(uint8(het)); ok != here {
				t.Fatalf("Lookup(%d): %v in %x", het, ok, want)
			}
		}
	})
}

// FuzzTime parses, appends and parses again.
func FuzzTime(f *testing.F) {
	near := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, v := range []Time{
		{},
		{HasSCT: true, SCT: near},
		{HasSCT: true, Fine: true, SCT: near, HasERT: true, ERT: time.Hour, HasSLC: true, SLC: near.Add(-time.Hour)},
	} {
		f.Add(v.Append(nil)[2:], near.Unix())
	}
	f.Add(unhex(f, "4000 ffffffff"), int64(0))
	f.Fuzz(func(t *testing.T, content []byte, unix int64) {
		near := time.Unix(unix%(1<<40), 0)
		var v Time
		var err error
		nothing.Check(t, len(content), func() { v, err = ParseTime(content, near) })
		if err != nil {
			if v != (Time{}) || !bare(err, ErrTime) {
				t.Fatalf("%+v, %v", v, err)
			}
			return
		}
		b := v.Append(nil)
		if b[0] != HETTime || int(b[1])*4 != len(b) {
			t.Fatalf("%+v is written as %x", v, b)
		}
		again, err := ParseTime(b[2:], near)
		if err != nil || again != v {
			t.Fatalf("%+v comes back as %+v, %v", v, again, err)
		}
	})
}
