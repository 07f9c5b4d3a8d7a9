package receiver

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// What is kept of a packet are its parts, however long its EXT_FTI is: an instance-specific tail (RFC 5445, section
// 4.2.2.3) makes it up to 1,018 bytes long.
func TestKeptParts(t *testing.T) {
	for _, n := range []int{0, 2, 10, 14, 18, 250, 254, 258, 1018} {
		var k pending
		p := &alc.Packet{FTI: bytes.Repeat([]byte{1}, n), Body: []byte("body")}
		p.Codepoint = 5
		k.add(p)
		if got := k.packets[0]; !bytes.Equal(got.fti(), p.FTI) || string(got.body()) != "body" || got[0] != 5 ||
			k.bytes != keptCost(p) {
			t.Errorf("EXT_FTI of %d bytes: %d are kept, %q", n, len(got.fti()), got.body())
		}
	}
}

// A long tail in EXT_FTI of an object that nothing describes yet crashes nothing, and costs no object.
func TestLongTailIsKept(t *testing.T) {
	for _, words := range []int{1, 59, 60, 61, 200} {
		r := newRig(t, func(c *Config) { c.Variant = rs.Rizzo })
		o := coded(t, 1, 1000, 100, 5, 8, rs.Rizzo)
		o.oti.EncodingID = fec.SmallBlockSystematic
		fti := append(o.oti.AppendFTI(nil), make([]byte, 4*words)...)
		fti[len(fti)-4*words] = byte(words)
		edit := func(h *lct.Header) { h.Extensions = lct.AppendExtension(nil, lct.HETFTI, fti) }
		part := o.oti.Partition()
		for sbn := range fec.SBN(part.Blocks()) {
			for esi := range fec.ESI(part.BlockSymbols(sbn)) {
				off, n := part.Symbol(sbn, esi)
				h := lct.Header{
					Codepoint: uint8(o.oti.EncodingID), HasTSI: true, TSI: key.TSI, HasTOI: true, TOI: o.toi,
				}
				edit(&h)
				b, err := h.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				b = o.oti.AppendPayloadID(b, fec.PayloadID{
					SBN: sbn, ESI: esi, SourceBlockLength: uint16(part.BlockSymbols(sbn)),
				})
				r.feed(append(b, o.content[off:off+uint64(n)]...))
			}
		}
		r.feed(describe(t, 0, o.file("a")))
		r.file("a", o.content)
		r.close()
	}
}

// A FEC Payload ID tells packets apart, as far as the scheme has one.
func TestPacketIDs(t *testing.T) {
	body := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	for codepoint, want := range map[uint8]string{
		0: "0102030400000000", 2: "0102030400000000", 5: "0102030400000000", 6: "0102030400000000",
		128: "0102030405060708", 129: "0102030405060708", 130: "0102030400000000", 77: "0000000000000000",
	} {
		if got := fmt.Sprintf("%x", payloadID(codepoint, body)); got != want {
			t.Errorf("codepoint %d: %s, want %s", codepoint, got, want)
		}
	}
	if got := payloadID(0, body[:2]); got != (packetID{1, 2}) {
		t.Errorf("%x of half a FEC Payload ID", got)
	}
}
