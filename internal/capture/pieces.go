package capture

import (
	"bytes"
	"encoding/binary"
)

// ordinary is the longest UDP payload of a packet on Ethernet. Longer ones may be several datagrams that a sending
// machine has handed to its network card in one piece, or that a receiving one has joined (GSO, GRO): a capture shows
// them so.
const ordinary = 1500

// Pieces hands the datagrams that d consists of to take, and returns how many they are: several, if the capture shows
// datagrams of an LCT session (RFC 5651) as one packet.
func (d *Datagram) Pieces(take func(*Datagram)) (n int) {
	size := segment(d.Payload)
	if size == 0 {
		take(d)
		return 1
	}
	piece := *d
	for rest := d.Payload; ; rest = rest[size:] {
		n++
		if len(rest) <= size {
			piece.Payload, piece.Length = rest, len(rest)+d.Length-len(d.Payload)
			take(&piece)
			return n
		}
		piece.Payload, piece.Length = rest[:size], size
		take(&piece)
	}
}

// segment returns the length of the datagrams that b consists of, all but the last, or 0 if it is one. All have the
// same version, flags of lengths, congestion control information and TSI.
func segment(b []byte) int {
	if len(b) <= ordinary || b[0]>>4 != 1 {
		return 0
	}
	cci := 4 + int(b[0]>>2&3)*4
	n := 4 + cci + int(b[1]>>7)*4 + int(b[1]>>4&1)*2 // up to the end of the TSI
	if int(b[2])*4 < n || len(b) < 2*n {
		return 0
	}
	for at := n; at <= len(b)-n; at++ {
		i := bytes.IndexByte(b[at:len(b)-n+1], b[0])
		if i < 0 {
			return 0
		}
		if at += i; begins(b, b[at:], n) && every(b, at, n) {
			return at
		}
	}
	return 0
}

// every reports whether a datagram begins at each multiple of size in b.
func every(b []byte, size, n int) bool {
	for at := size; at < len(b); at += size {
		if len(b)-at < n || !begins(b, b[at:], n) {
			return false
		}
	}
	return true
}

// begins reports whether a begins as another packet of the session of b does: flags A and B, the lengths of TOI and
// header and the codepoint may differ.
func begins(b, a []byte, n int) bool {
	const lengths = 0x90 // S and H
	return a[0] == b[0] && a[1]&lengths == b[1]&lengths && bytes.Equal(a[4:n], b[4:n]) &&
		int(a[2])*4 >= n && int(a[2])*4 <= len(a) && binary.BigEndian.Uint32(a) != 0
}
