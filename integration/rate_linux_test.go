package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAsFastAsRead: without a rate a file arrives over the loopback interface without loss, whatever else the machine
// does, and both ends say by which means.
func TestAsFastAsRead(t *testing.T) {
	t.Parallel()
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	file := write(t, from, "file", 64<<20)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "1", "--timeout", "60s", to)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--fec", "no-code", "--rate", "0", file)
	s.ok()
	r.ok()
	same(t, file, filepath.Join(to, "file"))
	for _, p := range []*process{s, r} {
		if means := p.named("ready", "means"); len(means) != 1 || !strings.Contains(means[0].(string), "mmsg") {
			t.Errorf("%v: %v", p.cmd.Args, means)
		}
	}
}

// TestBenchSessions: what several sessions send is counted, and nothing is lost. The buffer of a socket may be for a
// tenth of a second, in which a busy machine does not read: then it is tried again.
func TestBenchSessions(t *testing.T) {
	t.Parallel()
	var b *process
	for range 5 {
		b = start(t, "bench", "sessions", "--sessions", "1,3", "--rate", "20Mbit", "--seconds", "1", "--json")
		b.ok()
		if !slices.ContainsFunc(b.events(), func(e map[string]any) bool {
			return e["operation"] == "sessions" && e["kernel_drops"] != 0.0
		}) {
			break
		}
	}
	found := 0.0
	for _, e := range b.events() {
		if e["operation"] != "sessions" {
			continue
		}
		found += e["sessions"].(float64)
		// 1,700 datagrams carry what is sent at this rate in a second.
		if n := e["datagrams"].(float64); n < 1700 || e["lost_files"] != 0.0 || e["dropped"] != 0.0 ||
			e["kernel_drops"] != 0.0 || e["ratio"].(float64) <= 0 {
			t.Errorf("%v", e)
		}
	}
	if found != 1+3 {
		t.Errorf("measured %v sessions", found)
	}
}
