package receiver

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// keptPacket is what is needed of a packet once the FDT is there: codepoint, HEL of EXT_FTI, EXT_FTI, body. A body
// of ROUTE has the start_offset in front.
type keptPacket []byte

// keptOf copies p. With HET and HEL an EXT_FTI has whole words of four bytes (RFC 5651, section 5.2), up to 255: with
// an instance-specific tail (RFC 5445, section 4.2.2.3) it may be that long.
func keptOf(p *alc.Packet) keptPacket {
	hel := 0
	if len(p.FTI) > 0 {
		hel = (2 + len(p.FTI)) / 4
	}
	n := 2 + len(p.FTI) + len(p.Body)
	if p.HasOffset {
		n += offsetLen
	}
	k := make(keptPacket, 0, n)
	k = append(k, p.Codepoint, byte(hel))
	k = append(k, p.FTI...)
	if p.HasOffset {
		k = binary.BigEndian.AppendUint32(k, p.Offset)
	}
	return append(k, p.Body...)
}

// packet returns what was kept. It is valid as long as k, whose bytes it has; hasOffset: k is of ROUTE.
func (k keptPacket) packet(hasOffset bool) alc.Packet {
	p := alc.Packet{FTI: k.fti(), Body: k.body()}
	p.Codepoint = k[0]
	if hasOffset {
		p.HasOffset, p.Offset, p.Body = true, binary.BigEndian.Uint32(p.Body), p.Body[offsetLen:]
	}
	return p
}

func (k keptPacket) fti() []byte {
	if k[1] == 0 {
		return nil
	}
	return k[2:k.bodyAt()]
}

func (k keptPacket) body() []byte { return k[k.bodyAt():] }

// bodyAt returns where the body begins.
func (k keptPacket) bodyAt() int { return max(2, 4*int(k[1])) }

// packetID tells the packets of an object apart: a FEC Payload ID, of which the longest has 8 bytes, or a start_offset.
type packetID [8]byte

// idOf returns that of p.
func idOf(p *alc.Packet) (id packetID) {
	if p.HasOffset {
		binary.BigEndian.PutUint32(id[:], p.Offset)
		return id
	}
	return payloadID(p.Codepoint, p.Body)
}

// id is idOf for a packet that is kept.
func (k keptPacket) id() packetID { return payloadID(k[0], k.body()) }

// payloadID returns what is in front of body: its length depends on the FEC scheme alone, and Compact No-Code, as which
// packets of ROUTE are kept, has that of a start_offset.
func payloadID(codepoint uint8, body []byte) (id packetID) {
	oti := fec.OTI{EncodingID: fec.EncodingID(codepoint)}
	copy(id[:], body[:min(len(body), oti.PayloadIDLen())])
	return id
}
