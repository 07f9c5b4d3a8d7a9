package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
