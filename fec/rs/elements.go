package rs

import "encoding/binary"

// A symbol is a string of bits, most significant first, that is cut into elements of m bits: for m = 16 big-endian numbers.
// RFC 5510, section 8.4, leaves the order open; peers do it so. Where m divides 16, symbols are multiplied as they are. Others
// are unpacked before, a stripe at a time, to elements of a byte, or two bytes in network order where m is above 8.

// stripeElements is how many elements of a symbol are unpacked at a time: few, so that those of all symbols of a usual block
// stay in the cache; a multiple of 8, so that stripes begin at whole bytes.
const stripeElements = 512

// packing unpacks elements of so many bits, and packs them again.
type packing uint

// isPacked reports whether symbols of elements of m bits have to be unpacked.
func isPacked(bits uint) bool { return 16%bits != 0 }

// isWide reports whether an element of m bits is two bytes when it is unpacked.
func isWide(bits uint) bool { return bits > 8 }

// stripe returns the largest number of bytes of a symbol that are unpacked at a time.
func (p packing) stripe() int { return stripeElements / 8 * int(p) }

// unpacked returns how many bytes n bytes of a symbol become.
func (p packing) unpacked(n int) int {
	elements := n * 8 / int(p)
	if isWide(uint(p)) {
		return 2 * elements
	}
	return elements
}

// unpack writes the elements of src to dst, which has the length for them.
func (p packing) unpack(dst, src []byte) {
	// Eight elements are m bytes. A group is done with two words, which end with its fourth and its last element.
	bits, m, mask := uint(p), int(p), uint64(1)<<p-1
	if isWide(bits) {
		for ; len(src) >= m; dst, src = dst[16:], src[m:] {
			first, last := binary.BigEndian.Uint64(src)>>(64-4*bits), binary.BigEndian.Uint64(src[m-8:])
			binary.BigEndian.PutUint64(dst, first>>(3*bits)<<48|first>>(2*bits)&mask<<32|first>>bits&mask<<16|first&mask)
			binary.BigEndian.PutUint64(dst[8:], last>>(3*bits)&mask<<48|last>>(2*bits)&mask<<32|last>>bits&mask<<16|last&mask)
		}
	} else {
		for ; len(src) >= 8; dst, src = dst[8:], src[m:] { // of which m are used
			last := binary.BigEndian.Uint64(src) >> (64 - 8*bits)
			first := last >> (4 * bits)
			binary.BigEndian.PutUint64(dst,
				first>>(3*bits)<<56|first>>(2*bits)&mask<<48|first>>bits&mask<<40|first&mask<<32|
					last>>(3*bits)&mask<<24|last>>(2*bits)&mask<<16|last>>bits&mask<<8|last&mask)
		}
	}
	p.unpackRest(dst, src)
}

// unpackRest does what is too short for a group.
func (p packing) unpackRest(dst, src []byte) {
	var acc uint32 // its last have bits are not written yet
	var have uint
	for _, b := range src {
		acc = acc<<8 | uint32(b)
		for have += 8; have >= uint(p); {
			have -= uint(p)
			e := acc >> have & (1<<p - 1)
			if isWide(uint(p)) {
				binary.BigEndian.PutUint16(dst, uint16(e))
				dst = dst[2:]
			} else {
				dst[0] = byte(e)
				dst = dst[1:]
			}
		}
	}
}

// pack is the reverse of unpack.
func (p packing) pack(dst, src []byte) {
	bits, m := uint(p), int(p)
	if isWide(bits) {
		for ; len(dst) >= m; dst, src = dst[m:], src[16:] {
			a, b := binary.BigEndian.Uint64(src), binary.BigEndian.Uint64(src[8:])
			first := a>>48<<(3*bits) | a>>32&0xFFFF<<(2*bits) | a>>16&0xFFFF<<bits | a&0xFFFF
			last := b>>48<<(3*bits) | b>>32&0xFFFF<<(2*bits) | b>>16&0xFFFF<<bits | b&0xFFFF
			binary.BigEndian.PutUint64(dst, first<<(64-4*bits)|last>>(8*bits-64))
			binary.BigEndian.PutUint64(dst[m-8:], first<<(4*bits)|last)
		}
	} else {
		for ; len(dst) >= 8; dst, src = dst[m:], src[8:] {
			a := binary.BigEndian.Uint64(src)
			first := a>>56<<(3*bits) | a>>48&0xFF<<(2*bits) | a>>40&0xFF<<bits | a>>32&0xFF
			last := a>>24&0xFF<<(3*bits) | a>>16&0xFF<<(2*bits) | a>>8&0xFF<<bits | a&0xFF
			// The zeros behind the group are overwritten by what follows.
			binary.BigEndian.PutUint64(dst, (first<<(4*bits)|last)<<(64-8*bits))
		}
	}
	p.packRest(dst, src)
}

func (p packing) packRest(dst, src []byte) {
	var acc uint32
	var have uint
	for i := range dst {
		for ; have < 8; have += uint(p) {
			if isWide(uint(p)) {
				acc = acc<<p | uint32(binary.BigEndian.Uint16(src))
				src = src[2:]
			} else {
				acc = acc<<p | uint32(src[0])
				src = src[1:]
			}
		}
		have -= 8
		dst[i] = byte(acc >> have)
	}
}
