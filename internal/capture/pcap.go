package capture

import (
	"encoding/binary"
	"fmt"
	"time"
)

// The magic numbers of pcap, and the lengths of its headers (draft-ietf-opsawg-pcap, sections 4 and 5).
const (
	magicMicro = 0xa1b2c3d4
	magicNano  = 0xa1b23c4d

	fileHeaderLen   = 24
	recordHeaderLen = 16
)

// latest is the last second that a time of a capture may name: later ones have no text in JSON.
const latest = 253402300799

// timeOf returns the time of a packet. What no clock can have told becomes the nearest that can be written.
func timeOf(sec, nsec int64) time.Time {
	return time.Unix(min(max(sec, 0), latest), min(max(nsec, 0), 999_999_999)).UTC()
}

// readFileHeader reads the header of a pcap file.
func (r *Reader) readFileHeader() error {
	b, err := r.peek(fileHeaderLen)
	if len(b) < 4 {
		return err
	}
	nano := false
	switch {
	case binary.LittleEndian.Uint32(b) == magicMicro, binary.LittleEndian.Uint32(b) == magicNano:
		r.order = binary.LittleEndian
	case binary.BigEndian.Uint32(b) == magicMicro, binary.BigEndian.Uint32(b) == magicNano:
		r.order = binary.BigEndian
	default:
		return fmt.Errorf("%w: it begins with %x", ErrFormat, b[:4])
	}
	if err != nil {
		return err
	}
	nano = r.order.Uint32(b) == magicNano
	if major := r.order.Uint16(b[4:]); major != 2 {
		return fmt.Errorf("%w: version %d of pcap", ErrFormat, major)
	}
	// The upper bits of LinkType tell about a frame check sequence: what follows the IP packet is cut off anyway.
	l := link{kind: linkType(r.order.Uint32(b[20:]) & 0xffff), unit: 1_000_000}
	if nano {
		l.unit = 1_000_000_000
	}
	r.links = []link{l}
	return r.skip(fileHeaderLen)
}

// nextRecord reads a packet of a pcap file.
func (r *Reader) nextRecord(f *frame) error {
	b, err := r.peek(recordHeaderLen)
	if err != nil {
		return err
	}
	captured, length := r.order.Uint32(b[8:]), r.order.Uint32(b[12:])
	if captured > maxRecord {
		return r.formatError("a packet of %d bytes", captured)
	}
	unit := r.links[0].unit
	f.sec = int64(r.order.Uint32(b))
	f.nsec = int64(r.order.Uint32(b[4:])) * int64(1_000_000_000/unit)
	f.link = r.links[0].kind
	n := recordHeaderLen + int(captured)
	b, err = r.peek(n)
	if err != nil {
		return err
	}
	f.bytes, f.length = b[recordHeaderLen:], int(min(max(length, captured), 1<<30))
	r.hold = n
	return nil
}
