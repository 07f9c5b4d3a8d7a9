package alc

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// FuzzParse holds for any datagram: a sentinel of the packet path and nothing parsed, or a packet whose parts lie in
// the datagram, whose header is written again as it was, and which Peek routes to the same session and object.
func FuzzParse(f *testing.F) {
	for _, c := range packets(f) {
		f.Add(c.bytes, false)
	}
	f.Add(unhex(f, "10120700 00000000 00010000 4004 0000000000000000000000000000 00000000"), false)
	f.Add(unhex(f, "101c0600 00000000 00010002 00000102 00000304 c0100003 00"), true)
	f.Add(unhex(f, "100000"), false)
	f.Fuzz(func(t *testing.T, b []byte, old bool) {
		layout := lct.RFC5651
		if old {
			layout = lct.RFC3451
		}
		var p Packet
		var err error
		allocbound.Bound{}.Check(t, len(b), func() { p, err = ParseLayout(b, layout) })
		if err != nil {
			if reflect.TypeOf(err) != sentinel || !cmp.Equal(Packet{}, p, compareTOI) {
				t.Fatalf("%v, half-parsed: %+v", err, p)
			}
			return
		}
		header, err := p.AppendBinary(nil)
		if err != nil || !bytes.HasPrefix(b, header) {
			t.Fatalf("%x is written as %x: %v", b, header, err)
		}
		if tsi, toi, err := lct.Peek(b); err != nil || tsi != p.TSI || toi != p.TOI {
			t.Fatalf("Peek: %d, %v, %v; Parse: %+v", tsi, toi, err, p)
		}
		switch {
		case p.TSI > flute.MaxTSI || p.InstanceID > flute.MaxInstanceID || p.FLUTEVersion > 15:
			t.Fatalf("out of range: %+v", p)
		case len(p.Body) > 0 && (!p.HasTOI || p.TOI.IsFDT() && !p.HasFDT):
			t.Fatalf("payload of nothing: %+v", p)
		case len(p.Body) > 0 && !bytes.Equal(p.Body, b[len(header):]):
			t.Fatalf("body %x of %x", p.Body, b)
		}
		for het, content := range map[uint8][]byte{lct.HETFTI: p.FTI, lct.HETTime: p.Time, lct.HETAuth: p.Auth} {
			x, ok := p.Extensions.Lookup(het)
			if ok != (content != nil) || ok && !bytes.Equal(x.Content(), content) {
				t.Fatalf("extension %d: %x, %v; want %x", het, content, ok, x.Raw)
			}
		}
	})
}
