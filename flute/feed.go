package flute

import (
	"fmt"
	"net/netip"
)

// Feed is one way on which the packets of a transport session come: a copy of them over another network or from another
// sender, or a channel of the session (RFC 6726, section 6). Feeds with one Channel carry the same packets.
type Feed struct {
	Group     netip.AddrPort `json:"group"`               // multicast group or local unicast address, with the UDP port
	Source    netip.Addr     `json:"source,omitzero"`     // sender; zero: any
	Interface string         `json:"interface,omitempty"` // name, index or address; empty: the system's choice
	Channel   uint8          `json:"channel"`             // whose packets it carries, from 0
}

// String returns "group:port", and what else is known: "239.1.1.1:3400 from 10.0.0.1 on eth1, channel 1".
func (f Feed) String() string {
	s := f.Group.String()
	if f.Source.IsValid() {
		s += " from " + f.Source.String()
	}
	if f.Interface != "" {
		s += " on " + f.Interface
	}
	if f.Channel > 0 {
		s += fmt.Sprintf(", channel %d", f.Channel)
	}
	return s
}
