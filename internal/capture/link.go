package capture

import "encoding/binary"

// linkType is a LINKTYPE of the registry of tcpdump.org.
type linkType uint32

const (
	linkNull     linkType = 0 // BSD loopback, in the byte order of the machine
	linkEthernet linkType = 1
	linkRawBSD   linkType = 12
	linkRawOpen  linkType = 14
	linkRaw      linkType = 101
	linkLoop     linkType = 108 // BSD loopback, in network byte order
	linkSLL      linkType = 113
	linkIPv4     linkType = 228
	linkIPv6     linkType = 229
	linkSLL2     linkType = 276

	linkNone linkType = 1 << 31 // of a packet whose interface the capture does not describe
)

// EtherTypes, which SLL, GRE and PPPoE use too or have mapped to.
const (
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	etherVLAN   = 0x8100
	etherQinQ   = 0x88a8
	etherQinQ1  = 0x9100
	etherMPLS   = 0x8847
	etherMPLSm  = 0x8848
	etherPPPoE  = 0x8864
	etherBridge = 0x6558 // Ethernet in GRE
	etherNone   = 0      // whatever the first half-byte of an IP header says
)

// maxHeaders is how many headers may stand in front of UDP: tags, labels, tunnels, extension headers. More are an
// attack on whoever reads them.
const maxHeaders = 16

// dissect finds the UDP datagram in f, or counts why there is none.
func (r *Reader) dissect(f *frame, d *Datagram) bool {
	b := f.bytes
	// A packet is not longer than its link says: what the capture has cut off is missing at the end.
	missing := f.length - len(b)
	var kind uint16
	switch f.link {
	case linkEthernet:
		if len(b) < 14 {
			return r.short(missing)
		}
		kind, b = binary.BigEndian.Uint16(b[12:]), b[14:]
	case linkSLL:
		if len(b) < 16 {
			return r.short(missing)
		}
		kind, b = binary.BigEndian.Uint16(b[14:]), b[16:]
	case linkSLL2:
		if len(b) < 20 {
			return r.short(missing)
		}
		kind, b = binary.BigEndian.Uint16(b), b[20:]
	case linkNull, linkLoop:
		if len(b) < 4 {
			return r.short(missing)
		}
		b = b[4:] // the address family differs by system; the IP header tells too
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
	default:
		r.counts.Unknown++
		return false
	}
	return r.payload(kind, b, missing, d, 0)
}

// payload finds UDP in b, of which kind is the EtherType, behind depth other headers.
func (r *Reader) payload(kind uint16, b []byte, missing int, d *Datagram, depth int) bool {
	for ; depth < maxHeaders; depth++ {
		switch kind {
		case etherVLAN, etherQinQ, etherQinQ1:
			if len(b) < 4 {
				return r.short(missing)
			}
			kind, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		case etherMPLS, etherMPLSm:
			if len(b) < 4 {
				return r.short(missing)
			}
			if b[2]&1 != 0 { // bottom of the label stack
				kind = etherNone
			}
			b = b[4:]
		case etherPPPoE:
			if len(b) < 8 {
				return r.short(missing)
			}
			switch binary.BigEndian.Uint16(b[6:]) { // the protocol of PPP
			case 0x0021:
				kind = etherIPv4
			case 0x0057:
				kind = etherIPv6
			default:
				r.counts.Other++
				return false
			}
			b = b[8:]
		case etherBridge:
			if len(b) < 14 {
				return r.short(missing)
			}
			kind, b = binary.BigEndian.Uint16(b[12:]), b[14:]
		case etherIPv4:
			return r.ipv4(b, missing, d, depth+1)
		case etherIPv6:
			return r.ipv6(b, missing, d, depth+1)
		case etherNone:
			if len(b) == 0 {
				return r.short(missing)
			}
			switch b[0] >> 4 {
			case 4:
				kind = etherIPv4
			case 6:
				kind = etherIPv6
			default:
				r.counts.Other++
				return false
			}
		default:
			r.counts.Other++
			return false
		}
	}
	r.counts.Nested++
	return false
}

// short counts a packet that ends within a header: the capture has cut it, or it is wrong.
func (r *Reader) short(missing int) bool {
	if missing > 0 {
		r.counts.Cut++
	} else {
		r.counts.Malformed++
	}
	return false
}

func (r *Reader) malformed() bool {
	r.counts.Malformed++
	return false
}
