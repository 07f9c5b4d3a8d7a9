package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/capture"
)

// writeCapture writes the datagrams of the cases of ROUTE, which an independent program has made, each case on a group
// of its own, and returns the files that shall come of those without faults of the sender.
func writeCapture(t *testing.T, path string) (want map[string]string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := capture.NewWriter(f, capture.Raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open("../../flute/receiver/testdata/route/datagrams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	want = map[string]string{}
	source := netip.MustParseAddrPort("192.0.2.1:4000")
	group := netip.MustParseAddrPort("239.1.0.0:5000")
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	name := ""
	for lines := bufio.NewScanner(in); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "case":
			name = rest
			group = netip.AddrPortFrom(group.Addr().Next(), group.Port())
		case ">":
			datagram, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(time.Millisecond)
			if err := w.Datagram(at, source, group, datagram, ""); err != nil {
				t.Fatal(err)
			}
		case "=":
			if digest, file, _ := strings.Cut(rest, " "); name != "live" || file == "video/init.mp4" {
				want[file] = digest
			}
		}
	}
	return want
}

// TestReceiveFromCapture receives ROUTE from a capture, as a user does.
func TestReceiveFromCapture(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "route.pcapng")
	want := writeCapture(t, path)
	out := filepath.Join(dir, "out")
	code, stdout, _ := runCommandLine(t, "receive", "--profile", "route", "--pcap", path, out)
	if code != exitFailed { // of one file the chunks are wrong
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	for name, digest := range want {
		if name == "tsi-0-toi-7" { // each case has one
			continue
		}
		b, err := os.ReadFile(filepath.Join(out, name))
		got := sha256.Sum256(b)
		if err != nil || hex.EncodeToString(got[:]) != digest {
			t.Errorf("%s: %v, %d bytes", name, err, len(b))
		}
	}
	for _, bad := range [][]string{
		{"--pcap", path},
		{"--pcap", path, "-"},
		{"--pcap", path, "--until", "closed", out},
		{"--pcap", path, "--interface", "lo", out},
		{"--pcap", filepath.Join(dir, "none"), out},
		{"--pcap", "receivepcap_test.go", out},
		{"--pcap", path, "--s-tsid", path, out},
		{"--pcap", path, "--profile", "rute", out},
	} {
		if code, stdout, _ := runCommandLine(t, append([]string{"receive"}, bad...)...); code != exitUsage {
			t.Errorf("%v: exit code %d\n%s", bad, code, stdout)
		}
	}
}

// TestReceiveJoined: what a capture on the sending machine shows as one packet is received as the datagrams that it is,
// and garbage of many TSIs takes no place of a session for good.
func TestReceiveJoined(t *testing.T) {
	from, to := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("239.1.1.1:3400")
	s, err := sender.New(sender.Config{
		Session: flute.SessionKey{Source: from.Addr(), Group: to, TSI: 7}, Registry: schemes.Default(),
	})
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("flute-node"), 3000)
	o, err := sender.Prepare(t.Context(), sender.File{
		ContentLocation: "f", ContentType: "text/plain", Content: bytes.NewReader(content), Size: uint64(len(content)),
	}, nil)
	if err == nil {
		_, err = s.Add(o)
	}
	if err != nil {
		t.Fatal(err)
	}
	path, out := filepath.Join(t.TempDir(), "joined.pcapng"), t.TempDir()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, capture.Raw, "test")
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for i := range maxCaptured + 1 { // version 1, a TSI of 32 bits, no TOI
		garbage := binary.BigEndian.AppendUint32([]byte{0x10, 0x80, 3, 0, 0, 0, 0, 0}, uint32(i)+100)
		err = errors.Join(err, w.Datagram(at, from, to, garbage, ""))
	}
	at = at.Add(time.Hour)
	var joined []byte
	size := 0 // of each in joined
	flush := func() {
		if len(joined) > 0 {
			err = errors.Join(err, w.Datagram(at, from, to, joined, ""))
		}
		joined = nil
	}
	for !s.Done() && err == nil {
		b, ok, next := s.AppendNext(nil, at)
		if err = next; !ok {
			at = s.Deadline()
			continue
		}
		if len(joined) > 0 && len(b) != size || len(joined) > 8*size { // UDP_SEGMENT takes some of one length
			flush()
		}
		joined, size = append(joined, b...), len(b)
	}
	flush()
	if err = errors.Join(err, os.WriteFile(path, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runCommandLine(t, "receive", "--pcap", path, out)
	if code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if b, err := os.ReadFile(filepath.Join(out, "f")); err != nil || !bytes.Equal(b, content) {
		t.Errorf("%v, %d bytes: %s%s", err, len(b), stdout, stderr)
	}
	if err := os.WriteFile(path, file.Bytes()[:file.Len()-9], 0o600); err != nil { // the capture is cut
		t.Fatal(err)
	}
	if code, _, stderr := runCommandLine(t, "receive", "--pcap", path, t.TempDir()); code != exitFailed {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// runCommandLine runs the command in this process.
func runCommandLine(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = run(args, files[0], files[1])
	text := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return code, text(files[0]), text(files[1])
}
