package dissector

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// schemes are the FEC schemes, each of which packets of every layout have.
var schemes = []fec.EncodingID{
	fec.CompactNoCode, fec.Raptor, fec.ReedSolomonGF2m, fec.LDPCStaircase, fec.LDPCTriangle, fec.ReedSolomonGF28,
	fec.RaptorQ, fec.SmallBlockExpandable, fec.SmallBlockSystematic, fec.Compact,
}

// layout is what C, S, O and H say of the lengths of the fields of an LCT header, in bytes.
type layout struct{ cci, tsi, toi uint8 }

func (l layout) String() string { return fmt.Sprintf("CCI %d TSI %d TOI %d", l.cci, l.tsi, l.toi) }

// layouts returns all 64.
func layouts() (all []layout) {
	for c := range uint8(4) {
		for s := range uint8(2) {
			for o := range uint8(4) {
				for h := range uint8(2) {
					all = append(all, layout{4 * (c + 1), 4*s + 2*h, 4*o + 2*h})
				}
			}
		}
	}
	return all
}

// packet is a random packet, with what it says.
type packet struct {
	layout  layout
	header  lct.Header
	het     []uint8  // types of its extensions
	hel     []int    // words of those that tell them
	data    []string // their bytes, without HET and HEL, in hexadecimal
	fdt     *uint32  // EXT_FDT: version and FDT Instance ID
	cenc    *uint8   // EXT_CENC
	oti     *fec.OTI // EXT_FTI
	scheme  fec.OTI  // of the FEC Payload ID
	id      fec.PayloadID
	payload []byte // encoding symbols
	bytes   []byte
}

// extension adds one of that type.
func (p *packet) extension(het uint8, content []byte) {
	p.header.Extensions = lct.AppendExtension(p.header.Extensions, het, content)
	p.het = append(p.het, het)
	if het < 128 {
		p.hel = append(p.hel, (len(content)+2)/4)
	}
	p.data = append(p.data, hex.EncodeToString(content))
}

// random makes a packet of a layout and a scheme. times says that it has the words of RFC 3451, reserved that the two
// bits in their place are those of RFC 5651, and not 0.
func random(r *rand.Rand, l layout, scheme fec.EncodingID, times, reserved bool) (*packet, error) {
	p := &packet{layout: l}
	h := &p.header
	*h = lct.Header{
		PSI: uint8(r.UintN(4)), CloseSession: r.UintN(8) == 0, CloseObject: r.UintN(8) == 0, Codepoint: uint8(scheme),
		CCILen: l.cci, HasTSI: l.tsi > 0, TSILen: l.tsi, HasTOI: l.toi > 0, TOILen: l.toi,
	}
	for i := range l.cci {
		h.CCI[i] = uint8(r.Uint32())
	}
	if l.tsi > 0 {
		h.TSI = flute.TSI(r.Uint64() >> (64 - 8*uint(l.tsi)))
	}
	if l.toi > 0 {
		b := make([]byte, l.toi)
		for i := range b {
			b[i] = uint8(r.Uint32())
		}
		h.TOI, _ = flute.TOIFromBytes(b)
	}
	if reserved {
		h.Reserved = uint8(1 + r.UintN(3))
	}
	if times {
		h.HasSCT, h.HasERT = r.UintN(2) == 0, r.UintN(2) == 0
		if h.HasSCT {
			h.SCT = r.Uint32()
		}
		if h.HasERT {
			h.ERT = r.Uint32()
		}
	}
	p.scheme = oti(r, scheme)
	for range r.UintN(5) {
		p.randomExtension(r)
	}
	var err error
	if p.bytes, err = h.AppendBinary(nil); err != nil {
		return nil, err
	}
	if r.UintN(16) == 0 { // a packet of the header only
		return p, nil
	}
	p.id = payloadID(r, p.scheme)
	p.bytes = p.scheme.AppendPayloadID(p.bytes, p.id)
	p.payload = make([]byte, 1+r.UintN(40))
	for i := range p.payload {
		p.payload[i] = uint8(r.Uint32())
	}
	p.bytes = append(p.bytes, p.payload...)
	return p, nil
}

// randomExtension adds one that the packet does not have yet, if it is of those that a packet has once.
func (p *packet) randomExtension(r *rand.Rand) {
	content := func(words int) []byte {
		b := make([]byte, 4*words-2)
		for i := range b {
			b[i] = uint8(r.Uint32())
		}
		return b
	}
	switch r.UintN(9) {
	case 0: // EXT_FDT: V, FDT Instance ID (RFC 6726, section 3.4.1)
		if p.fdt == nil {
			v := uint32(1+r.UintN(2))<<20 | r.Uint32()>>12
			p.fdt = &v
			p.extension(lct.HETFDT, []byte{byte(v >> 16), byte(v >> 8), byte(v)})
		}
	case 1: // EXT_CENC: CENC, Reserved (RFC 6726, section 3.4.3)
		if p.cenc == nil {
			v := uint8(r.UintN(4))
			p.cenc = &v
			p.extension(lct.HETCENC, []byte{v, 0, 0})
		}
	case 2, 3:
		if p.oti == nil {
			p.oti = &p.scheme
			p.extension(lct.HETFTI, p.scheme.AppendFTI(nil))
		}
	case 4:
		t := lct.Time{HasSCT: true, Fine: r.UintN(2) == 0, SCT: time.Unix(int64(r.Uint32()>>1), 0)}
		t.HasERT, t.ERT = r.UintN(2) == 0, time.Duration(r.Uint32N(1000))*time.Second
		t.HasSLC, t.SLC = r.UintN(2) == 0, time.Unix(int64(r.Uint32()>>1), 0)
		p.extension(lct.HETTime, t.Append(nil)[2:]) // without HET and HEL
	case 5:
		p.extension(lct.HETNOP, content(1+r.IntN(3)))
	case 8:
		p.extension(lct.HETAuth, content(1+r.IntN(3)))
	case 6: // of a type that nobody has defined, with HEL
		p.extension(uint8(70+r.UintN(50)), content(1+r.IntN(4)))
	case 7: // and without
		p.extension(uint8(200+r.UintN(50)), []byte{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32())})
	}
}

// oti returns a random OTI. Its values need not go together: they are only written.
func oti(r *rand.Rand, scheme fec.EncodingID) fec.OTI {
	o := fec.OTI{EncodingID: scheme, TransferLength: r.Uint64() >> 16, SymbolLength: uint16(r.Uint32())}
	u8, u16 := func() uint8 { return uint8(1 + r.UintN(254)) }, func() uint16 { return uint16(1 + r.UintN(65534)) }
	switch scheme {
	case fec.CompactNoCode:
		o.MaxSourceBlockLength = r.Uint32()
	case fec.Raptor:
		o.SourceBlocks, o.SubBlocks, o.Alignment = uint32(u16()), uint16(u8()), u8()
	case fec.RaptorQ:
		o.TransferLength >>= 8
		o.SourceBlocks, o.SubBlocks, o.Alignment = uint32(u8()), u16(), u8()
	case fec.ReedSolomonGF2m:
		o.FieldBits, o.GroupSize = uint8(2+r.UintN(15)), u8()
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(u16()), uint32(u16())
	case fec.ReedSolomonGF28:
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(u8()), uint32(u8())
	case fec.LDPCStaircase, fec.LDPCTriangle:
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = r.Uint32N(1<<20), r.Uint32N(1<<20)
		o.GroupSize, o.N1, o.Seed = u8(), uint8(3+r.UintN(8)), r.Uint32()>>1
	default:
		o.InstanceID = u16()
		o.MaxSourceBlockLength, o.MaxEncodingSymbols = uint32(u16()), uint32(u16())
	}
	return o
}

// payloadID returns a random one, of values that the scheme's fields have room for.
func payloadID(r *rand.Rand, o fec.OTI) fec.PayloadID {
	sbn, esi := uint(32), uint(32)
	switch o.EncodingID {
	case fec.CompactNoCode, fec.Raptor, fec.Compact:
		sbn, esi = 16, 16
	case fec.ReedSolomonGF2m:
		sbn, esi = 32-uint(o.FieldBits), uint(o.FieldBits)
	case fec.ReedSolomonGF28:
		sbn, esi = 24, 8
	case fec.RaptorQ:
		sbn, esi = 8, 24
	case fec.LDPCStaircase, fec.LDPCTriangle:
		sbn, esi = 12, 20
	case fec.SmallBlockSystematic:
		esi = 16
	}
	id := fec.PayloadID{SBN: fec.SBN(r.Uint32() >> (32 - sbn)), ESI: fec.ESI(r.Uint32() >> (32 - esi))}
	if o.EncodingID == fec.SmallBlockSystematic {
		id.SourceBlockLength = uint16(r.Uint32())
	}
	return id
}

// list writes numbers as tshark does.
func list[T uint8 | int](values []T) string {
	text := make([]string, len(values))
	for i, v := range values {
		text[i] = strconv.Itoa(int(v))
	}
	return strings.Join(text, ",")
}
