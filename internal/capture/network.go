package capture

import (
	"encoding/binary"
	"net/netip"
)

// Protocol numbers of IP.
const (
	protocolHops     = 0 // Hop-by-Hop Options of IPv6
	protocolIPv4     = 4
	protocolUDP      = 17
	protocolIPv6     = 41
	protocolRouting  = 43
	protocolFragment = 44
	protocolGRE      = 47
	protocolAH       = 51
	protocolOptions  = 60 // Destination Options of IPv6
	protocolMobility = 135
)

// ipv4 finds UDP in an IPv4 packet (RFC 791, section 3.1).
func (r *Reader) ipv4(b []byte, missing int, d *Datagram, depth int) bool {
	if len(b) < 20 {
		return r.short(missing)
	}
	head := int(b[0]&0xf) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if b[0]>>4 != 4 || head < 20 {
		return r.malformed()
	}
	if len(b) < head {
		return r.short(missing)
	}
	if total == 0 {
		total = len(b) + missing // a capture of the sending machine, before its network card has split the packet
	}
	if total < head {
		return r.malformed()
	}
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	protocol := b[9]
	part := fragment{
		key:    fragmentKey{src: src, dst: dst, id: uint32(binary.BigEndian.Uint16(b[4:])), protocol: protocol},
		offset: int(binary.BigEndian.Uint16(b[6:])&0x1fff) * 8, more: b[6]&0x20 != 0,
	}
	body, missing, ok := trim(b, head, total, missing)
	if !ok {
		return r.malformed()
	}
	if part.offset > 0 || part.more {
		if body = r.join(part, body, missing); body == nil {
			return false
		}
	}
	return r.transport(protocol, body, missing, src, dst, d, depth)
}

// trim returns what follows head bytes of the packet b, whose header says that it has total. What follows that is
// padding of the link. It says how much of it is missing, and whether the header can be true.
func trim(b []byte, head, total, missing int) (body []byte, lacks int, ok bool) {
	if total > len(b) {
		if total > len(b)+missing {
			return nil, 0, false
		}
		return b[head:], total - len(b), true
	}
	return b[head:total], 0, true
}

// ipv6 finds UDP in an IPv6 packet (RFC 8200, sections 3 and 4).
func (r *Reader) ipv6(b []byte, missing int, d *Datagram, depth int) bool {
	if len(b) < 40 {
		return r.short(missing)
	}
	if b[0]>>4 != 6 {
		return r.malformed()
	}
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if total == 40 {
		total = len(b) + missing
	}
	src, dst := netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	protocol := b[6]
	body, missing, ok := trim(b, 40, total, missing)
	if !ok {
		return r.malformed()
	}
	for ; depth < maxHeaders; depth++ {
		switch protocol {
		case protocolHops, protocolRouting, protocolOptions, protocolMobility, protocolAH:
			if len(body) < 8 {
				return r.short(missing)
			}
			n := (int(body[1]) + 1) * 8
			if protocol == protocolAH {
				n = (int(body[1]) + 2) * 4
			}
			if len(body) < n {
				return r.short(missing)
			}
			protocol, body = body[0], body[n:]
		case protocolFragment:
			if len(body) < 8 {
				return r.short(missing)
			}
			field := binary.BigEndian.Uint16(body[2:])
			part := fragment{
				key:    fragmentKey{src: src, dst: dst, id: binary.BigEndian.Uint32(body[4:]), protocol: body[0]},
				offset: int(field &^ 7), more: field&1 != 0,
			}
			protocol, body = body[0], body[8:]
			if part.offset > 0 || part.more {
				if body = r.join(part, body, missing); body == nil {
					return false
				}
			}
		default:
			return r.transport(protocol, body, missing, src, dst, d, depth)
		}
	}
	r.counts.Nested++
	return false
}

// transport takes the payload of an IP packet: UDP, or a tunnel.
func (r *Reader) transport(
	protocol byte, b []byte, missing int, src, dst netip.Addr, d *Datagram, depth int,
) bool {
	switch protocol {
	case protocolUDP:
		return r.udp(b, missing, src, dst, d)
	case protocolIPv4:
		return r.payload(etherIPv4, b, missing, d, depth)
	case protocolIPv6:
		return r.payload(etherIPv6, b, missing, d, depth)
	case protocolGRE:
		return r.gre(b, missing, d, depth)
	}
	r.counts.Other++
	return false
}

// udp takes a UDP datagram (RFC 768).
func (r *Reader) udp(b []byte, missing int, src, dst netip.Addr, d *Datagram) bool {
	if len(b) < 8 {
		return r.short(missing)
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length == 0 {
		length = len(b) + missing // longer than 65,535 bytes, or to be filled in by a network card
	}
	if length < 8 || length > len(b)+missing {
		return r.malformed()
	}
	d.Src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(b))
	d.Dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:]))
	d.Payload, d.Length = b[8:min(length, len(b))], length-8
	return true
}

// gre takes a packet of GRE (RFC 2784, section 2; RFC 2890, section 2).
func (r *Reader) gre(b []byte, missing int, d *Datagram, depth int) bool {
	if len(b) < 4 {
		return r.short(missing)
	}
	if b[1]&7 != 0 || b[0]&0x40 != 0 { // another version (PPTP), or routing (RFC 1701)
		r.counts.Other++
		return false
	}
	n := 4
	for _, bit := range [...]byte{0x80, 0x20, 0x10} { // checksum, key, sequence number
		if b[0]&bit != 0 {
			n += 4
		}
	}
	if len(b) < n {
		return r.short(missing)
	}
	return r.payload(binary.BigEndian.Uint16(b[2:]), b[n:], missing, d, depth)
}
