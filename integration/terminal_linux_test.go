package integration

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bar is a line that shows a transfer: percent, rate and the time left, whatever the width.
var bar = regexp.MustCompile(`[0-9]+% +[0-9.]+( ?[KMG]i?B?| B|B)/s +([0-9]+:[0-9]{2}|-:--|[0-9]+h[0-9]{2})`)

// clean checks that nothing but whole lines is left on a screen.
func clean(t *testing.T, screen []string) {
	t.Helper()
	for _, l := range screen {
		if bar.MatchString(l) || strings.ContainsAny(l, "\x1b\x07") {
			t.Errorf("left on the screen: %q in\n%s", l, strings.Join(screen, "\n"))
			return
		}
	}
}

func TestEveryCommandEndsOnATerminal(t *testing.T) {
	newGroup(t)
	for _, args := range []string{
		"--help", "--version", "version", "demo --sessions 2 --objects 2 --size 1MiB --rate 100Mbit",
		"bench fec --scheme rs --k 10 --time 1ms",
		"bench overhead --scheme rs --k 10 --trials 10", "demo --quiet --sessions 1 --objects 1 --size 1MiB",
		"demo --progress none --sessions 1 --objects 1 --size 1MiB", "demo --json --sessions 1 --objects 1 --size 1MiB",
	} {
		t.Run(args, func(t *testing.T) {
			code, screen := startOnTerminal(t, 80, strings.Fields(args)...).ends(80)
			if code != 0 || len(screen) == 0 {
				t.Errorf("exit code %d\n%s", code, strings.Join(screen, "\n"))
			}
			clean(t, screen)
		})
	}
}

// A long name and a narrow terminal take neither percent nor rate nor the time left.
func TestSendAndReceiveOnATerminal(t *testing.T) {
	for _, columns := range []int{20, 40, 80, 200} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			group, from, to := newGroup(t), t.TempDir(), t.TempDir()
			long := "a" + strings.Repeat("b", 190) + ".bin"
			for _, name := range []string{"d/plain", "d/" + long, "d/with space, ü and 名前.bin"} {
				write(t, from, name, 1_500_000)
			}
			r := startOnTerminal(t, columns, "receive", "--group", group.String(), "--interface", "lo", "--timeout",
				"60s", to)
			listening(t, group)
			socket := filepath.Join(from, "control")
			s := startOnTerminal(t, columns, "send", "--to", group.String(), "--interface", "lo", "--rate", "1Mbit",
				"--control", socket, filepath.Join(from, "d"))
			s.until(bar)
			r.until(bar)
			c := control(t, socket)
			c.ask("rate 20Mbit", "")
			c.ask("finish", "")
			for name, p := range map[string]*terminal{"send": s, "receive": r} {
				code, screen := p.ends(columns)
				text := strings.Join(screen, "")
				if code != 0 {
					t.Errorf("%s: exit code %d", name, code)
				}
				for _, want := range []string{
					"d/plain", long, "with space, ü and 名前.bin", "3 files, 4.3 MiB", group.String(),
				} {
					if !strings.Contains(text, want) {
						t.Errorf("%s does not tell %q:\n%s", name, want, strings.Join(screen, "\n"))
					}
				}
				clean(t, screen)
			}
			same(t, filepath.Join(from, "d", long), filepath.Join(to, "d", long))
		})
	}
}

func TestInterruptOnATerminal(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) { // nohup runs the tests: their processes are not to inherit that
		hangups := make(chan os.Signal, 1)
		signal.Notify(hangups, syscall.SIGHUP)
		t.Cleanup(func() { signal.Stop(hangups) })
	}
	group, file := newGroup(t), write(t, t.TempDir(), "file", 4_000_000)
	idle := newGroup(t)
	for name, args := range map[string][]string{
		"receive":         {"receive", "--group", idle.String(), "--interface", "lo", t.TempDir()},
		"receive objects": {"receive", "--group", idle.String(), "--interface", "lo", "--objects", "5", t.TempDir()},
		"send":            {"send", "--to", group.String(), "--interface", "lo", "--rate", "1Mbit", file},
		"demo":            {"demo", "--sessions", "2", "--rate", "2Mbit", "--size", "4MiB"},
		"bench":           {"bench", "fec", "--time", "1s"},
		"utp receive":     {"utp", "receive", "--listen", "127.0.0.1:0", t.TempDir()},
		"utp send":        {"utp", "send", "--listen", "127.0.0.1:0", file},
	} {
		for how, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
			t.Run(fmt.Sprint(name, " ", want), func(t *testing.T) {
				t.Parallel()
				p := startOnTerminal(t, 60, args...)
				if name == "send" || name == "demo" {
					p.until(bar)
				} else {
					p.until(regexp.MustCompile(`listening|waiting|MB/s`))
				}
				if how == syscall.SIGINT {
					p.press(ctrlC)
				} else if err := p.cmd.Process.Signal(how); err != nil {
					t.Fatal(err)
				}
				code, screen := p.ends(60)
				if code != want || !strings.Contains(strings.Join(screen, "\n"), "flute-node: interrupted") {
					t.Errorf("exit code %d, want %d\n%s", code, want, strings.Join(screen, "\n"))
				}
				clean(t, screen)
			})
		}
	}
}

// What only an interrupt can end has done what was asked for then.
func TestInterruptOfWhatGoesOnForEver(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	r := startOnTerminal(t, 80, "receive", "--group", group.String(), "--interface", "lo", "--until", "forever",
		t.TempDir())
	listening(t, group)
	s := startOnTerminal(t, 80, "send", "--to", group.String(), "--interface", "lo", "--repeat", "forever",
		write(t, t.TempDir(), "file", 1000))
	r.until(regexp.MustCompile(`received file, 1000 B`))
	for _, p := range []*terminal{r, s} {
		p.press(ctrlC)
		if code, screen := p.ends(80); code != 0 {
			t.Errorf("%v: exit code %d\n%s", p.cmd.Args, code, strings.Join(screen, "\n"))
		}
	}
}

func TestResizedTerminal(t *testing.T) {
	t.Parallel()
	newGroup(t)
	p := startOnTerminal(t, 100, "demo", "--sessions", "2", "--objects", "2", "--size", "2MiB", "--rate", "40Mbit")
	for _, columns := range []int{20, 120, 1, 60} {
		p.until(bar)
		p.resize(columns)
		time.Sleep(250 * time.Millisecond) // a frame or two
	}
	code, screen := p.ends(100)
	if code != 0 || !strings.Contains(strings.Join(screen, "\n"), "4 of 4 files verified") {
		t.Errorf("exit code %d\n%s", code, strings.Join(screen, "\n"))
	}
}

// stuck returns the writing end of a pipe that is full after a page, and its reading end, from which nobody reads.
func stuck(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	return r, w
}

// A process that hangs, here because nobody reads the capture that it writes, dies of the second interrupt.
func TestSecondInterruptKills(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	_, w := stuck(t)
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	r := startWith(t, nil, w, "capture", "--group", group.String(), "--interface", "lo", "-")
	listening(t, group)
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.done:
		t.Fatalf("it was not stuck: %v", err)
	case <-time.After(2 * time.Second):
	}
	began := time.Now()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.wait()
	if s, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", r.cmd.ProcessState)
	}
	if d := time.Since(began); d > 20*time.Second {
		t.Errorf("the second interrupt took %v", d)
	}
}

// TestHelpOnATerminal: the help of a command, which can be asked for in two ways, is no wider than its terminal, nor
// than 80 columns.
func TestHelpOnATerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{60, 80, 110} {
		for _, args := range [][]string{{"sdp", "listen", "--help"}, {"help", "sdp", "listen"}} {
			p := startOnTerminal(t, columns, args...)
			if code := p.wait(); code != 0 {
				t.Errorf("%v: exit code %d", args, code)
			}
			<-p.read
			longest := 0
			for line := range strings.Lines(p.said()) {
				longest = max(longest, len(strings.TrimRight(line, "\r\n")))
			}
			if longest > min(columns, 80) || longest < min(columns, 80)-15 || !strings.Contains(p.said(), "--timeout") {
				t.Errorf("%v, %d columns: the longest line has %d\n%s", args, columns, longest, p.said())
			}
		}
	}
}
