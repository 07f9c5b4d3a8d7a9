package udp

import "net/netip"

// Report is what a router or the machine of a peer says (ICMP) of a datagram that was sent.
type Report struct {
	To     netip.AddrPort // where the datagram was sent
	Quoted []byte         // its bytes, as far as the report has them; only to be used until the call returns
	// Refused: nobody listens there. Else MTU bytes is the longest packet, with its headers, that a link on the way
	// takes.
	Refused bool
	MTU     int
}

// headers are bytes of IP and UDP headers.
const (
	headers4 = 20 + 8
	headers6 = 40 + 8
)

// Longest returns the longest datagram for which there is room in Report.MTU.
func (r *Report) Longest() int {
	if r.To.Addr().Unmap().Is4() {
		return r.MTU - headers4
	}
	return r.MTU - headers6
}
