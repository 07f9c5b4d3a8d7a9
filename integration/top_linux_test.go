package integration

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTop: on a terminal top shows what comes, until a key or a signal ends it, also when its terminal becomes smaller
// and when its daemon is gone; into a pipe it prints what there is, and ends.
func TestTop(t *testing.T) {
	t.Parallel()
	group, from, in := newGroup(t), t.TempDir(), t.TempDir()
	s := serviceOf(t, fmt.Sprintf("receive:\n- {name: inbox, group: %v, interface: lo, dir: %s}\n", group, in))
	at := "unix:" + s.folder + "/api"
	send := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "4Mbit", "--repeat", "forever",
		write(t, from, "some-file", 4_000_000))
	shows := func(p *terminal, text string) {
		t.Helper()
		if !eventually(time.Minute, func() bool { return strings.Contains(p.said(), text) }) {
			t.Fatalf("it does not show %q\n%q", text, tail(p.said()))
		}
	}
	for _, end := range []string{"q", "\x03", "signal"} {
		p := startOnTerminal(t, 100, "top", "--api", at, "--interval", "100ms")
		shows(p, "inbox")
		p.resize(40)
		p.press('\r')
		shows(p, "some-file")
		before := len(p.said())
		p.press(0x1b) // alone: with a key right behind it, it would be that key with Alt
		if !eventually(time.Minute, func() bool { return strings.Contains(p.said()[before:], "needs attention") }) {
			t.Fatalf("Esc does not lead back\n%q", tail(p.said()))
		}
		if end == "signal" {
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		} else {
			p.press(end[0])
		}
		if code := p.wait(); code != 0 {
			t.Errorf("%q: exit code %d\n%q", end, code, tail(p.said()))
		}
		<-p.read
		if text := p.said(); strings.LastIndex(text, "\x1b[?1049l") < strings.LastIndex(text, "\x1b[?1049h") {
			t.Errorf("%q: the terminal is left on its other screen", end)
		}
	}
	pipe := start(t, "top", "--api", at)
	pipe.ok()
	if text := pipe.stdout.String(); !strings.Contains(text, "inbox") || !strings.Contains(text, "receiving") ||
		strings.Contains(text, "\x1b") {
		t.Errorf("into a pipe: %s", text)
	}
	pipe = start(t, "top", "--api", at, "--json", "--state", "stuck")
	pipe.ok()
	if text := pipe.stdout.String(); !strings.Contains(text, `"session_count":1`) || !strings.Contains(text, `"sessions":[]`) {
		t.Errorf("as JSON: %s", text)
	}
	p := startOnTerminal(t, 100, "top", "--api", at, "--interval", "100ms")
	shows(p, "inbox")
	_ = send.cmd.Process.Kill()
	s.signal(syscall.SIGTERM)
	shows(p, "as of ")
	p.press('q')
	if code := p.wait(); code != 0 {
		t.Errorf("without a daemon: exit code %d", code)
	}
	if code := start(t, "top", "--api", at).wait(); code == 0 {
		t.Error("into a pipe, without a daemon: exit code 0")
	}
}

// TestTopStops: Ctrl-Z leads from top back to the shell, on its screen, and fg to top again. Where there is no shell it
// does nothing: nobody could have top go on.
func TestTopStops(t *testing.T) {
	t.Parallel()
	s := serviceOf(t, fmt.Sprintf("receive:\n- {name: inbox, group: %v, interface: lo, dir: %s}\n",
		newGroup(t), t.TempDir()))
	top := []string{"top", "--api", "unix:" + s.folder + "/api", "--interval", "100ms"}
	shown := func(p *terminal, from int, text string) {
		t.Helper()
		if !eventually(time.Minute, func() bool { return strings.Contains(p.said()[from:], text) }) {
			t.Fatalf("it does not show %q\n%q", text, tail(p.said()[from:]))
		}
	}
	const script = `set -m; "$@"; echo it has stopped; fg >/dev/null; echo it has ended`
	p := startProgramOnTerminal(t, 100, "sh", append([]string{"-c", script, "sh", command}, top...)...)
	shown(p, 0, "nothing needs attention")
	p.press(0x1a)
	shown(p, 0, "it has stopped")
	// By now fg may have put top on the screen again.
	text, _, _ := strings.Cut(p.said(), "it has stopped")
	if strings.LastIndex(text, "\x1b[?1049l") < strings.LastIndex(text, "\x1b[?1049h") {
		t.Errorf("the shell is on the screen of top\n%q", tail(text))
	}
	shown(p, strings.Index(p.said(), "it has stopped"), "nothing needs attention")
	p.press('q')
	shown(p, 0, "it has ended")

	p = startOnTerminal(t, 100, top...)
	shown(p, 0, "nothing needs attention")
	p.press(0x1a)
	p.press('q')
	if code := p.wait(); code != 0 {
		t.Errorf("without a shell: exit code %d", code)
	}
}
