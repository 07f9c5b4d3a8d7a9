package integration

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// named returns the value of a field in each event of one name.
func (p *process) named(event, field string) (all []any) {
	p.t.Helper()
	for _, e := range p.events() {
		if e["event"] == event {
			all = append(all, e[field])
		}
	}
	return all
}

// names returns the files below a folder, but for the notes of a receiver.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.Name() == ".flute-node" {
			return filepath.SkipDir
		}
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLinksStayInside: what a link leads to is not sent, unless that is asked for; one that leads nowhere stops
// nothing.
func TestLinksStayInside(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	write(t, from, "d/a", 1000)
	secret := write(t, from, "secret", 1000)
	for name, target := range map[string]string{"d/out": secret, "d/gone": "nowhere", "d/loop": "."} {
		if err := os.Symlink(target, filepath.Join(from, name)); err != nil {
			t.Skip(err)
		}
	}
	for links, test := range map[string]struct {
		code    int
		arrives []string
		skipped []any
	}{
		"skip":   {0, []string{"d/a"}, []any{"symbolic link", "symbolic link", "symbolic link"}},
		"follow": {1, []string{"d/a", "d/out"}, []any{"symbolic link: no such file or directory", "symbolic link to a folder above it"}},
		"error":  {2, nil, nil},
	} {
		t.Run(links, func(t *testing.T) {
			group, to := newGroup(t), t.TempDir()
			r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", to)
			listening(t, group)
			s := start(t, "send", "--to", group.String(), "--interface", "lo", "--links", links,
				filepath.Join(from, "d"))
			if code := s.wait(); code != test.code {
				t.Errorf("exit code %d, want %d: %s", code, test.code, s.stderr.String())
			}
			if test.arrives == nil {
				_ = r.cmd.Process.Signal(os.Interrupt)
				r.wait()
			} else {
				r.ok()
			}
			if got := names(t, to); !slices.Equal(got, test.arrives) {
				t.Errorf("%q arrived, want %q", got, test.arrives)
			}
			if got := s.named("skipped", "reason"); !slices.Equal(got, test.skipped) {
				t.Errorf("skipped: %q, want %q", got, test.skipped)
			}
		})
	}
}

// TestTwoFilesOfOneName: they are refused before anything is sent, or told apart.
func TestTwoFilesOfOneName(t *testing.T) {
	t.Parallel()
	group, to, from := newGroup(t), t.TempDir(), t.TempDir()
	a, b := write(t, from, "d1/a.bin", 1000), write(t, from, "d2/a.bin", 1001)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", a, b)
	if code, said := s.wait(), s.stderr.String(); code != 2 || !strings.Contains(said, "d1") ||
		!strings.Contains(said, "d2") {
		t.Errorf("exit code %d: %s", code, said)
	}
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", to)
	listening(t, group)
	start(t, "send", "--to", group.String(), "--interface", "lo", "--names", "path", a, b).ok()
	r.ok()
	for _, path := range []string{a, b} {
		same(t, path, filepath.Join(to, strings.TrimPrefix(path, filepath.VolumeName(path))))
	}
}

// TestTwoSendsAtOnce: without a TSI given the second takes another one, and both arrive; with one it warns.
func TestTwoSendsAtOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes do not know of one another here")
	}
	t.Parallel() // it waits for the clock
	group, to, from := newGroup(t), t.TempDir(), t.TempDir()
	one, two := write(t, from, "one", 400_000), write(t, from, "two", 400_000)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "2", "--timeout", "60s", to)
	listening(t, group)
	args := []string{"send", "--to", group.String(), "--interface", "lo", "--rate", "2Mbit"}
	s1, s2 := start(t, append(args, one)...), start(t, append(args, two)...)
	s1.ok()
	s2.ok()
	r.ok()
	same(t, one, filepath.Join(to, "one"))
	same(t, two, filepath.Join(to, "two"))
	if tsis := append(s1.named("ready", "tsi"), s2.named("ready", "tsi")...); len(tsis) != 2 || tsis[0] == tsis[1] {
		t.Errorf("TSIs %v", tsis)
	}

	r = start(t, "receive", "--group", group.String(), "--interface", "lo", "--until", "forever", t.TempDir())
	listening(t, group)
	args = []string{"send", "--to", group.String(), "--interface", "lo", "--rate", "800kbit", "--tsi", "7"} // for 4 s
	s1, s2 = start(t, append(args, one)...), start(t, append(args, two)...)
	s1.ok()
	s2.ok()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.wait() // whatever becomes of the files
	told := append(s1.named("warning", "text"), s2.named("warning", "text")...)
	if len(told) != 1 || !strings.Contains(told[0].(string), "TSI 7") {
		t.Errorf("senders warn %q", told)
	}
	heard := 0
	for _, text := range r.named("warning", "text") {
		if strings.Contains(text.(string), "in turn") {
			heard++
		}
	}
	if heard != 1 {
		t.Errorf("the receiver warns %d times of two senders", heard)
	}
}

// TestFileChangesWhileItIsSent: the only transfer of a file that is rewritten fails; one that is replaced is sent to
// its end. No other bytes than those of one version are published.
func TestFileChangesWhileItIsSent(t *testing.T) {
	t.Parallel() // it waits, for the disk or the clock
	for how, code := range map[string]int{"rewritten": 1, "replaced": 0} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			group, to, from := newGroup(t), t.TempDir(), t.TempDir()
			file, before := write(t, from, "file", 500_000), write(t, from, "before/file", 0)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(before, b, 0o666); err != nil {
				t.Fatal(err)
			}
			r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", to)
			listening(t, group)
			s := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "500kbit", file) // 8 s
			s.says("object_progress")
			other := write(t, from, "other", 500_000)
			if how == "replaced" {
				err = os.Rename(other, file)
			} else if b, err = os.ReadFile(other); err == nil {
				err = os.WriteFile(file, b, 0o666)
			}
			if err != nil {
				t.Skip(err) // Windows does not replace a file that is open
			}
			if got := s.wait(); got != code {
				t.Errorf("exit code %d, want %d: %s", got, code, s.stderr.String())
			}
			if got := r.wait(); got != code {
				t.Errorf("receive: exit code %d, want %d: %s", got, code, r.stderr.String())
			}
			if code == 0 {
				same(t, before, filepath.Join(to, "file"))
			} else if got := names(t, to); len(got) != 0 {
				t.Errorf("%q was published", got)
			}
		})
	}
}

// TestFileChangesBeforeItsTurn: its new version is sent, and nothing has failed.
func TestFileChangesBeforeItsTurn(t *testing.T) {
	t.Parallel() // it waits, for the disk or the clock
	group, to, from := newGroup(t), t.TempDir(), t.TempDir()
	write(t, from, "d/a", 600_000) // 10 s: the change may come late on a busy machine
	last := write(t, from, "d/b", 50_000)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--timeout", "60s", to)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "500kbit", "--parallel", "1",
		filepath.Join(from, "d"))
	s.says("object_progress")
	if err := os.Rename(write(t, from, "new", 60_000), last); err != nil {
		t.Fatal(err)
	}
	s.ok()
	r.ok()
	for _, name := range []string{"d/a", "d/b"} {
		same(t, filepath.Join(from, name), filepath.Join(to, name))
	}
	if got := s.named("object_failed", "reason"); !slices.Equal(got, []any{"superseded"}) {
		t.Errorf("failed: %q", got)
	}
}

// TestCarouselSendsNewVersions: however a file is changed, those who listen get the new one.
func TestCarouselSendsNewVersions(t *testing.T) {
	t.Parallel()
	group, to, from := newGroup(t), t.TempDir(), t.TempDir()
	file := write(t, from, "d/file", 100_000)
	write(t, from, "d/sound", 50_000)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--until", "forever", to)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "20Mbit", "--repeat", "forever",
		filepath.Join(from, "d"))
	arrives := func() {
		t.Helper()
		if !eventually(30*time.Second, func() bool {
			want, _ := os.ReadFile(file)
			got, err := os.ReadFile(filepath.Join(to, "d/file"))
			return err == nil && string(got) == string(want)
		}) {
			t.Fatal("the file does not arrive")
		}
	}
	arrives()
	if err := os.Rename(write(t, from, "new", 120_000), file); err != nil {
		t.Fatal(err)
	}
	arrives()
	write(t, from, "d/file", 70_000) // shorter, in place
	arrives()
	for _, p := range []*process{s, r} {
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Skip(err)
		}
		p.ok()
	}
}
