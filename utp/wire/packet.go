package wire

import (
	"encoding/binary"
	"errors"
)

// HeaderLen is the length of a packet without extensions and payload, in bytes.
const HeaderLen = 20

// version is the version of uTP that this package reads and writes.
const version = 1

// Type is the type of a packet.
type Type uint8

// The types of packets.
const (
	Data  Type = iota // carries payload
	Fin               // the last packet of its sender
	State             // an acknowledgement; takes no sequence number
	Reset             // ends the connection at once
	Syn               // begins a connection
	numTypes
)

// String returns the name of the type in BEP 29.
func (t Type) String() string {
	if t < numTypes {
		return [numTypes]string{"ST_DATA", "ST_FIN", "ST_STATE", "ST_RESET", "ST_SYN"}[t]
	}
	return "ST_?"
}

// ConnID names a connection between two addresses. Its two directions have neighbouring values.
type ConnID uint16

// The extensions of a packet, by type.
const (
	extSACK        = 1
	extCloseReason = 3 // of libtorrent, not in the BEP: 2 bytes reserved, 2 bytes reason
)

const (
	extHeaderLen      = 2 // type of the next extension, length
	closeReasonLen    = 4
	maxExtLen         = 255
	offsetExtType     = 1
	offsetConnID      = 2
	offsetTimestamp   = 4
	offsetDelay       = 8
	offsetWindow      = 12
	offsetSeq         = 16
	offsetAck         = 18
	versionMask       = 0x0f
	typeShift         = 4
	minSACKLen        = 4 // bytes; writers send multiples of it
	offsetCloseReason = 2 // in the extension
)

// The errors of Parse. They are sentinels: the packet path allocates none.
var (
	ErrTruncated = errors.New("wire: packet ends early")
	ErrVersion   = errors.New("wire: not version 1 of uTP")
	ErrType      = errors.New("wire: unknown packet type")
	ErrExtension = errors.New("wire: extension of a wrong length")
)

// Packet is a uTP packet (BEP 29, "header format").
//
//	0       4       8               16              24              32
//	+-------+-------+---------------+---------------+---------------+
//	| type  | ver   | extension     | connection_id                 |
//	+-------+-------+---------------+---------------+---------------+
//	| timestamp_microseconds                                        |
//	+---------------+---------------+---------------+---------------+
//	| timestamp_difference_microseconds                             |
//	+---------------+---------------+---------------+---------------+
//	| wnd_size                                                      |
//	+---------------+---------------+---------------+---------------+
//	| seq_nr                        | ack_nr                        |
//	+---------------+---------------+---------------+---------------+
type Packet struct {
	Type      Type
	ConnID    ConnID
	Timestamp uint32 // sender's clock in microseconds, modulo 2^32, when this copy was sent
	Delay     uint32 // timestamp_difference: from the peer's Timestamp to its arrival, in microseconds; 0: none known
	Window    uint32 // wnd_size: bytes that the sender of the packet has room for
	Seq       Seq    // seq_nr; Data, Fin and Syn take one, State and Reset carry the next one
	Ack       Seq    // ack_nr: the last packet received in order

	SACK           SACK   // packets received beyond Ack+1; nil: none
	HasCloseReason bool   // libtorrent's extension 3
	CloseReason    uint16 // why the connection ends; meaningful with HasCloseReason

	Payload []byte
}

// Parse reads a datagram. The Packet holds views into it. Extensions are accepted in any order, those of unknown type
// are skipped. Of two of one type the first counts.
func Parse(b []byte) (Packet, error) {
	var p Packet
	if len(b) < HeaderLen {
		return Packet{}, ErrTruncated
	}
	if b[0]&versionMask != version {
		return Packet{}, ErrVersion
	}
	if p.Type = Type(b[0] >> typeShift); p.Type >= numTypes {
		return Packet{}, ErrType
	}
	p.ConnID = ConnID(binary.BigEndian.Uint16(b[offsetConnID:]))
	p.Timestamp = binary.BigEndian.Uint32(b[offsetTimestamp:])
	p.Delay = binary.BigEndian.Uint32(b[offsetDelay:])
	p.Window = binary.BigEndian.Uint32(b[offsetWindow:])
	p.Seq = Seq(binary.BigEndian.Uint16(b[offsetSeq:]))
	p.Ack = Seq(binary.BigEndian.Uint16(b[offsetAck:]))
	next, rest := b[offsetExtType], b[HeaderLen:]
	for next != 0 {
		if len(rest) < extHeaderLen || len(rest) < extHeaderLen+int(rest[1]) {
			return Packet{}, ErrTruncated
		}
		body := rest[extHeaderLen : extHeaderLen+int(rest[1])]
		if err := p.extension(next, body); err != nil {
			return Packet{}, err
		}
		next, rest = rest[0], rest[extHeaderLen+len(body):]
	}
	if len(rest) > 0 {
		p.Payload = rest
	}
	return p, nil
}

// extension takes what is known of an extension.
func (p *Packet) extension(kind byte, body []byte) error {
	switch kind {
	case extSACK:
		// The BEP asks for at least 4 bytes and a multiple of 4. Any length has one meaning only, so any is read.
		if len(body) == 0 {
			return ErrExtension
		}
		if p.SACK == nil {
			p.SACK = SACK(body)
		}
	case extCloseReason:
		if len(body) != closeReasonLen {
			return ErrExtension
		}
		if !p.HasCloseReason {
			p.HasCloseReason, p.CloseReason = true, binary.BigEndian.Uint16(body[offsetCloseReason:])
		}
	}
	return nil
}

// Len returns the length of the packet in bytes.
func (p *Packet) Len() int {
	n := HeaderLen + len(p.Payload)
	if p.SACK != nil {
		n += extHeaderLen + p.SACK.paddedLen()
	}
	if p.HasCloseReason {
		n += extHeaderLen + closeReasonLen
	}
	return n
}

// AppendBinary appends the packet to b. SACK is padded with zeros to a multiple of 4 bytes, and cut at 252. A Type that
// does not exist is the caller's mistake: it panics.
func (p *Packet) AppendBinary(b []byte) []byte {
	if p.Type >= numTypes {
		panic("wire: packet of unknown type")
	}
	first, second := byte(0), byte(0)
	if p.HasCloseReason {
		first = extCloseReason
	}
	if p.SACK != nil {
		first, second = extSACK, first
	}
	b = append(b, byte(p.Type)<<typeShift|version, first)
	b = binary.BigEndian.AppendUint16(b, uint16(p.ConnID))
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, p.Delay)
	b = binary.BigEndian.AppendUint32(b, p.Window)
	b = binary.BigEndian.AppendUint16(b, uint16(p.Seq))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Ack))
	if p.SACK != nil {
		n := p.SACK.paddedLen()
		b = append(b, second, byte(n))
		b = append(b, p.SACK[:min(n, len(p.SACK))]...)
		for range n - len(p.SACK) {
			b = append(b, 0)
		}
	}
	if p.HasCloseReason {
		b = append(b, 0, closeReasonLen, 0, 0)
		b = binary.BigEndian.AppendUint16(b, p.CloseReason)
	}
	return append(b, p.Payload...)
}

// Peek returns what tells whose a datagram is, without looking at all of it. ok is false for a datagram that is no uTP
// packet: it may be of another protocol on the same port.
func Peek(b []byte) (t Type, id ConnID, ok bool) {
	if len(b) < HeaderLen || b[0]&versionMask != version || b[0]>>typeShift >= byte(numTypes) {
		return 0, 0, false
	}
	return Type(b[0] >> typeShift), ConnID(binary.BigEndian.Uint16(b[offsetConnID:])), true
}
