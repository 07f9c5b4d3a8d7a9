package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// Only the packet of the first symbol tells one FDT Instance from another with its ID.
func TestHead(t *testing.T) {
	for _, tt := range []struct {
		name string
		id   fec.EncodingID
		body []byte
		want bool
	}{
		{"first symbol", fec.CompactNoCode, []byte{0, 0, 0, 0, 'x'}, true},
		{"another ESI", fec.CompactNoCode, []byte{0, 0, 0, 1, 'x'}, false},
		{"another SBN", fec.CompactNoCode, []byte{0, 1, 0, 0, 'x'}, false},
		{"another SBN, 24 bits", fec.ReedSolomonGF28, []byte{0, 0, 1, 0, 'x'}, false},
		{"another ESI, 8 bits", fec.ReedSolomonGF28, []byte{0, 0, 0, 1, 'x'}, false},
		{"no symbol", fec.CompactNoCode, []byte{0, 0, 0, 0}, false},
		{"half a FEC Payload ID", fec.CompactNoCode, []byte{0, 0}, false},
		{"nothing", fec.CompactNoCode, nil, false},
		{"unknown scheme", 77, []byte{0, 0, 0, 0, 'x'}, false},
		{"unknown scheme, nothing", 77, nil, false},
	} {
		p := alc.Packet{}
		p.Codepoint, p.Body = uint8(tt.id), tt.body
		h, ok := headHash(&p)
		if ok != tt.want || ok == (h == [32]byte{}) {
			t.Errorf("%s: %x, %v; want %v", tt.name, h, ok, tt.want)
		}
	}
}

// TestFingerprint: other packets of an FDT Instance have the EXT_FTI of the first one, and its first symbol, however
// that is padded.
func TestFingerprint(t *testing.T) {
	first := alc.Packet{FTI: []byte{1}, Body: []byte{0, 0, 0, 0, 7}}
	in := &instance{}
	if in.conflicts(&first) || in.isHead(&first) {
		t.Error("the first packet conflicts, or was there before")
	}
	in.fingerprint(&first)
	for _, c := range []struct {
		fti, symbol    []byte
		conflict, head bool
	}{
		{[]byte{1}, []byte{7}, false, true},
		{nil, []byte{7, 0, 0}, false, true},
		{nil, nil, false, false},
		{[]byte{2}, []byte{7}, true, true},
		{[]byte{2}, nil, true, false},
		{[]byte{1}, []byte{8}, true, false},
		{nil, []byte{7, 1}, true, false},
	} {
		p := alc.Packet{FTI: c.fti, Body: append([]byte{0, 0, 0, 0}, c.symbol...)}
		in.fingerprint(&p) // that of the first stays
		if in.conflicts(&p) != c.conflict || in.isHead(&p) != c.head {
			t.Errorf("%+v: conflict %v, head %v", c, in.conflicts(&p), in.isHead(&p))
		}
	}
}
