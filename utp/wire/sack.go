package wire

// maxSACKLen is the longest SACK that an extension holds in whole words, in bytes.
const maxSACKLen = maxExtLen / minSACKLen * minSACKLen

// SACK is the bitmask of a selective acknowledgement (BEP 29, "Selective ACK"). Bit i tells that packet Ack+2+i was
// received; packet Ack+1 is missing, or there would be none. Bits are counted from the least significant one of each
// byte.
type SACK []byte

// Len returns the number of packets that the mask tells about.
func (s SACK) Len() int { return 8 * len(s) }

// Has reports whether packet Ack+2+i was received.
func (s SACK) Has(i int) bool { return s[i/8]>>(i%8)&1 == 1 }

// Set tells that packet Ack+2+i was received.
func (s SACK) Set(i int) { s[i/8] |= 1 << (i % 8) }

// paddedLen returns the length on the wire in bytes.
func (s SACK) paddedLen() int {
	words := max(1, (len(s)+minSACKLen-1)/minSACKLen)
	return min(minSACKLen*words, maxSACKLen)
}
