package integration

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHostNames(t *testing.T) {
	t.Parallel()
	port, dir := newPort(t), t.TempDir()
	host := fmt.Sprintf("localhost:%d", port)
	r := start(t, "receive", "--group", host, "--timeout", "60s", dir)
	listening(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
	file := write(t, t.TempDir(), "file", 10_000)
	start(t, "send", "--to", host, file).ok()
	r.ok()
	same(t, file, filepath.Join(dir, "file"))
}

// A group that is given twice is received once.
func TestGroupGivenTwice(t *testing.T) {
	t.Parallel()
	group, dir := newGroup(t), t.TempDir()
	r := start(t, "receive", "--group", fmt.Sprintf("%v,%v", group, group), "--interface", "lo", "--timeout", "60s",
		dir)
	listening(t, group)
	start(t, "send", "--to", group.String(), "--interface", "lo", write(t, t.TempDir(), "file", 10_000)).ok()
	r.ok()
	warned, completed := 0, 0
	for _, e := range r.events() {
		switch {
		case e["event"] == "warning" && strings.Contains(fmt.Sprint(e["text"]), "twice"):
			warned++
		case e["event"] == "object_completed":
			completed++
		}
	}
	if warned != 1 || completed != 1 {
		t.Errorf("%d warnings, %d files, want one of each", warned, completed)
	}
}

// A sender that dies says nothing any more: the session ends after --session-timeout, and the file is missing by name.
func TestSessionTimeout(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--session-timeout", "2s", "--timeout",
		"80s", t.TempDir())
	listening(t, group)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s := startWith(t, nil, in, "send", "--to", group.String(), "--interface", "lo", "--rate", "1Mbit",
		write(t, t.TempDir(), "file", 4_000_000))
	awaitLine(t, out, "object_progress")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if code := r.wait(); code != 1 || !strings.Contains(r.stderr.String(), "missing: file (session_over: needs ") {
		t.Errorf("exit code %d, %s", code, r.stderr.String())
	}
	if why := r.named("session_closed", "reason"); len(why) != 1 || why[0] != "silent" {
		t.Errorf("session closed: %v, want once, silent", why)
	}
}
