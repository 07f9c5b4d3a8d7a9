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
