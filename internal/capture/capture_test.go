package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

// The frames of these tests are made by hand, from the figures of the specifications; the Writer has no part in them.

var (
	src4 = netip.MustParseAddrPort("192.0.2.1:4000")
	dst4 = netip.MustParseAddrPort("239.1.1.1:3400")
	src6 = netip.MustParseAddrPort("[2001:db8::1]:4000")
	dst6 = netip.MustParseAddrPort("[ff15::1]:3400")
)

func be16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func udp(payload string) []byte {
	return join(be16(4000), be16(3400), be16(8+len(payload)), be16(0), []byte(payload))
}

// ip4 is an IPv4 packet; field is that of flags and fragment offset.
func ip4(protocol byte, field int, body []byte) []byte {
	s, d := src4.Addr().As4(), dst4.Addr().As4()
	return join([]byte{0x45, 0}, be16(20+len(body)), be16(77), be16(field), []byte{1, protocol, 0, 0}, s[:], d[:], body)
}

func ip6(next byte, body []byte) []byte {
	s, d := src6.Addr().As16(), dst6.Addr().As16()
	return join([]byte{0x60, 0, 0, 0}, be16(len(body)), []byte{next, 1}, s[:], d[:], body)
}

func ether(kind int, body []byte) []byte { return join(make([]byte, 12), be16(kind), body) }

type record struct {
	frame  []byte
	length int // 0: that of frame
}

// pcapFile is a pcap file of records one millisecond apart from 1000.5 s on.
func pcapFile(order binary.AppendByteOrder, magic uint32, kind linkType, records ...record) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, uint32(kind))
	for i, r := range records {
		unit := uint32(1000)
		if magic == magicNano {
			unit = 1_000_000
		}
		b = order.AppendUint32(b, 1000)
		b = order.AppendUint32(b, uint32(500+i)*unit)
		b = order.AppendUint32(b, uint32(len(r.frame)))
		b = order.AppendUint32(b, uint32(max(r.length, len(r.frame))))
		b = append(b, r.frame...)
	}
	return b
}

// read returns what a capture has, as text: number, milliseconds, addresses, payload.
func read(t testing.TB, file []byte) ([]string, Counts, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, Counts{}, err
	}
	var got []string
	for {
		var d Datagram
		err := r.Next(&d)
		if errors.Is(err, io.EOF) {
			return got, r.Counts(), nil
		}
		if err != nil {
			return got, r.Counts(), err
		}
		text := fmt.Sprintf("%d %d %v %v %s", d.Number, d.Time.UnixMilli(), d.Src, d.Dst, d.Payload)
		if d.Length != len(d.Payload) {
			text += fmt.Sprintf(" of %d", d.Length)
		}
		got = append(got, text)
	}
}

func TestFrames(t *testing.T) {
	const v4, v6 = "1 1000500 192.0.2.1:4000 239.1.1.1:3400 hello", "1 1000500 [2001:db8::1]:4000 [ff15::1]:3400 hello"
	u := udp("hello")
	gre := func(flags byte, options int, kind int, body []byte) []byte {
		return join([]byte{flags, 0}, be16(kind), make([]byte, options), body)
	}
	deep := ip4(protocolUDP, 0, u)
	for range 40 {
		deep = ip4(protocolIPv4, 0, deep)
	}
	tests := []struct {
		name  string
		kind  linkType
		frame record
		want  string
		count Counts
	}{
		{"Ethernet", linkEthernet, record{frame: ether(0x800, ip4(17, 0, u))}, v4, Counts{}},
		{"Ethernet with padding", linkEthernet, record{frame: join(ether(0x800, ip4(17, 0, u)), make([]byte, 9))}, v4, Counts{}},
		{"Ethernet and IPv6", linkEthernet, record{frame: ether(0x86dd, ip6(17, u))}, v6, Counts{}},
		{"VLAN", linkEthernet, record{frame: ether(0x8100, join(be16(7), be16(0x800), ip4(17, 0, u)))}, v4, Counts{}},
		{"two VLAN tags", linkEthernet, record{frame: ether(0x88a8, join(be16(7), be16(0x8100), be16(8), be16(0x86dd), ip6(17, u)))}, v6, Counts{}},
		{"MPLS", linkEthernet, record{frame: ether(0x8847, join([]byte{0, 0, 0, 9, 0, 0, 1, 9}, ip4(17, 0, u)))}, v4, Counts{}},
		{"PPPoE", linkEthernet, record{frame: ether(0x8864, join([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x21}, ip4(17, 0, u)))}, v4, Counts{}},
		{"SLL", linkSLL, record{frame: join(make([]byte, 14), be16(0x800), ip4(17, 0, u))}, v4, Counts{}},
		{"SLL2", linkSLL2, record{frame: join(be16(0x86dd), make([]byte, 18), ip6(17, u))}, v6, Counts{}},
		{"BSD loopback", linkNull, record{frame: join([]byte{2, 0, 0, 0}, ip4(17, 0, u))}, v4, Counts{}},
		{"raw IPv4", linkRaw, record{frame: ip4(17, 0, u)}, v4, Counts{}},
		{"raw IPv6", linkRaw, record{frame: ip6(17, u)}, v6, Counts{}},
		{"GRE", linkRaw, record{frame: ip4(47, 0, gre(0, 0, 0x800, ip4(17, 0, u)))}, v4, Counts{}},
		{"GRE with checksum, key and number", linkRaw, record{frame: ip6(47, gre(0xb0, 12, 0x86dd, ip6(17, u)))}, v6, Counts{}},
		{"Ethernet in GRE", linkRaw, record{frame: ip4(47, 0, gre(0x20, 4, 0x6558, ether(0x800, ip4(17, 0, u))))}, v4, Counts{}},
		{"IPv6 in IPv4", linkRaw, record{frame: ip4(41, 0, ip6(17, u))}, v6, Counts{}},
		{"options of IPv6", linkRaw, record{frame: ip6(0, join([]byte{60, 0, 1, 4, 0, 0, 0, 0}, []byte{17, 1}, make([]byte, 14), u))}, v6, Counts{}},
		{"a fragment that is all", linkRaw, record{frame: ip6(44, join([]byte{17, 0, 0, 0, 0, 0, 0, 9}, u))}, v6, Counts{}},
		{"options of IPv4", linkRaw, record{frame: func() []byte {
			p := ip4(17, 0, u)
			p[0], p[3] = 0x46, p[3]+4
			return join(p[:20], make([]byte, 4), p[20:])
		}()}, v4, Counts{}},
		{"a total length of 0", linkRaw, record{frame: func() []byte {
			p := ip4(17, 0, u)
			p[2], p[3] = 0, 0
			return p
		}()}, v4, Counts{}},
		{"cut in the payload", linkRaw, record{ip4(17, 0, u)[:31], 33}, "1 1000500 192.0.2.1:4000 239.1.1.1:3400 hel of 5", Counts{}},
		{"cut in the header", linkRaw, record{ip4(17, 0, u)[:24], 33}, "", Counts{Cut: 1}},
		{"TCP", linkRaw, record{frame: ip4(6, 0, u)}, "", Counts{Other: 1}},
		{"ARP", linkEthernet, record{frame: ether(0x806, u)}, "", Counts{Other: 1}},
		{"a link type that is not read", 105, record{frame: u}, "", Counts{Unknown: 1}},
		{"nothing", linkEthernet, record{}, "", Counts{Malformed: 1}},
		{"IPv4 longer than its frame", linkRaw, record{frame: ip4(17, 0, u)[:30]}, "", Counts{Malformed: 1}},
		{"UDP longer than its packet", linkRaw, record{frame: ip4(17, 0, join(be16(1), be16(2), be16(99), be16(0)))}, "", Counts{Malformed: 1}},
		{"UDP shorter than its header", linkRaw, record{frame: ip4(17, 0, join(be16(1), be16(2), be16(7), be16(0)))}, "", Counts{Malformed: 1}},
		{"40 tunnels", linkRaw, record{frame: deep}, "", Counts{Nested: 1}},
		{"VLAN tags without end", linkEthernet, record{frame: ether(0x8100, bytes.Repeat([]byte{0, 7, 0x81, 0}, 1000))}, "", Counts{Nested: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, counts, err := read(t, pcapFile(binary.LittleEndian, magicMicro, test.kind, test.frame))
			if err != nil || strings.Join(got, "\n") != test.want {
				t.Errorf("read %q, %v, want %q", got, err, test.want)
			}
			want := test.count
			want.Packets, want.Datagrams = 1, uint64(len(got))
			if diff := cmp.Diff(want, counts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPcapForms(t *testing.T) {
	frame := record{frame: ip4(17, 0, udp("x"))}
	want := []string{"1 1000500 192.0.2.1:4000 239.1.1.1:3400 x", "2 1000501 192.0.2.1:4000 239.1.1.1:3400 x"}
	for name, file := range map[string][]byte{
		"little": pcapFile(binary.LittleEndian, magicMicro, linkRaw, frame, frame),
		"big":    pcapFile(binary.BigEndian, magicMicro, linkRaw, frame, frame),
		"nano":   pcapFile(binary.BigEndian, magicNano, linkRaw, frame, frame),
		"gzip": func() []byte {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(pcapFile(binary.LittleEndian, magicNano, linkRaw, frame, frame))
			_ = z.Close()
			return b.Bytes()
		}(),
	} {
		got, _, err := read(t, file)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// ngBlock is a block of pcapng.
func ngBlock(order binary.AppendByteOrder, kind uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	n := uint32(len(body) + 12)
	b := order.AppendUint32(order.AppendUint32(nil, kind), n)
	return order.AppendUint32(append(b, body...), n)
}

func ngSection(order binary.AppendByteOrder) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(order.AppendUint16(b, 1), 0)
	return ngBlock(order, blockSection, order.AppendUint64(b, 1<<64-1))
}

func ngInterface(order binary.AppendByteOrder, kind linkType, options ...byte) []byte {
	b := order.AppendUint16(order.AppendUint16(nil, uint16(kind)), 0)
	return ngBlock(order, blockInterface, append(order.AppendUint32(b, 0), options...))
}

func ngPacket(order binary.AppendByteOrder, index uint32, stamp uint64, frame []byte) []byte {
	b := order.AppendUint32(order.AppendUint32(nil, index), uint32(stamp>>32))
	b = order.AppendUint32(b, uint32(stamp))
	b = order.AppendUint32(order.AppendUint32(b, uint32(len(frame))), uint32(len(frame)))
	return ngBlock(order, blockEnhanced, append(b, frame...))
}

func TestPcapng(t *testing.T) {
	l, b := binary.LittleEndian, binary.BigEndian
	raw := ip4(17, 0, udp("xyz"))
	file := join(
		ngSection(l), ngInterface(l, linkEthernet), ngBlock(l, 0xbad, make([]byte, 100)),
		ngPacket(l, 0, 1000_500_000, ether(0x800, raw)),
		ngInterface(l, linkRaw, 9, 0, 1, 0, 3, 0, 0, 0),                                            // milliseconds
		ngInterface(l, linkRaw, 9, 0, 1, 0, 0x80|10, 0, 0, 0, 14, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0), // 2^-10 s, 1 s on
		ngPacket(l, 1, 1000_501, raw),
		ngPacket(l, 2, 1000<<10+512, raw),
		ngPacket(l, 7, 1, raw), // no such interface
		ngBlock(l, blockSimple, append(l.AppendUint32(nil, uint32(14+len(raw))), ether(0x800, raw)...)),
		ngSection(b), ngInterface(b, linkRaw, 0, 9, 0, 1, 0x80|0x7f, 0, 0, 0), // a resolution that cannot be
		ngPacket(b, 0, 1<<63, raw),
	)
	got, counts, err := read(t, file)
	const rest = " 192.0.2.1:4000 239.1.1.1:3400 xyz"
	want := []string{"1 1000500" + rest, "2 1000501" + rest, "3 1001500" + rest, "5 0" + rest, "6 0" + rest}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if diff := cmp.Diff(Counts{Packets: 6, Datagrams: 5, Unknown: 1}, counts); diff != "" {
		t.Error(diff)
	}
	for n := range len(file) {
		got, _, err := read(t, file[:n])
		if len(got) > len(want) || !cmp.Equal(got, want[:len(got)]) && len(got) > 0 {
			t.Fatalf("of the first %d bytes: %q", n, got)
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	}
}

func TestFragments(t *testing.T) {
	payload := strings.Repeat("0123456789abcdef", 300)
	whole := udp(payload)
	four := func(from, to int) record {
		field := from / 8
		if to < len(whole) {
			field |= 0x2000
		}
		return record{frame: ip4(17, field, whole[from:to])}
	}
	six := func(from, to int) record {
		field := from
		if to < len(whole) {
			field |= 1
		}
		return record{frame: ip6(44, join([]byte{17, 0}, be16(field), []byte{0, 0, 0, 9}, whole[from:to]))}
	}
	end := len(whole)
	tests := []struct {
		name    string
		records []record
		want    int // packet with which the datagram came; 0: it did not
		count   Counts
	}{
		{"in order", []record{four(0, 1480), four(1480, 2960), four(2960, end)}, 3, Counts{Fragments: 2}},
		{"out of order", []record{four(2960, end), four(0, 1480), four(1480, 2960)}, 3, Counts{Fragments: 2}},
		{"IPv6", []record{six(1480, 2960), six(0, 1480), six(2960, end)}, 3, Counts{Fragments: 2}},
		{"one twice", []record{four(0, 1480), four(0, 1480), four(1480, end)}, 3, Counts{Fragments: 2}},
		{"one is missing", []record{four(0, 1480), four(2960, end)}, 0, Counts{Fragments: 2, Incomplete: 1}},
		{"overlap", []record{four(0, 1480), four(1472, end)}, 0, Counts{Fragments: 1, Incomplete: 1, Malformed: 1}},
		{"beyond the end", []record{four(2960, end), {frame: ip4(17, 0x2000|1000, make([]byte, 80))}}, 0, Counts{Fragments: 1, Incomplete: 1, Malformed: 1}},
		{"beyond any packet", []record{{frame: ip4(17, 0x1fff, make([]byte, 80))}}, 0, Counts{Malformed: 1}},
		{"cut by the capture", []record{{four(0, 1480).frame[:100], 1500}, four(1480, end)}, 0, Counts{Cut: 1, Fragments: 1, Incomplete: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, counts, err := read(t, pcapFile(binary.LittleEndian, magicMicro, linkRaw, test.records...))
			if err != nil {
				t.Fatal(err)
			}
			want := test.count
			want.Packets = uint64(len(test.records))
			if test.want > 0 {
				want.Datagrams = 1
				if len(got) != 1 || !strings.HasPrefix(got[0], fmt.Sprint(test.want, " ")) ||
					!strings.HasSuffix(got[0], " "+payload) {
					t.Errorf("got %.80q", got)
				}
			}
			if diff := cmp.Diff(want, counts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFragmentsAreBounded: first fragments of a million packets of which no second one comes.
func TestFragmentsAreBounded(t *testing.T) {
	first := ip4(17, 0x2000, make([]byte, 64))
	var file bytes.Buffer
	file.Write(pcapFile(binary.LittleEndian, magicMicro, linkRaw))
	const n = 10_000
	for i := range n {
		binary.BigEndian.PutUint16(first[4:], uint16(i))
		file.Write(pcapFile(binary.LittleEndian, magicMicro, linkRaw, record{frame: first})[fileHeaderLen:])
	}
	r, err := NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	var d Datagram
	if err := r.Next(&d); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(r.joiner.parts) != maxParts || r.Counts().Incomplete != n {
		t.Errorf("%d are held, %+v", len(r.joiner.parts), r.Counts())
	}
}

// TestLyingLengths: a file of some bytes does not take memory for what it claims.
func TestLyingLengths(t *testing.T) {
	long := make([]byte, recordHeaderLen)
	binary.LittleEndian.PutUint32(long[8:], 1<<31)
	for name, file := range map[string][]byte{
		"a record":    append(pcapFile(binary.LittleEndian, magicMicro, linkRaw), long...),
		"a block":     join(ngSection(binary.LittleEndian), []byte{6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}),
		"no block":    join(ngSection(binary.LittleEndian), []byte{6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
		"no capture":  []byte("<html>"),
		"nothing":     {},
		"byte order":  join([]byte{0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0}, make([]byte, 20)),
		"version 9":   {0xd4, 0xc3, 0xb2, 0xa1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"gzip of air": {0x1f, 0x8b, 8, 0},
	} {
		if got, _, err := read(t, file); !errors.Is(err, ErrFormat) || len(got) > 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// A packet that claims more than its block has.
	file := join(ngSection(binary.LittleEndian), ngInterface(binary.LittleEndian, linkRaw),
		ngPacket(binary.LittleEndian, 0, 0, ip4(17, 0, udp("x"))))
	binary.LittleEndian.PutUint32(file[len(file)-4-32-8:], 1<<31)
	if got, _, err := read(t, file); err != nil || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWriter(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, Raw, "lo")
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1000_500)
	mapped := netip.AddrPortFrom(netip.AddrFrom16(dst4.Addr().As16()), dst4.Port())
	for i, to := range []netip.AddrPort{dst4, dst6, mapped, mapped} {
		if err := w.Datagram(at, []netip.AddrPort{src4, src6, src4, src6}[i], to, []byte("abcde"), ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Packet(at, ip4(17, 0, udp("fgh")), 31, "object completed\n<b>"); err != nil {
		t.Fatal(err)
	}
	got, _, err := read(t, file.Bytes())
	want := []string{
		"1 1000500 192.0.2.1:4000 239.1.1.1:3400 abcde", "2 1000500 [2001:db8::1]:4000 [ff15::1]:3400 abcde",
		"3 1000500 192.0.2.1:4000 239.1.1.1:3400 abcde",
		"4 1000500 [2001:db8::1]:4000 [::ffff:239.1.1.1]:3400 abcde", // IPv4 cannot carry that
		"5 1000500 192.0.2.1:4000 239.1.1.1:3400 fgh",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if !bytes.Contains(file.Bytes(), []byte("object completed\n<b>")) {
		t.Error("the comment is missing")
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	frames := make([]record, 200)
	for i := range frames {
		frames[i].frame = ether(0x800, ip4(17, 0, udp(strings.Repeat("x", 1400))))
	}
	r, err := NewReader(bytes.NewReader(pcapFile(binary.LittleEndian, magicMicro, linkEthernet, frames...)))
	if err != nil {
		t.Fatal(err)
	}
	var d Datagram
	if n := testing.AllocsPerRun(100, func() {
		if err := r.Next(&d); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNext(b *testing.B) {
	l := binary.LittleEndian
	frame := ether(0x800, ip4(17, 0, udp(strings.Repeat("x", 1400))))
	pcap, ng := pcapFile(l, magicMicro, linkEthernet), join(ngSection(l), ngInterface(l, linkEthernet))
	for range 10_000 {
		pcap = append(pcap, pcapFile(l, magicMicro, linkEthernet, record{frame: frame})[fileHeaderLen:]...)
		ng = append(ng, ngPacket(l, 0, 0, frame)...)
	}
	for name, file := range map[string][]byte{"pcap": pcap, "pcapng": ng} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				var d Datagram
				for r.Next(&d) == nil {
				}
				if r.Counts().Datagrams != 10_000 {
					b.Fatal(r.Counts())
				}
			}
		})
	}
}
