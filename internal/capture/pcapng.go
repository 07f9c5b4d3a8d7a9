package capture

import (
	"encoding/binary"
	"math/bits"
)

// The types of blocks that are read (draft-ietf-opsawg-pcapng, section 4); all others are skipped.
const (
	blockSection   = 0x0a0d0d0a // reads the same in both byte orders
	blockInterface = 1
	blockObsolete  = 2 // Packet Block
	blockSimple    = 3
	blockEnhanced  = 6

	byteOrderMagic = 0x1a2b3c4d
)

// maxInterfaces is how many interfaces a section may have. Captures of all interfaces of a large router have some
// thousand.
const maxInterfaces = 1 << 16

// maxSkipped is how long a block may be of which nothing is read.
const maxSkipped = 1 << 30

// link is an interface of a capture.
type link struct {
	kind   linkType
	snap   uint32 // packets are cut there; 0: nowhere
	unit   uint64 // of its times, in a second; 0: they say nothing
	offset int64  // of its times in seconds
}

// nextBlock reads blocks of a pcapng file up to the next packet.
func (r *Reader) nextBlock(f *frame) error {
	for {
		b, err := r.peek(12)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(b) == blockSection {
			if err := r.section(b); err != nil {
				return err
			}
			continue
		}
		kind, n := r.order.Uint32(b), r.order.Uint32(b[4:])
		// Each block has its length in front and behind: 12 bytes. It is a multiple of 4; writers that forget the
		// padding are read as they are meant.
		n = (n + 3) &^ 3
		if n < 12 || n > maxSkipped {
			return r.formatError("a block of %d bytes", n)
		}
		switch kind {
		case blockInterface, blockObsolete, blockSimple, blockEnhanced:
		default:
			if err := r.skip(uint64(n)); err != nil {
				return err
			}
			continue
		}
		body, err := r.peek(int(min(n, maxRecord+64)))
		if err != nil {
			return err
		}
		if int(n) == len(body) {
			body = body[:n-4]
		}
		if kind == blockInterface {
			if err := r.addInterface(body[8:]); err != nil {
				return err
			}
			if err := r.skip(uint64(n)); err != nil {
				return err
			}
			continue
		}
		if err := r.packet(f, kind, body[8:]); err != nil {
			return err
		}
		r.hold = int(n)
		return nil
	}
}

// section reads a Section Header Block, of which b is the beginning. Interfaces are those of their section.
func (r *Reader) section(b []byte) error {
	switch {
	case binary.LittleEndian.Uint32(b[8:]) == byteOrderMagic:
		r.order = binary.LittleEndian
	case binary.BigEndian.Uint32(b[8:]) == byteOrderMagic:
		r.order = binary.BigEndian
	default:
		return r.formatError("a section of an unknown byte order")
	}
	n := r.order.Uint32(b[4:])
	if n < 28 || n%4 != 0 || n > maxSkipped {
		return r.formatError("a section header of %d bytes", n)
	}
	head, err := r.peek(16)
	if err != nil {
		return err
	}
	if major := r.order.Uint16(head[12:]); major != 1 {
		return r.formatError("version %d of pcapng", major)
	}
	r.links = r.links[:0]
	return r.skip(uint64(n))
}

// addInterface reads the body of an Interface Description Block.
func (r *Reader) addInterface(b []byte) error {
	if len(b) < 8 {
		return r.formatError("an interface of %d bytes", len(b))
	}
	if len(r.links) == maxInterfaces {
		return r.formatError("more than %d interfaces", maxInterfaces)
	}
	l := link{kind: linkType(r.order.Uint16(b)), snap: r.order.Uint32(b[4:]), unit: 1_000_000}
	for b = b[8:]; len(b) >= 4; {
		code, n := r.order.Uint16(b), int(r.order.Uint16(b[2:]))
		b = b[4:]
		if code == 0 || n > len(b) {
			break
		}
		switch value := b[:n]; {
		case code == 9 && n >= 1: // if_tsresol
			l.unit = resolution(value[0])
		case code == 14 && n >= 8: // if_tsoffset
			l.offset = int64(r.order.Uint64(value))
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	r.links = append(r.links, l)
	return nil
}

// resolution returns the units of a second that an if_tsresol tells; 0: more than can be told.
func resolution(v byte) uint64 {
	exponent := int(v &^ 0x80)
	if v&0x80 != 0 {
		if exponent > 63 {
			return 0
		}
		return 1 << exponent
	}
	if exponent > 19 {
		return 0
	}
	unit := uint64(1)
	for range exponent {
		unit *= 10
	}
	return unit
}

// packet reads the body of a block that holds a packet. Of what a packet claims to be longer than its block or than
// maxRecord, it takes what is there.
func (r *Reader) packet(f *frame, kind uint32, b []byte) error {
	var index, captured, length uint32
	var stamp uint64
	switch kind {
	case blockSimple:
		if len(b) < 4 {
			return r.formatError("a simple packet block of %d bytes", len(b))
		}
		length = r.order.Uint32(b)
		captured = length
		if len(r.links) > 0 && r.links[0].snap > 0 {
			captured = min(captured, r.links[0].snap)
		}
		b = b[4:]
	default:
		if len(b) < 20 {
			return r.formatError("a packet block of %d bytes", len(b))
		}
		index = r.order.Uint32(b)
		if kind == blockObsolete {
			index = uint32(r.order.Uint16(b))
		}
		stamp = uint64(r.order.Uint32(b[4:]))<<32 | uint64(r.order.Uint32(b[8:]))
		captured, length = r.order.Uint32(b[12:]), r.order.Uint32(b[16:])
		b = b[20:]
	}
	captured = min(captured, uint32(len(b)))
	f.bytes, f.length = b[:captured], int(min(max(length, captured), 1<<30))
	f.sec, f.nsec = 0, 0
	f.link = linkNone
	if int64(index) >= int64(len(r.links)) {
		return nil
	}
	l := &r.links[index]
	f.link = l.kind
	if l.unit > 0 && kind != blockSimple {
		sec := int64(min(stamp/l.unit, latest))
		f.sec = sec + min(max(l.offset, -latest), latest)
		high, low := bits.Mul64(stamp%l.unit, 1_000_000_000)
		nsec, _ := bits.Div64(high, low, l.unit)
		f.nsec = int64(nsec)
	}
	return nil
}
