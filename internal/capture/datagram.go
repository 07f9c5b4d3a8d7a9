package capture

import (
	"net/netip"
	"time"
)

// Datagram is one UDP datagram of a capture.
type Datagram struct {
	// Number is that of the packet in its capture, from 1, as Wireshark counts; of a datagram in fragments, that of the
	// last one.
	Number   uint64
	Time     time.Time
	Src, Dst netip.AddrPort
	Payload  []byte // valid until the next call of Next
	Length   int    // of the payload as it was sent; more than len(Payload) if the capture has cut it
}

// Counts says what became of the packets of a capture. Packets is the sum of the others, but for Joined.
type Counts struct {
	Packets    uint64 `json:"packets"`
	Datagrams  uint64 `json:"datagrams"`  // UDP, whole or cut by the capture
	Fragments  uint64 `json:"fragments"`  // of IP, without the last one of each datagram
	Other      uint64 `json:"other"`      // no UDP in it
	Malformed  uint64 `json:"malformed"`  // lengths or versions that contradict each other
	Unknown    uint64 `json:"unknown"`    // of a link type that is not read
	Nested     uint64 `json:"nested"`     // more headers in headers than maxHeaders
	Cut        uint64 `json:"cut"`        // the capture has too little of the packet to find UDP in it
	Incomplete uint64 `json:"incomplete"` // datagrams in fragments of which one did not come, or overlapped
}
