package sap

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// squeezed compresses the payload of a packet, and its type.
func squeezed(t *testing.T, b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, errWrite := w.Write(b[headOf(b):])
	if err := errors.Join(errWrite, w.Close()); err != nil {
		t.Fatal(err)
	}
	head := bytes.Clone(b[:headOf(b)])
	head[0] |= flagCompressed
	return append(head, out.Bytes()...)
}

// headOf returns the length of the header of a packet (RFC 2974, section 6).
func headOf(b []byte) int {
	if b[0]&0x10 != 0 {
		return 20 + 4*int(b[1])
	}
	return 8 + 4*int(b[1])
}

// FuzzParse: a packet is read as its bits say. Authentication data, the reserved bit and compression change nothing of
// it. What is read is written so that it is read the same; and whatever is announced arrives.
func FuzzParse(f *testing.F) {
	p := Announce(netip.MustParseAddr("192.0.2.1"), []byte("v=0\r\n"))
	b, _ := p.AppendBinary(nil)
	f.Add(b)
	f.Add([]byte("\x34\x01\x00\x07\x20\x01\x0d\xb8............authtext/x\x00y"))
	bound := allocbound.Bound{PerByte: 4, Fixed: 512 << 10} // of zlib, and of a payload that grows to its bound
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), MaxPayload)]
		checkAnnounced(t, b)
		var p Packet
		var err error
		bound.Check(t, len(b), func() { p, err = Parse(b) })
		if err != nil {
			if !errors.Is(err, ErrPacket) || !reflect.DeepEqual(p, Packet{}) {
				t.Fatalf("%v, half-parsed: %+v", err, p)
			}
			return
		}
		origin, _ := netip.AddrFromSlice(b[4 : headOf(b)-4*int(b[1])])
		if b[0]>>5 != 1 || b[0]&2 != 0 || p.Deletion != (b[0]&4 != 0) || p.Hash != binary.BigEndian.Uint16(b[2:]) ||
			p.Origin != origin || len(p.Payload) > MaxPayload || p.Type == "" {
			t.Fatalf("%x is %+v", b, p)
		}
		if b[0]&flagCompressed == 0 {
			if payload := b[headOf(b):]; !bytes.HasSuffix(payload, p.Payload) ||
				len(payload) != len(p.Payload) && string(payload) != p.Type+"\x00"+string(p.Payload) {
				t.Fatalf("%q is %+v", payload, p)
			}
			same(t, &p, squeezed(t, b))
		}
		same(t, &p, append([]byte{b[0] ^ 8}, b[1:]...))
		if auth := int(b[1]) + 3; auth <= 255 {
			with := slices.Insert(bytes.Clone(b), headOf(b), bytes.Repeat([]byte{0xff}, 12)...)
			with[1] = byte(auth)
			same(t, &p, with)
		}
		if n := headOf(b); n > 8 {
			if q, err := Parse(b[:n-1]); err == nil {
				t.Fatalf("%x ends in its header: %+v", b[:n-1], q)
			}
		}
		again, err := p.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Origin = p.Origin.Unmap()
		if len(p.Type)+1+len(p.Payload) <= MaxPayload {
			same(t, &p, again)
		}
		binary.BigEndian.PutUint16(b[2:], ^p.Hash) // what was read refers to nothing of b
		clear(b[4:])
		if len(p.Type)+1+len(p.Payload) <= MaxPayload {
			same(t, &p, again)
		}
	})
}

// same fails t unless b is read as p.
func same(t *testing.T, p *Packet, b []byte) {
	t.Helper()
	if q, err := Parse(b); err != nil || !reflect.DeepEqual(&q, p) {
		t.Fatalf("%x is %+v, %v; want %+v", b, q, err, p)
	}
}

// checkAnnounced announces payload, and deletes it.
func checkAnnounced(t *testing.T, payload []byte) {
	t.Helper()
	for _, origin := range []string{"192.0.2.1", "2001:db8::1"} {
		p := Announce(netip.MustParseAddr(origin), payload)
		if p.Hash == 0 {
			t.Fatalf("%q has the hash 0", payload)
		}
		for range 2 {
			b, err := p.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Type)+1+len(p.Payload) > MaxPayload {
				continue
			}
			same(t, &p, b)
			p.Deletion = true
		}
	}
}
