package sap

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/netip"
)

const (
	version = 1 << 5 // V: 3 bits
	// The flags of the first byte (RFC 2974, section 6).
	flagIPv6       = 0x10 // A
	flagDeletion   = 0x04 // T
	flagEncrypted  = 0x02 // E
	flagCompressed = 0x01 // C

	headLen = 4
	// MaxPayload bounds a payload, also one that was compressed. RFC 2974, section 6.1, wants less than 1 kB.
	MaxPayload = 64 << 10
	// typeSDP is the payload type that is assumed where there is none.
	typeSDP = "application/sdp"
)

// ErrPacket is wrapped by errors of Parse.
var ErrPacket = errors.New("sap: not a packet that can be used")

// Packet is an announcement or a deletion.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| V=1 |A|R|T|E|C|   auth len    |         msg id hash           |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	:                originating source (32 or 128 bits)            :
//	:                    optional authentication data               :
//	:                      optional payload type                    :
//	:                            payload                            :
type Packet struct {
	Deletion bool
	Hash     uint16 // of the announcement; with Origin it names it
	Origin   netip.Addr
	Type     string // payload type; application/sdp where the packet has none
	Payload  []byte
}

// Parse reads a packet. Nothing of it refers to b.
func Parse(b []byte) (Packet, error) {
	fail := func(why string) (Packet, error) { return Packet{}, fmt.Errorf("%w: %s", ErrPacket, why) }
	if len(b) < headLen+4 {
		return fail("too short")
	}
	flags, size := b[0], 4
	if flags&0xe0 != version {
		return fail("version is not 1")
	}
	if flags&flagIPv6 != 0 {
		size = 16
	}
	auth := int(b[1]) * 4 // auth len: words
	if len(b) < headLen+size+auth {
		return fail("it ends in its header")
	}
	p := Packet{Deletion: flags&flagDeletion != 0, Hash: binary.BigEndian.Uint16(b[2:])}
	p.Origin, _ = netip.AddrFromSlice(b[headLen : headLen+size])
	payload := b[headLen+size+auth:]
	switch {
	case flags&flagEncrypted != 0:
		return fail("it is encrypted")
	case flags&flagCompressed != 0:
		r, err := zlib.NewReader(bytes.NewReader(payload))
		if err != nil {
			return fail("it is not compressed as it says")
		}
		if payload, err = io.ReadAll(io.LimitReader(r, MaxPayload+1)); err != nil {
			return fail("it is not compressed as it says")
		}
	default:
		payload = bytes.Clone(payload)
	}
	if len(payload) > MaxPayload {
		return fail("its payload is too long")
	}
	p.Type, p.Payload = typeSDP, payload
	// The payload type is optional (section 6). A payload of SDP without one begins with v=0, that of a deletion with
	// o=.
	if !bytes.HasPrefix(payload, []byte("v=0")) && !bytes.HasPrefix(payload, []byte("o=")) {
		if i := bytes.IndexByte(payload, 0); i > 0 {
			p.Type, p.Payload = string(payload[:i]), payload[i+1:]
		}
	}
	return p, nil
}

// AppendBinary appends the packet, uncompressed and without authentication data.
func (p *Packet) AppendBinary(b []byte) ([]byte, error) {
	if !p.Origin.IsValid() || len(p.Payload) > MaxPayload {
		return b, fmt.Errorf("%w: no origin, or a payload of %d bytes", ErrPacket, len(p.Payload))
	}
	flags := byte(version)
	if p.Deletion {
		flags |= flagDeletion
	}
	origin := p.Origin.Unmap()
	if origin.Is6() {
		flags |= flagIPv6
	}
	b = append(b, flags, 0)
	b = binary.BigEndian.AppendUint16(b, p.Hash)
	b = append(b, origin.AsSlice()...)
	if p.Type != "" {
		b = append(append(b, p.Type...), 0)
	}
	return append(b, p.Payload...), nil
}

// Announce returns the announcement of a session description.
func Announce(origin netip.Addr, description []byte) Packet {
	h := fnv.New32a()
	_, _ = h.Write(description)
	sum := h.Sum32()
	// Section 6: the hash must differ between versions of a description, and must not be 0.
	return Packet{Hash: max(1, uint16(sum)^uint16(sum>>16)), Origin: origin, Type: typeSDP, Payload: description}
}
