package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// kill ends a process at once, as a crash or the kernel does.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	p.wait()
}

// TestSenderKilledAndRestarted: a sender is killed in the middle of a file and started again at once in the same
// session, with another file; the receiver runs on. Then it crashes twenty times in a row. What the last one sends
// arrives, whole, and nothing is published that nobody sent. With a state file it goes on where the process before may
// have come to, by the clock without.
func TestSenderKilledAndRestarted(t *testing.T) {
	for _, flags := range [][]string{
		nil, {"--profile", "mbms-download"}, {"--state", "state"}, {"--profile", "mbms-download", "--state", "state"},
	} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			t.Parallel()
			if i := slices.Index(flags, "state"); i >= 0 {
				flags[i] = filepath.Join(t.TempDir(), "state")
			}
			group, from, to := newGroup(t), t.TempDir(), t.TempDir()
			r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "80s", "--until",
				"timeout", to)
			listening(t, group)
			send := func(file string) *process {
				args := append([]string{
					"send", "--to", group.String(), "--interface", "lo", "--tsi", "7", "--repeat", "forever",
					"--rate", "20Mbit",
				}, flags...)
				return start(t, append(args, file)...)
			}
			first, second := write(t, from, "first", 4_000_000), write(t, from, "second", 300_000)
			s := send(first)
			staged(t, to)
			s.kill()
			s = send(second)
			waitFor(t, filepath.Join(to, "second"))
			s.kill()
			for i := range 20 {
				s = send(write(t, from, fmt.Sprintf("crash%d", i), 4_000_000))
				time.Sleep(time.Duration(i) * 5 * time.Millisecond) // wherever it is then
				s.kill()
			}
			last := write(t, from, "last", 400_000)
			s = send(last)
			waitFor(t, filepath.Join(to, "last"))
			s.kill()
			same(t, second, filepath.Join(to, "second"))
			same(t, last, filepath.Join(to, "last"))
			for _, name := range names(t, to) {
				if sent := filepath.Join(from, name); filepath.Dir(name) == "." {
					same(t, sent, filepath.Join(to, name))
				}
			}
			r.kill()
		})
	}
}

// TestReceiverKilledAndRestarted: a receiver is killed again and again while a carousel runs; no part of a file is ever
// visible, and the one that is left alone receives all.
func TestReceiverKilledAndRestarted(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed there")
	}
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	files := []string{write(t, from, "d/one", 1_000_000), write(t, from, "d/two", 30_000), write(t, from, "d/three", 1)}
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--repeat", "forever", "--rate", "40Mbit",
		filepath.Join(from, "d"))
	for i := range 6 {
		r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "80s", "--until",
			"timeout", to)
		listening(t, group)
		if i%2 == 0 {
			staged(t, to) // else wherever it is then
		}
		time.Sleep(time.Duration(i) * 40 * time.Millisecond)
		r.kill()
		for _, name := range names(t, filepath.Join(to)) {
			if filepath.Dir(name) == "d" {
				same(t, filepath.Join(from, name), filepath.Join(to, name))
			}
		}
	}
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "3", "--timeout", "80s", to)
	r.ok()
	s.kill()
	for _, f := range files {
		name, err := filepath.Rel(from, f)
		if err != nil {
			t.Fatal(err)
		}
		same(t, f, filepath.Join(to, name))
	}
}

// TestFilesAreReceivedOnce: a file that an earlier receive has put into the folder, and that is there unchanged, is not
// received again, unless that is asked for.
func TestFilesAreReceivedOnce(t *testing.T) {
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	file := write(t, from, "file", 100_000)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--tsi", "7", "--repeat", "forever", file)
	receive := func(flags ...string) (earlier bool) {
		t.Helper()
		args := []string{
			"receive", "--json", "--group", group.String(), "--interface", "lo", "--objects", "1",
			"--timeout", "60s",
		}
		r := start(t, append(append(args, flags...), to)...)
		r.ok()
		same(t, file, filepath.Join(to, "file"))
		for _, e := range r.events() {
			if e["event"] == "object_completed" {
				earlier, _ = e["earlier"].(bool)
			}
		}
		return earlier
	}
	for i, want := range []bool{false, true, true} {
		if got := receive(); got != want {
			t.Errorf("receive %d: earlier %v", i, got)
		}
	}
	if receive("--once", "off") {
		t.Error("not received again with --once off")
	}
	if err := os.Truncate(filepath.Join(to, "file"), 7); err != nil {
		t.Fatal(err)
	}
	if receive() {
		t.Error("a file that was changed was not received again")
	}
	s.kill()
}
