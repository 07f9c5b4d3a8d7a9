package capture

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// Raw and Ethernet are the link types of a Writer: packets begin with the IP header, or with that of Ethernet.
const (
	Raw      = uint16(linkRaw)
	Ethernet = uint16(linkEthernet)
)

// maxComment is how long a comment may be: options have 16 bits for it.
const maxComment = 65000

// Writer writes a capture as pcapng, with times in nanoseconds. Each packet is one Write. It is not safe for concurrent
// use.
type Writer struct {
	out io.Writer
	buf []byte
}

// NewWriter writes the head of a capture: one section of one interface of that link type and name.
func NewWriter(out io.Writer, link uint16, name string) (*Writer, error) {
	w := &Writer{out: out}
	b := w.block(blockSection)
	b = binary.LittleEndian.AppendUint32(b, byteOrderMagic)
	b = binary.LittleEndian.AppendUint32(b, 1)          // version 1.0
	b = binary.LittleEndian.AppendUint64(b, ^uint64(0)) // length of the section: not known
	b = appendOption(b, 4, "flute-node")                // shb_userappl
	if err := w.end(b, true); err != nil {
		return nil, err
	}
	b = w.block(blockInterface)
	b = binary.LittleEndian.AppendUint16(b, link)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint32(b, 0) // no packet is cut
	b = appendOption(b, 2, name)               // if_name
	b = appendOption(b, 9, string([]byte{9}))  // if_tsresol: nanoseconds
	return w, w.end(b, true)
}

// Packet writes a packet that had length bytes on the wire. An empty comment is none.
func (w *Writer) Packet(t time.Time, packet []byte, length int, comment string) error {
	b := w.packet(t, len(packet), length)
	b = append(b, packet...)
	return w.endPacket(b, len(packet), comment)
}

// Datagram writes a UDP datagram, for which it makes the headers; the link type must be Raw. A datagram that IP cannot
// carry is cut.
func (w *Writer) Datagram(t time.Time, src, dst netip.AddrPort, payload []byte, comment string) error {
	head := 20
	if isIPv6(src.Addr(), dst.Addr()) {
		head = 40
	}
	payload = payload[:min(len(payload), maxPacket-28)]
	n := head + 8 + len(payload)
	b := w.packet(t, n, n)
	b = appendIP(b, src.Addr(), dst.Addr(), 8+len(payload))
	udp := len(b)
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = binary.BigEndian.AppendUint16(b, 0)
	b = append(b, payload...)
	if head == 40 { // IPv6 demands the checksum (RFC 8200, section 8.1)
		sum := checksum(pseudoSum(src.Addr(), dst.Addr(), 8+len(payload)), b[udp:])
		if sum == 0 {
			sum = 0xffff
		}
		binary.BigEndian.PutUint16(b[udp+6:], sum)
	}
	return w.endPacket(b, n, comment)
}

// isIPv6 reports whether IPv4 cannot carry a packet between two addresses.
func isIPv6(src, dst netip.Addr) bool { return src.Unmap().Is6() || dst.Unmap().Is6() }

// appendIP appends the header of an IP packet that carries n bytes of UDP.
func appendIP(b []byte, src, dst netip.Addr, n int) []byte {
	if isIPv6(src, dst) {
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b = append(b, protocolUDP, 64)
		s, d := src.As16(), dst.As16()
		return append(append(b, s[:]...), d[:]...)
	}
	at := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+n))
	b = append(b, 0, 0, 0, 0, 64, protocolUDP, 0, 0)
	var s, d [4]byte
	if a := src.Unmap(); a.Is4() {
		s = a.As4()
	}
	if a := dst.Unmap(); a.Is4() {
		d = a.As4()
	}
	b = append(append(b, s[:]...), d[:]...)
	binary.BigEndian.PutUint16(b[at+10:], checksum(0, b[at:]))
	return b
}

// pseudoSum is the sum of the pseudo-header of IPv6 (RFC 8200, section 8.1).
func pseudoSum(src, dst netip.Addr, n int) uint32 {
	s, d := src.As16(), dst.As16()
	sum := uint32(n) + protocolUDP
	for i := 0; i < 16; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(s[i:])) + uint32(binary.BigEndian.Uint16(d[i:]))
	}
	return sum
}

// checksum is the Internet checksum of b (RFC 1071), to which sum was counted before.
func checksum(sum uint32, b []byte) uint16 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// block begins a block, whose length end fills in.
func (w *Writer) block(kind uint32) []byte {
	return append(binary.LittleEndian.AppendUint32(w.buf[:0], kind), 0, 0, 0, 0)
}

// packet begins an Enhanced Packet Block.
func (w *Writer) packet(t time.Time, captured, length int) []byte {
	stamp := uint64(max(t.UnixNano(), 0))
	b := w.block(blockEnhanced)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(stamp>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(stamp))
	b = binary.LittleEndian.AppendUint32(b, uint32(captured))
	return binary.LittleEndian.AppendUint32(b, uint32(length))
}

func (w *Writer) endPacket(b []byte, captured int, comment string) error {
	b = pad(b, captured)
	if comment != "" {
		b = appendOption(b, 1, comment[:min(len(comment), maxComment)]) // opt_comment
	}
	return w.end(b, comment != "")
}

// end completes a block, whose options end where it says so, and writes it.
func (w *Writer) end(b []byte, options bool) error {
	if options {
		b = append(b, 0, 0, 0, 0) // opt_endofopt
	}
	n := uint32(len(b) + 4)
	b = binary.LittleEndian.AppendUint32(b, n)
	binary.LittleEndian.PutUint32(b[4:], n)
	w.buf = b
	_, err := w.out.Write(b)
	return err
}

func appendOption(b []byte, code uint16, value string) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...), len(value))
}

// pad appends what makes a multiple of 4 of n bytes.
func pad(b []byte, n int) []byte {
	return append(b, make([]byte, -n&3)...)
}
