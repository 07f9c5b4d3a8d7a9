package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
)

// TestReplay: what a capture shows as one packet is sent as the datagrams that it is, elsewhere and with another TSI.
func TestReplay(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	datagram := func(n int) []byte { // a TSI and a TOI of 32 bits
		return append([]byte{0x10, 0xa0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1}, make([]byte, n-16)...)
	}
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, capture.Raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	from, to := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("239.1.1.1:3400")
	joined := bytes.Join([][]byte{datagram(1400), datagram(1400), datagram(99)}, nil)
	for _, payload := range [][]byte{joined, datagram(50)} {
		if err := w.Datagram(time.Unix(1, 0), from, to, payload, ""); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "joined.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runCommandLine(t, "replay", "--to", conn.LocalAddr().String(), "--interface", "lo",
		"--tsi", "77", path)
	if code != exitOK || !strings.Contains(stdout, "sent 4 datagrams") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	b := make([]byte, 4096)
	for _, want := range []int{1400, 1400, 99, 50} {
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(b)
		if err != nil || n != want || binary.BigEndian.Uint32(b[8:]) != 77 {
			t.Errorf("%d bytes, %v, want %d; %x", n, err, want, b[:16])
		}
	}
}
