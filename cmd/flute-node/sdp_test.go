package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/node"
)

// What send prints sdp convert and receive understand; a description of hostile text gets into no flag.
func TestSDPCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, stderr := runCommandLine(t, "send", "--to", "239.255.7.7:4000", "--tsi", "5",
		"--interface", "127.0.0.1", "--fec", "raptorq", "--print-sdp", file)
	if code != exitOK || !strings.HasPrefix(text, "v=0\r\n") {
		t.Fatalf("%d: %s%s", code, text, stderr)
	}
	hostile := strings.Replace(text, "s=FLUTE", "s=$(touch x) \"; --exec y", 1)
	for name, text := range map[string]string{"plain": text, "hostile": hostile} {
		sdp := filepath.Join(dir, name+".sdp")
		if err := os.WriteFile(sdp, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for to, want := range map[string]string{
			"flags": "--group 239.255.7.7:4000 --source 127.0.0.1 --tsi 5",
			"sdp":   "a=flute-tsi:5", "config": `group: ["239.255.7.7:4000"]`, "json": `"fec_encoding_id":6`,
		} {
			code, got, _ := runCommandLine(t, "sdp", "convert", "--to", to, sdp)
			if code != exitOK || !strings.Contains(got, want) {
				t.Errorf("%s to %s: %d, %s", name, to, code, got)
			}
			if (to == "flags" || to == "config") && strings.Contains(got, "touch") {
				t.Errorf("%s to %s: %s", name, to, got)
			}
		}
	}
	if code, _, _ := runCommandLine(t, "send", "--to", "239.255.7.7:4000", "--print-sdp", file); code != exitUsage {
		t.Errorf("without --tsi: %d", code)
	}
	if code, _, _ := runCommandLine(t, "sdp", "convert", file); code != exitUsage {
		t.Errorf("no SDP: %d", code)
	}
}

// TestReceiveBySDP: receive takes a description from a pipe, as sdp convert does, and tells whose datagrams it takes.
func TestReceiveBySDP(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sdp")
	text := "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nt=0 0\r\na=source-filter: incl IN IP4 * 192.0.2.1\r\n" +
		"a=flute-tsi:5\r\nm=application 4000 FLUTE/UDP 0\r\nc=IN IP4 239.255.7.7/1\r\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func(stdin *os.File) { os.Stdin = stdin; _ = f.Close() }(os.Stdin)
	os.Stdin = f
	for _, from := range []string{name, "-"} {
		c := receiveCommand{SDP: from}
		var cfg node.ReceiveConfig
		if err := c.describe(&cfg); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		if cfg.Group.String() != "239.255.7.7:4000" || cfg.Source.String() != "192.0.2.1" || c.Source != "192.0.2.1" {
			t.Errorf("%s: group %v, source %v, told %q", from, cfg.Group, cfg.Source, c.Source)
		}
	}
}

func TestSAPGroup(t *testing.T) {
	for group, want := range map[string]string{
		"239.255.1.1": "239.255.255.255:9875", "232.1.1.1": "224.2.127.254:9875", "ff15::1": "[ff05::2:7ffe]:9875",
	} {
		if got := sapGroup(netip.MustParseAddr(group)).String(); got != want {
			t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
}
