package rs

import "encoding/binary"

// A symbol is a string of bits, most significant first, that is cut into elements of m bits: for m = 16 big-endian
// numbers. RFC 5510, section 8.4, leaves the order open; peers do it so. Where m divides 16, symbols are multiplied as
// they are. Others are unpacked before, a stripe at a time, to elements of a byte, or two bytes in network order where
// m is above 8.

// stripeElements is how many elements of a symbol are unpacked at a time: few, so that those of all symbols of a usual
// block stay in the cache; a multiple of 8, so that stripes begin at whole bytes.
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

// lanes are the masks of groups of one, two and four elements of m bits, in lanes of 16, 32 and 64 bits, or of half as
// many.
type lanes struct{ one, two, four uint64 }

func (p packing) lanes() (l lanes) {
	l = lanes{1<<p - 1, 1<<(2*p) - 1, 1<<(4*p) - 1}
	l.one |= l.one << 32
	if !isWide(uint(p)) {
		l.one |= l.one << 16
		l.two |= l.two << 32
	}
	return l
}

// In these, halves are moved apart or together, then halves of halves. That p is masked tells the compiler that no
// shift is too far.

// spread16 puts the last four elements of x into 16 bits each.
func (p packing) spread16(x uint64, l *lanes) uint64 {
	x = x>>(2*p&63)&l.two<<32 | x&l.two
	return x>>(p&63)&l.one<<16 | x&l.one
}

// gather16 is the reverse; other bits of x are 0.
func (p packing) gather16(x uint64) uint64 {
	x = x>>16&0x0000FFFF0000FFFF<<(p&63) | x&0x0000FFFF0000FFFF
	return x>>32<<(2*p&63) | x&0xFFFFFFFF
}

// spread8 puts the eight elements of x, all that it has, into 8 bits each.
func (p packing) spread8(x uint64, l *lanes) uint64 {
	x = x>>(4*p&63)<<32 | x&l.four
	x = x>>(2*p&63)&l.two<<16 | x&l.two
	return x>>(p&63)&l.one<<8 | x&l.one
}

// gather8 is the reverse.
func (p packing) gather8(x uint64) uint64 {
	x = x>>8&0x00FF00FF00FF00FF<<(p&63) | x&0x00FF00FF00FF00FF
	x = x>>16&0x0000FFFF0000FFFF<<(2*p&63) | x&0x0000FFFF0000FFFF
	return x>>32<<(4*p&63) | x&0xFFFFFFFF
}

// unpack writes the elements of src to dst, which has the length for them.
func (p packing) unpack(dst, src []byte) {
	// Eight elements are m bytes.
	m, masks := int(p), p.lanes()
	in, out := 0, 0
	if isWide(uint(p)) {
		for ; in+m <= len(src); in += m {
			first, last, to := binary.BigEndian.Uint64(src[in:]), binary.BigEndian.Uint64(src[in+m-8:]), dst[out:out+16]
			binary.BigEndian.PutUint64(to, p.spread16(first>>((64-4*p)&63), &masks))
			binary.BigEndian.PutUint64(to[8:], p.spread16(last, &masks))
			out += 16
		}
	} else {
		for ; in+8 <= len(src); in += m { // m bytes of the eight are used
			binary.BigEndian.PutUint64(dst[out:], p.spread8(binary.BigEndian.Uint64(src[in:])>>((64-8*p)&63), &masks))
			out += 8
		}
	}
	p.unpackRest(dst[out:], src[in:])
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
	m := int(p)
	in, out := 0, 0
	if isWide(uint(p)) {
		for ; out+m <= len(dst); out += m {
			from := src[in : in+16]
			first, last := p.gather16(binary.BigEndian.Uint64(from)), p.gather16(binary.BigEndian.Uint64(from[8:]))
			binary.BigEndian.PutUint64(dst[out:], first<<((64-4*p)&63)|last>>((8*p-64)&63))
			binary.BigEndian.PutUint64(dst[out+m-8:], first<<(4*p&63)|last)
			in += 16
		}
	} else {
		for ; out+8 <= len(dst); out += m {
			// The zeros behind the group are overwritten by what follows.
			binary.BigEndian.PutUint64(dst[out:], p.gather8(binary.BigEndian.Uint64(src[in:]))<<((64-8*p)&63))
			in += 8
		}
	}
	p.packRest(dst[out:], src[in:])
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
