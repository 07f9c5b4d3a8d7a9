package pacing

import "net/netip"

// Frames is what a datagram takes of a rate: its UDP payload, or what of it is on the wire. The zero value counts the
// UDP payload.
type Frames struct {
	header int // bytes before and after the payload
	least  int // bytes of payload that a short one is padded to
}

const (
	udpHeader  = 8
	ipv4Header = 20
	ipv6Header = 40
	// ethernetFrame is preamble, addresses and type, check sequence, and the gap between two frames (IEEE 802.3).
	ethernetFrame = 8 + 14 + 4 + 12
	// leastEthernet is what a frame carries at least.
	leastEthernet = 46
)

// IP returns the Frames that count the headers of UDP and of IP, as for a sender to that address. A datagram that IP
// has to fragment takes more.
func IP(to netip.Addr) Frames {
	if to.Unmap().Is4() {
		return Frames{header: udpHeader + ipv4Header}
	}
	return Frames{header: udpHeader + ipv6Header}
}

// Ethernet returns the Frames that also count all that Ethernet adds to a packet, gap and preamble included.
func Ethernet(to netip.Addr) Frames {
	f := IP(to)
	return Frames{header: f.header + ethernetFrame, least: leastEthernet - f.header}
}

// Bytes returns what a datagram of n bytes of UDP payload takes.
func (f Frames) Bytes(n int) int { return max(n, f.least) + f.header }

// Total returns what so many datagrams take, of so many bytes of UDP payload together, none of which is short.
func (f Frames) Total(datagrams, bytes uint64) uint64 { return bytes + datagrams*uint64(f.header) }
