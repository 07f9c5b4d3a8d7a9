package receiver

import (
	"bytes"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// maxModel bounds the header of a model in bytes: an LCT header with the longest TSI and TOI, EXT_FTI and some more.
const maxModel = 128

// model is a parsed header that is expected to come again: packets of an object mostly differ in nothing but the FEC
// Payload ID and the encoding symbols behind it. The zero value is the model of no packet.
type model struct {
	header     [maxModel]byte
	length     int        // of the header; 0: there is none
	packet     alc.Packet // without Body, and without views
	extensions int        // where the header extensions begin in the header; length: there are none
	fti        int        // where the content of EXT_FTI begins
	ftiEnd     int        // and where it ends; 0: there is none
}

// set makes m the model of p, which was parsed from datagram. It reports whether it could: packets with a flag, of the
// FDT, with a header in the layout of RFC 3451, or whose header may tell something of its own, are no model.
func (m *model) set(p *alc.Packet, datagram []byte) bool {
	n := len(datagram) - len(p.Body)
	switch {
	case n > maxModel || len(p.Body) == 0 || datagram[1]&timeFlags != 0:
	case !p.HasTOI || p.TOI.IsFDT() || p.CloseSession || p.CloseObject || p.Time != nil || p.Auth != nil:
	case m.length == n && bytes.Equal(m.header[:n], datagram[:n]):
		return true
	default:
		m.length, m.packet = n, *p
		copy(m.header[:], datagram[:n])
		m.extensions, m.fti, m.ftiEnd = n-len(p.Extensions), 0, 0
		if p.FTI != nil {
			m.fti, m.ftiEnd = findFTI(p.Extensions, n)
		}
		m.packet.Extensions, m.packet.FTI, m.packet.Body = nil, nil, nil
		return true
	}
	m.length = 0
	return false
}

// findFTI returns where the content of the last EXT_FTI lies in a header of n bytes, which ends with x: alc takes that
// one, should there be several with the same content.
func findFTI(x lct.Extensions, n int) (from, to int) {
	for {
		extension, rest, ok := x.Next()
		if !ok {
			return from, to
		}
		if extension.Type == lct.HETFTI {
			to = n - len(rest)
			from = to - len(extension.Content())
		}
		x = rest
	}
}

// parse makes p what alc.Packet.Parse makes of datagram, if that has the header of the model; else it reports false and
// leaves p as it is. What p shows lies in datagram, not in the model.
func (m *model) parse(p *alc.Packet, datagram []byte) bool {
	n := m.length
	if n == 0 || len(datagram) < n || !bytes.Equal(datagram[:n], m.header[:n]) {
		return false
	}
	*p = m.packet
	if m.extensions < n {
		p.Extensions = datagram[m.extensions:n:n]
		if m.ftiEnd > 0 {
			p.FTI = datagram[m.fti:m.ftiEnd:m.ftiEnd]
		}
	}
	p.Body = datagram[n:len(datagram):len(datagram)]
	return true
}
