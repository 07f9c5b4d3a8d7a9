package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestSAPGroup(t *testing.T) {
	for group, want := range map[string]string{
		"239.255.1.1": "239.255.255.255:9875", "232.1.1.1": "224.2.127.254:9875", "ff15::1": "[ff05::2:7ffe]:9875",
	} {
		if got := sapGroup(netip.MustParseAddr(group)).String(); got != want {
			t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
}
