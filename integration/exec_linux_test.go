package integration

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deliver sends a folder with the named files of so many bytes, and returns the folder.
func deliver(t *testing.T, group string, sizes map[string]int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, size := range sizes {
		write(t, dir, name, size)
	}
	start(t, "send", "--to", group, "--interface", "lo", dir).ok()
	return dir
}

// TestExec: a program is run for each wanted file, with the file in its folder and as standard input. What it prints
// goes to standard error. One that fails, or that hangs, harms its file only.
func TestExec(t *testing.T) {
	t.Parallel()
	group, dir := newGroup(t), t.TempDir()
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", "--except", "unwanted",
		"--json", "--exec-timeout", "10s", "--shell", "--exec", `case "$FLUTE_NAME" in
			good) test -e "$FLUTE_PATH" && echo "$FLUTE_SIZE $(sha256sum)";;
			early) true;;
			bad) exit 3;;
			hung) sleep 1000 & wait;;
		esac`, dir)
	listening(t, group)
	sent := deliver(t, group.String(), map[string]int{
		"good": 300_000, "early": 3_000_000, "bad": 1000, "hung": 2000, "unwanted": 1000,
	})
	if code := r.wait(); code != 1 {
		t.Errorf("exit code %d, want 1; %s", code, r.stderr.String())
	}
	good, err := os.ReadFile(filepath.Join(sent, "good"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("good: 300000 %x  -\n", sha256.Sum256(good)); !strings.HasPrefix(r.stderr.String(), want) {
		t.Errorf("standard error: %q, want %q", r.stderr.String(), want)
	}
	var got []string
	for _, e := range r.events() {
		if e["event"] == "program_ended" {
			location, _ := e["content_location"].(string)
			got = append(got, fmt.Sprint(filepath.Base(location), " ", e["exit_code"], " ", e["error"]))
		}
	}
	slices.Sort(got)
	want := []string{
		"bad 3 exit status 3", "early 0 <nil>", "good 0 <nil>", "hung -1 ended after 10s, its time limit",
	}
	if !slices.Equal(got, want) {
		t.Errorf("programs: %q, want %q", got, want)
	}
	if n := len(r.named("object_completed", "size")); n != 2 {
		t.Errorf("%d files are complete, want 2", n)
	}
}

// TestExecWithoutFolder: a program is given the bytes, and no folder is left behind.
func TestExecWithoutFolder(t *testing.T) {
	group := newGroup(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s",
		"--exec", "sha256sum --tag - {name}.none")
	listening(t, group)
	dir := deliver(t, group.String(), map[string]int{"a": 300_000})
	if code := r.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	a, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if text := r.stderr.String(); !strings.Contains(text, fmt.Sprintf("a: SHA256 (-) = %x\n", sha256.Sum256(a))) ||
		!strings.Contains(text, "a: sha256sum: a.none: No such file") {
		t.Errorf("standard error: %q", text)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestExecInterrupted: an interrupt waits for a program that runs, and a second one kills it.
func TestExecInterrupted(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 2} {
		group, dir := newGroup(t), t.TempDir()
		pids, gate := filepath.Join(dir, "pids"), filepath.Join(dir, "gate")
		r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--until", "forever", "--json",
			"--shell", "--exec", `echo $$ > `+pids+`; until test -e `+gate+`; do sleep 0.05; done`,
			filepath.Join(dir, "d"))
		listening(t, group)
		deliver(t, group.String(), map[string]int{"a": 1000})
		if !eventually(time.Minute, func() bool { text, _ := os.ReadFile(pids); return len(text) > 0 }) {
			t.Fatal("the program has not begun")
		}
		interrupt(r)
		r.says(`"event":"waiting"`)
		if times == 2 {
			time.Sleep(time.Second) // at once it would be the first one, told twice
			interrupt(r)
		} else if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, want := r.wait(), map[int]int{1: 0, 2: -1}[times]; code != want { // -1: it dies of the signal
			t.Errorf("after %d interrupts: exit code %d, want %d; %s", times, code, want, r.stderr.String())
		}
		if n := len(r.named("object_completed", "size")); n != 2-times {
			t.Errorf("after %d interrupts: %d files are complete", times, n)
		}
		text, err := os.ReadFile(pids)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !eventually(time.Minute, func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(stat), ") Z ")
		}) {
			t.Errorf("after %d interrupts the program runs", times)
		}
	}
}

func interrupt(p *process) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
}

// TestStandardOutput: file after file goes to standard output, and nothing else; a reader that leaves ends it.
func TestStandardOutput(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", "--only", "b*", "-")
	listening(t, group)
	dir := deliver(t, group.String(), map[string]int{"a": 1000, "b": 5_000_000})
	r.ok()
	want, err := os.ReadFile(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if r.stdout.String() != string(want) {
		t.Errorf("standard output has %d bytes, want those of b: %d", len(r.stdout.String()), len(want))
	}

	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r = startWith(t, nil, in, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", "-")
	listening(t, group)
	_, _ = in.Close(), out.Close()
	deliver(t, group.String(), map[string]int{"a": 100_000})
	if code := r.wait(); code != 1 || !strings.Contains(r.stderr.String(), "standard output cannot be written") {
		t.Errorf("exit code %d; %s", code, r.stderr.String())
	}
}

// TestSlowReader: a reader that does not read keeps neither an interrupt nor --timeout waiting.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	for _, end := range [][]string{{"--until", "forever"}, {"--timeout", "3s"}} {
		group := newGroup(t)
		out, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		r := startWith(t, nil, in, "receive", "--group", group.String(), "--interface", "lo", end[0], end[1], "-")
		defer in.Close()
		listening(t, group)
		deliver(t, group.String(), map[string]int{"a": 1_000_000, "b": 1_000_000})
		if end[0] == "--until" {
			interrupt(r)
		}
		if r.wait(); strings.Contains(r.stderr.String(), "not stopped") {
			t.Errorf("%s: %s", end, r.stderr.String())
		}
	}
}
