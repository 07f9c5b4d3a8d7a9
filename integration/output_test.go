package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// `receive | head` goes on receiving.
func TestReaderThatLeaves(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("pipes break in another way")
	}
	group, from, dir := newGroup(t), t.TempDir(), t.TempDir()
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startWith(t, nil, pw, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", dir)
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(pr).ReadString('\n'); err != nil || !strings.Contains(line, `"event":"ready"`) {
		t.Errorf("first line %q, %v", line, err)
	}
	if err := pr.Close(); err != nil {
		t.Fatal(err)
	}
	file := write(t, from, "file", 100_000)
	start(t, "send", "--to", group.String(), "--interface", "lo", file).ok()
	if code := r.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	same(t, file, filepath.Join(dir, "file"))
	if said := r.stderr.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "standard output") {
		t.Errorf("stderr: %q, want one line", said)
	}
}

// Files that arrive matter more than what is told of them; where that is all there is, it fails.
func TestFullDiskForOutput(t *testing.T) {
	t.Parallel()
	full := func() *os.File {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	group, dir := newGroup(t), t.TempDir()
	r := startWith(t, nil, full(), "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", dir)
	listening(t, group)
	file := write(t, t.TempDir(), "file", 100_000)
	s := startWith(t, nil, full(), "send", "--to", group.String(), "--interface", "lo", file)
	for _, p := range []*process{s, r} {
		if code := p.wait(); code != 0 || strings.Count(p.stderr.String(), "\n") != 1 {
			t.Errorf("exit code %d, %q", code, p.stderr.String())
		}
	}
	same(t, file, filepath.Join(dir, "file"))
	for _, args := range []string{"version", "--version", "--help", "bench fec --scheme rs --k 10 --time 1ms"} {
		if code := startWith(t, nil, full(), strings.Fields(args)...).wait(); code != 1 {
			t.Errorf("%s: exit code %d, want 1", args, code)
		}
	}
}

// The JSON lines of a folder are bounded, and each is whole: sessions as fields, lists that are lists.
func TestLines(t *testing.T) {
	t.Parallel()
	group, from, dir := newGroup(t), t.TempDir(), t.TempDir()
	const files = 300
	for i := range files {
		write(t, from, fmt.Sprintf("d/%03d", i), 20_000)
	}
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", dir)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "40Mbit", filepath.Join(from, "d"))
	s.ok()
	r.ok()
	for name, p := range map[string]*process{"send": s, "receive": r} {
		events := p.events()
		if n := len(events); n > 2*files+200 {
			t.Errorf("%s: %d lines for %d files", name, n, files)
		}
		if events[0]["event"] != "ready" || events[len(events)-1]["event"] != "summary" ||
			events[len(events)-1]["files"] != float64(files) {
			t.Errorf("%s: begins with %v, ends with %v", name, events[0], events[len(events)-1])
		}
		for _, e := range events {
			if key, ok := e["session"]; ok {
				if s, ok := key.(map[string]any); !ok || s["group"] != group.String() || s["tsi"] != 1.0 ||
					s["source"] == "" {
					t.Fatalf("%s: session %v", name, key)
				}
			}
			for field, v := range e {
				if v == nil {
					t.Fatalf("%s: %s is null in %v", name, field, e)
				}
			}
		}
	}
}

func TestErrorsAsJSON(t *testing.T) {
	for _, args := range [][]string{
		{"--json", "send", "--nonsense"},
		{"send", "--json", "--to", "nowhere", "x"},
		{"--progress", "json", "receive"},
		{"--progress=json", "receive", "--group", "239.1.1.1:3400", "--until", "count", "x"},
	} {
		p := start(t, args...)
		if code := p.wait(); code != 2 {
			t.Errorf("%v: exit code %d", args, code)
		}
		var e struct {
			Event string
			Error string
			Code  int `json:"exit_code"`
		}
		if err := json.Unmarshal([]byte(p.stdout.String()), &e); err != nil || e.Event != "error" || e.Error == "" ||
			e.Code != 2 {
			t.Errorf("%v: %q, %v", args, p.stdout.String(), err)
		}
	}
}

// awaitLine reads from a process's output until a line holds text, and throws the rest away.
func awaitLine(t *testing.T, out *os.File, text string) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	t.Fatalf("no line with %q", text)
}

// receive takes a folder of which it knows nothing, and says what is missing if it does not get it.
func TestUntilComplete(t *testing.T) {
	t.Parallel()
	group, from := newGroup(t), t.TempDir()
	for i := range 20 {
		write(t, from, fmt.Sprintf("d/%02d", i), 5000)
	}
	t.Run("all", func(t *testing.T) {
		for _, until := range []string{"complete", "closed"} {
			dir := t.TempDir()
			r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--until", until, "--timeout",
				"60s", dir)
			listening(t, group)
			start(t, "send", "--to", group.String(), "--interface", "lo", filepath.Join(from, "d")).ok()
			r.ok()
			for i := range 20 {
				name := fmt.Sprintf("d/%02d", i)
				same(t, filepath.Join(from, name), filepath.Join(dir, name))
			}
		}
	})
	t.Run("carousel", func(t *testing.T) { // it never closes
		r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", t.TempDir())
		listening(t, group)
		s := start(t, "send", "--to", group.String(), "--interface", "lo", "--repeat", "forever",
			filepath.Join(from, "d"))
		r.ok()
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("late", func(t *testing.T) { // the first files are over
		out, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := startWith(t, nil, in, "send", "--to", group.String(), "--interface", "lo", "--rate", "100kbit",
			"--parallel", "1", filepath.Join(from, "d"))
		awaitLine(t, out, "d/17") // it is begun when the first 64 packets are out; they are announced before that
		r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", t.TempDir())
		s.ok()
		if code := r.wait(); code != 1 || !strings.Contains(r.stderr.String(), "missing: d/00 (session_over)") {
			t.Errorf("exit code %d, %s", code, r.stderr.String())
		}
	})
}
