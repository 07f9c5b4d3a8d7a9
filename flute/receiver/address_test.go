package receiver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store/mem"
)

// routeCase is a case of testdata/route/datagrams.txt, which write.py there has written: it says what the lines mean.
type routeCase struct {
	name      string
	datagrams [][]byte
	files     map[string]string // SHA-256 by name; empty: it must not come
	drop, dup uint64
}

func routeCases(t testing.TB) (cases []routeCase) {
	f, err := os.Open("testdata/route/datagrams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		if word == "case" {
			cases = append(cases, routeCase{name: rest, files: map[string]string{}})
			continue
		}
		c := &cases[len(cases)-1]
		switch word {
		case ">":
			b, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			c.datagrams = append(c.datagrams, b)
		case "=":
			digest, name, _ := strings.Cut(rest, " ")
			c.files[name] = digest
		case "-":
			c.files[rest] = ""
		case "drop":
			_, err = fmt.Sscan(rest, &c.drop)
		case "dup":
			_, err = fmt.Sscan(rest, &c.dup)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// routeKey returns the session of a datagram whose TSI has 32 bits.
func routeKey(datagram []byte) flute.SessionKey {
	k := key
	k.TSI = flute.TSI(binary.BigEndian.Uint32(datagram[8:]))
	return k
}

// G01: TestConf_G01_ROUTE receives what an independent program has written from the RFC.
func TestConf_G01_ROUTE(t *testing.T) {
	for _, c := range routeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			files := mem.New()
			r, err := New(Config{Registry: schemes.Default(), Store: files, ROUTE: true})
			if err != nil {
				t.Fatal(err)
			}
			keys := map[flute.SessionKey]bool{}
			now := start
			for _, d := range c.datagrams {
				keys[routeKey(d)] = true
				r.Handle(now, routeKey(d), d)
				now = now.Add(time.Millisecond)
			}
			var dropped, dup, received, accepted uint64
			for k := range keys {
				n, _ := r.Counters(k)
				received, accepted, dup = received+n.Received, accepted+n.Accepted, dup+n.Duplicate
				for _, d := range n.Dropped {
					dropped += d
				}
			}
			if received != uint64(len(c.datagrams)) || received != accepted+dup+dropped {
				t.Errorf("%d datagrams, received %d, accepted %d, %d repetitions, %d dropped",
					len(c.datagrams), received, accepted, dup, dropped)
			}
			if dropped != c.drop || dup != c.dup {
				t.Errorf("%d dropped, want %d; %d repetitions, want %d", dropped, c.drop, dup, c.dup)
			}
			for name, want := range c.files {
				b, ok := files.Get(name)
				digest := sha256.Sum256(b)
				if got := hex.EncodeToString(digest[:]); ok != (want != "") || ok && got != want {
					t.Errorf("%s: %v, %d bytes, %s, want %q", name, ok, len(b), got, want)
				}
			}
			if t.Failed() {
				t.Log(files.Files())
				for _, e := range r.Events() {
					if _, ok := e.(event.ObjectProgress); !ok {
						t.Logf("%T %+v", e, e)
					}
				}
			}
		})
	}
}

// routeDatagram returns the packet of ROUTE with at most n bytes of an object from off on; EXT_TOL tells its length.
func routeDatagram(tsi flute.TSI, codepoint uint8, object []byte, off, n int) []byte {
	b := []byte{0x12, 0xa0, 6, codepoint, 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, uint32(tsi))
	b = binary.BigEndian.AppendUint32(b, 1)                                // TOI
	b = binary.BigEndian.AppendUint64(b, 67<<56|2<<48|uint64(len(object))) // EXT_TOL, 48 bits
	b = binary.BigEndian.AppendUint32(b, uint32(off))
	return append(b, object[off:min(off+n, len(object))]...)
}

// Packets of ROUTE allocate nothing, whatever their codepoint says stands in front of the bytes: start_offset, SBN and
// ESI, or nothing. Those of the last kind repeat an object that is complete, since they have all of it.
func TestROUTEAllocatesNothing(t *testing.T) {
	const symbol = 1400
	content := random(4<<20, 1)
	document := fmt.Appendf(nil, `<S-TSID xmlns="tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/S-TSID/1.0/"><RS>`+
		`<LS tsi="7"><SrcFlow rt="true"><EFDT><FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294900000">`+
		`<File TOI="1" Content-Location="a" Content-Length="%d"/></FDT-Instance></EFDT>`+
		`<Payload codePoint="128" formatId="1" srcFecPayloadId="0"/>`+
		`<Payload codePoint="129" formatId="1" srcFecPayloadId="2"><FECParameters fecOTI="AAAAAAAABXg="/></Payload>`+
		`</SrcFlow></LS></RS></S-TSID>`, len(content))
	for codepoint, what := range map[uint8]string{8: "start_offset", 128: "nothing", 129: "SBN and ESI"} {
		object := content
		if codepoint == 128 {
			object = content[:symbol]
		}
		signalled := bytes.ReplaceAll(document, fmt.Append(nil, len(content)), fmt.Append(nil, len(object)))
		cfg, err := Config{Registry: schemes.Default(), Store: sink{}, ROUTE: true, STSID: signalled}.Validated()
		if err != nil {
			t.Fatal(err)
		}
		k := key
		k.TSI = 7
		l := NewLedger(cfg, k)
		s := l.NewSession()
		var o *Object
		feed := func(b []byte) {
			p, ok := s.Route(start, Origin{}, b)
			if !ok {
				return
			}
			if o == nil {
				o = l.NewObject(flute.NewTOI(1))
			}
			o.Handle(start, &p)
		}
		var packets [][]byte
		for off := 0; off < len(object); off += symbol {
			b := routeDatagram(7, codepoint, object, off, symbol)
			switch codepoint {
			case 128:
				b = append(b[:24:24], b[28:]...)
			case 129:
				binary.BigEndian.PutUint32(b[24:], uint32(off/symbol))
			}
			packets = append(packets, b)
		}
		next := min(100, len(packets))
		for _, b := range packets[:next] {
			feed(b)
			for range 3 { // the Works of an object of one packet: write, verify, publish
				for _, w := range o.Effects().Works {
					w.Run(nil)
					o.Done(start, w)
				}
			}
		}
		n := testing.AllocsPerRun(25, func() {
			feed(packets[min(next, len(packets)-1)])
			next++
		})
		c := l.Counters()
		if n != 0 || c.Received != c.Accepted+c.Duplicate || codepoint != 128 && c.Accepted != uint64(next) {
			t.Errorf("%s: %v allocations a packet, %+v", what, n, c)
		}
	}
}

// A dataless packet with a start_offset says nothing of the bytes: packets that come in order behind it still are in
// order, so that the B flag tells the length of the object.
func TestDatalessOffset(t *testing.T) {
	object := []byte("HTTP/1.1 200 OK\r\nContent-Location: a\r\n\r\ncontent")
	untold := func(off, n int) []byte { // without EXT_TOL
		b := routeDatagram(7, 9, object, off, n)
		b[2] -= 2
		return slices.Delete(b, 16, 24)
	}
	dataless := untold(0, 0)
	binary.BigEndian.PutUint32(dataless[16:], 1000)
	first, last := untold(0, 20), untold(20, 100)
	last[1] |= 1 // B
	r, err := New(Config{Registry: schemes.Default(), Store: mem.New(), ROUTE: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{dataless, first, last} {
		r.Handle(start, routeKey(first), b)
	}
	if !slices.ContainsFunc(r.Events(), func(e event.Event) bool { _, ok := e.(event.ObjectCompleted); return ok }) {
		t.Error("the object is not complete")
	}
}

// A packet of ROUTE without bytes (RFC 9223, section 5.2) begins nothing, though it may have a start_offset, 0 or not:
// else one that only closes an object would pass for the first of another turn.
func TestPacketWithoutBytes(t *testing.T) {
	r := newRig(t, func(c *Config) { c.ROUTE = true })
	read := 0
	for _, c := range routeCases(t) {
		for _, d := range c.datagrams {
			var whole Packet
			if r.s.parseROUTE(&whole, d) != nil || !whole.alc.HasOffset || len(whole.alc.Body) == 0 {
				continue
			}
			if first := whole.alc.Offset == 0; isFirst(&whole.alc) != first {
				t.Fatalf("%s: offset %d, first: %v", c.name, whole.alc.Offset, !first)
			}
			var empty Packet
			err := r.s.parseROUTE(&empty, d[:len(d)-len(whole.alc.Body)])
			if a := &empty.alc; err != nil || a.HasOffset || a.Offset != 0 || len(a.Body) > 0 || isFirst(a) {
				t.Fatalf("%s: without bytes: %+v, %v", c.name, a, err)
			}
			read++
		}
	}
	if read < 10 {
		t.Errorf("%d datagrams", read)
	}
}
