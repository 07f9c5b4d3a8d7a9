package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// seen is a datagram that was read, without what is valid until the next one only.
type seen struct {
	Number   uint64
	Time     time.Time
	Src, Dst netip.AddrPort
	Payload  []byte
	Length   int
}

// list returns what a Reader of in finds, and what ended it.
func list(in io.Reader) (all []seen, c Counts, err error) {
	r, err := NewReader(in)
	if err != nil {
		return nil, c, err
	}
	var d Datagram
	for {
		if err = r.Next(&d); err != nil {
			return all, r.Counts(), err
		}
		all = append(all, seen{d.Number, d.Time, d.Src, d.Dst, bytes.Clone(d.Payload), d.Length})
	}
}

// FuzzReader: packets are counted, each once, and what is found is possible. It is the same however many bytes a read
// brings, and in a file that was compressed. What is found is written so that it is found again.
func FuzzReader(f *testing.F) {
	l := binary.LittleEndian
	u := udp("hello")
	f.Add(pcapFile(l, magicMicro, linkEthernet,
		record{frame: ether(0x8100, join(be16(7), be16(0x800), ip4(17, 0, u)))}))
	f.Add(pcapFile(binary.BigEndian, magicNano, linkSLL2,
		record{frame: join(be16(0x86dd), make([]byte, 18), ip6(17, u))}))
	f.Add(pcapFile(l, magicMicro, linkRaw, record{frame: ip4(17, 0x2000, u[:8])}, record{frame: ip4(17, 1, u[8:])},
		record{frame: ip4(47, 0, join([]byte{0x20, 0, 8, 0, 0, 0, 0, 1}, ip4(17, 0, u)))}))
	f.Add(join(ngSection(l), ngInterface(l, linkRaw, 9, 0, 1, 0, 9, 0, 0, 0), ngPacket(l, 0, 1<<60, ip4(17, 0, u)),
		ngBlock(l, blockSimple, append(l.AppendUint32(nil, uint32(20+len(u))), ip4(17, 0, u)...))))
	// The buffers of files, of gzip and of a datagram in fragments.
	bound := allocbound.Bound{PerByte: 64, Fixed: 4 << 20}
	f.Fuzz(func(t *testing.T, file []byte) {
		bound.Check(t, len(file), func() { checkRead(t, file) })
		all, c, err := list(bytes.NewReader(file))
		again := func(name string, in io.Reader) {
			t.Helper()
			got, counts, errAgain := list(in)
			if diff := cmp.Diff(all, got, sameAddress); diff != "" || counts != c ||
				errors.Is(err, io.EOF) != errors.Is(errAgain, io.EOF) {
				t.Fatalf("%s: %+v, %v; want %+v, %v%s", name, counts, errAgain, c, err, diff)
			}
		}
		if len(file) < 4<<10 {
			again("byte by byte", iotest.OneByteReader(bytes.NewReader(file)))
		}
		again("with the end", iotest.DataErrReader(bytes.NewReader(file)))
		if !bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
			var packed bytes.Buffer
			z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
			if _, err := z.Write(file); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			again("compressed", &packed)
		}
		checkWritten(t, all)
	})
}

var sameAddress = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// checkRead reads a file, whose bytes it counts.
func checkRead(t *testing.T, file []byte) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		if !errors.Is(err, ErrFormat) && !errors.Is(err, io.ErrUnexpectedEOF) && file[0] != 0x1f { // that: of gzip
			t.Fatal(err)
		}
		return
	}
	var d Datagram
	var before uint64
	for err = r.Next(&d); err == nil; err = r.Next(&d) {
		if len(d.Payload) > maxRecord || d.Length < len(d.Payload) || !d.Src.IsValid() || !d.Dst.IsValid() ||
			d.Number <= before || d.Src.Addr().Is4() != d.Dst.Addr().Is4() {
			t.Fatalf("after packet %d: %+v", before, d)
		}
		before = d.Number
		if _, err := d.Time.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
		checkPieces(t, &d)
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrFormat) &&
		file[0] != 0x1f {
		t.Fatal(err)
	}
	if again := r.Next(&d); !errors.Is(again, err) {
		t.Fatalf("%v, and then %v", err, again)
	}
	c := r.Counts()
	if sum := c.Datagrams + c.Fragments + c.Other + c.Malformed + c.Unknown + c.Nested + c.Cut; sum != c.Packets ||
		before > c.Packets {
		t.Fatalf("%+v, the last one is %d", c, before)
	}
	size := uint64(len(file))
	if file[0] != 0x1f && (r.Offset() > size || errors.Is(err, io.EOF) && r.Offset() != size) {
		t.Fatalf("%d bytes of %d were read: %v", r.Offset(), len(file), err)
	}
}

// checkPieces puts the pieces of d together.
func checkPieces(t *testing.T, d *Datagram) {
	t.Helper()
	var joined []byte
	pieces, length := 0, 0
	n := d.Pieces(func(p *Datagram) {
		if p.Src != d.Src || p.Dst != d.Dst || p.Number != d.Number || p.Length < len(p.Payload) {
			t.Fatalf("%+v is a piece of %+v", p, d)
		}
		joined, length = append(joined, p.Payload...), length+p.Length
		pieces++
	})
	if n != pieces || n < 1 || length != d.Length || !bytes.Equal(joined, d.Payload) {
		t.Fatalf("%d pieces of %d bytes, told %d, of %+v", pieces, length, n, d)
	}
}

// checkWritten writes datagrams, and reads them.
func checkWritten(t *testing.T, all []seen) {
	t.Helper()
	all = slices.DeleteFunc(slices.Clone(all), func(d seen) bool {
		return len(d.Payload) > maxPacket-28 || d.Time.Year() > 2200 // nanoseconds have 63 bits
	})
	if len(all) == 0 {
		return
	}
	var file bytes.Buffer
	w, err := NewWriter(&file, Raw, "x")
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range all {
		comment := ""
		if i%2 == 1 {
			comment = "a comment"
		}
		if err := w.Datagram(d.Time, d.Src, d.Dst, d.Payload, comment); err != nil {
			t.Fatal(err)
		}
		d.Number, d.Length = uint64(i+1), len(d.Payload)
		all[i] = d
	}
	unmapped := cmp.Comparer(func(a, b netip.AddrPort) bool {
		return a.Port() == b.Port() && a.Addr().Unmap() == b.Addr().Unmap()
	})
	got, _, err := list(&file)
	if diff := cmp.Diff(all, got, unmapped); !errors.Is(err, io.EOF) || diff != "" {
		t.Fatalf("%v%s", err, diff)
	}
}
