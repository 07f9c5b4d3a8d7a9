package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/capture"
)

// TestInspectExitCodes: what is in a capture is what the command exits with.
func TestInspectExitCodes(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, payloads ...[]byte) string {
		var b bytes.Buffer
		w, err := capture.NewWriter(&b, capture.Raw, "test")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range payloads {
			if err := w.Datagram(time.Unix(1, 0), netip.MustParseAddrPort("192.0.2.1:1"),
				netip.MustParseAddrPort("239.1.1.1:3400"), p, ""); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := func(name, s string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// A packet of an FDT Instance of version 3.
	bad := []byte{
		0x10, 0x10, 5, 0, 0, 0, 0, 0, 0, 7, 0, 0, 64, 4, 0, 0, 0, 0, 0, 9, 0, 0, 5, 120, 0, 0, 0, 1,
		192, 0x30, 0, 0,
	}
	bad[2] = byte(len(bad) / 4)
	bad = append(bad, 0, 0, 0, 0, 'x')
	const good = `<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294900000"><File TOI="1" ` +
		`Content-Location="a" Content-Type="text/plain"/></FDT-Instance>`
	file := `<File TOI="1" Content-Location="a" Content-Type="text/plain"/>`
	twice := strings.Replace(good, file, file+file, 1)
	page := filepath.Join(dir, "page.html")
	for _, test := range []struct {
		want int
		args []string
	}{
		{exitNothing, []string{"inspect", write("other.pcapng", []byte("GET /"))}},
		{exitViolations, []string{"inspect", "--html", page, write("bad.pcapng", bad)}},
		{exitUsage, []string{"inspect", text("no.pcap", "this is none")}},
		{exitUsage, []string{"inspect", filepath.Join(dir, "missing")}},
		{exitUsage, []string{"inspect"}},
		{exitOK, []string{"lint", "--at", "2026-11-29T00:00:00Z", text("good.xml", good)}},
		{exitViolations, []string{"lint", "--at", "2036-06-01T00:00:00Z", text("late.xml", good)}},
		{exitViolations, []string{"lint", text("bad.xml", "<FDT-Instance")}},
		{exitViolations, []string{"lint", "--at", "2026-11-29T00:00:00Z", text("twice.xml", twice)}},
		{exitOK, []string{"lint", "--hex", text("close.hex", "10 82 03 00: 0000\n0000 00000007")}},
		{exitViolations, []string{"lint", "--hex", text("bad.hex", "20820300")}},
		{exitUsage, []string{"lint", "--hex", text("no.hex", "xyz")}},
		{exitUsage, []string{"replay", "--loss", "99%", "--burst", "2", filepath.Join(dir, "bad.pcapng")}},
		{exitUsage, []string{"capture", filepath.Join(dir, "out.pcapng")}},
	} {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := run(test.args, null, null); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.args, got, test.want)
		}
		_ = null.Close()
	}
	if b, err := os.ReadFile(page); err != nil || !bytes.Contains(b, []byte("E01")) {
		t.Errorf("the page: %v", err)
	}
}

// TestCaptureFullDisk: a capture that cannot be written ends, and no datagram is told as written.
func TestCaptureFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	code, stdout, stderr := runCommandLine(t, "capture", "--group", "127.0.0.1:3471", "--duration", "1m", full)
	if code != exitFailed || strings.Contains(stdout, "datagrams") || !strings.Contains(stderr, "no space") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestLosses: the share and the length of bursts are those that were asked for, and the same with the same seed.
func TestLosses(t *testing.T) {
	for _, burst := range []float64{1, 5} {
		l := losses{share: 0.1, burst: burst, random: rand.New(rand.NewPCG(1, 0))}
		const n = 200_000
		lost, bursts, before := 0, 0, false
		for range n {
			now := l.next()
			if now {
				lost++
				if !before {
					bursts++
				}
			}
			before = now
		}
		mean := float64(lost) / float64(bursts)
		want := burst
		if burst == 1 {
			want = 1 / (1 - 0.1) // two losses in a row by chance
		}
		if math.Abs(float64(lost)/n-0.1) > 0.005 || math.Abs(mean-want) > want/20 {
			t.Errorf("burst %v: %d of %d lost, %.2f in a row", burst, lost, n, mean)
		}
	}
}

// TestSetTSI: each header that has a TSI gets another one, if it has room for it.
func TestSetTSI(t *testing.T) {
	for length, toi := range map[uint8]uint8{2: 2, 4: 4, 6: 2} {
		h := lct.Header{HasTSI: true, TSI: 1, TSILen: length, HasTOI: true, TOILen: toi}
		b, err := h.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		most := uint64(1)<<(8*length) - 1
		if setTSI(b, most+1) || !setTSI(b, most) {
			t.Fatalf("TSI of %d bytes", length)
		}
		p, err := alc.Parse(b)
		if err != nil || uint64(p.TSI) != most || p.TOILen != h.TOILen {
			t.Errorf("%+v, %v", p.Header, err)
		}
	}
	for _, b := range [][]byte{nil, {0x10}, make([]byte, 40), {0x10, 0xa0, 4, 0, 0, 0, 0, 0, 1}} {
		if setTSI(b, 1) {
			t.Errorf("%x has no TSI", b)
		}
	}
}
