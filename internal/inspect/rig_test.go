package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/capture"
)

var (
	source = netip.MustParseAddrPort("192.0.2.1:4000")
	group  = netip.MustParseAddrPort("239.1.1.1:3400")
	begin  = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
)

// packet is one of a capture that is being made.
type packet struct {
	at      time.Time
	payload []byte
}

// sent returns the datagrams of a session with files of the given sizes, a millisecond apart, with a packet that closes
// it. edit changes the configuration.
func sent(t testing.TB, sizes []int, edit func(*sender.Config, *sender.File)) []packet {
	t.Helper()
	cfg := sender.Config{
		Session:  flute.SessionKey{Source: source.Addr(), Group: group, TSI: 7},
		Registry: schemes.Default(),
	}
	var files []sender.File
	for i, n := range sizes {
		r := rand.New(rand.NewPCG(uint64(n), uint64(i)))
		content := make([]byte, n)
		for j := range content {
			content[j] = byte(r.Uint32())
		}
		f := sender.File{
			ContentLocation: fmt.Sprintf("file:///f%d.bin", i), ContentType: "application/octet-stream",
			Content: bytes.NewReader(content), Size: uint64(n),
		}
		if edit != nil {
			edit(&cfg, &f)
		}
		files = append(files, f)
	}
	s, err := sender.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		o, err := sender.Prepare(context.Background(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if cfg.Profile != fdt.MBMSDownload {
		if err := s.SetComplete(); err != nil {
			t.Fatal(err)
		}
	}
	var list []packet
	now := begin
	for !s.Done() {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		list = append(list, packet{now, b})
		now = now.Add(time.Millisecond)
	}
	return append(list, packet{now, s.AppendClose(nil)})
}

// pcap writes packets as a capture.
func pcap(t testing.TB, list []packet) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, capture.Raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if err := w.Datagram(p.at, source, group, p.payload, ""); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// judged returns the report on a capture.
func judged(t testing.TB, file []byte, cfg Config) *Report {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	in := New(cfg)
	var d capture.Datagram
	for err = r.Next(&d); err == nil; err = r.Next(&d) {
		in.Datagram(&d)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	report := in.Report()
	report.Finish("test.pcap", r.Counts(), err)
	return report
}

// broken returns the ids of the rules that a session breaks.
func broken(x *Session) (ids []string) {
	for _, v := range x.Violations {
		ids = append(ids, v.Rule)
	}
	return ids
}

// isFDT reports whether a packet of these tests carries an FDT Instance: TSI and TOI of 16 bits.
func isFDT(p packet) bool { return len(p.payload) > 12 && p.payload[10] == 0 && p.payload[11] == 0 }
