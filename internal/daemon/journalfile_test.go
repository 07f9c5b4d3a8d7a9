package daemon

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
)

// nextJournal is the journal of a process that starts after those that have left the file.
func nextJournal(t *testing.T, path string, size int) (*journal, earlier) {
	t.Helper()
	before, err := readEvents(path)
	if err != nil {
		t.Fatal(err)
	}
	return newJournal(size, time.Now(), before, nil), before
}

func keep(path string, j *journal) *eventFile {
	return keepEvents(path, earlier{}, j, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// closed closes a file, and waits for as long as its disk takes: close does not.
func closed(file *eventFile) {
	file.close()
	<-file.closed
}

// ids returns the numbers of the entries after one.
func ids(j *journal, after uint64) (list []uint64) {
	entries, _, _ := j.After(after, 1<<20)
	for _, e := range entries {
		list = append(list, e.ID)
	}
	return list
}

// TestEventsOutlive: whoever comes back with an ID of a process that has ended, or was killed, goes on after it; what a
// process has numbered without keeping it is not waited for.
func TestEventsOutlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	a, before := nextJournal(t, path, 16)
	if before.killed {
		t.Error("there was no process before")
	}
	file := keep(path, a)
	for i := range 20 {
		a.add(completed(i + 1))
	}
	closed(file)
	want, _, _ := a.After(4, 100)

	b, before := nextJournal(t, path, 16)
	got, gone, _ := b.After(0, 100)
	if d := cmp.Diff(want, got); d != "" || gone != 4 || before.killed || b.Last() != 20 || a.Epoch() == b.Epoch() {
		t.Errorf("%d gone, %+v\n%s", gone, before.killed, d)
	}
	file = keep(path, b)
	for range 3 {
		b.add(completed(1))
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil && bytes.Count(text, []byte(" event ")) == 16+3 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("it does not get into the file: %v\n%s", err, text)
		}
	}
	killed := filepath.Join(t.TempDir(), "killed") // what is there as it is killed
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(killed, text, 0o600); err != nil {
		t.Fatal(err)
	}
	closed(file)

	c, before := nextJournal(t, killed, 16)
	c.add(completed(1))
	if !before.killed || c.Last() != 24 {
		t.Errorf("%v, %d", before.killed, c.Last())
	}
	for _, r := range []struct {
		epoch  string
		id     uint64
		after  uint64
		unlike bool
	}{
		{a.Epoch(), 18, 18, false},
		{a.Epoch(), 99, 20, false},
		{b.Epoch(), 22, 22, false},
		{b.Epoch(), 99, 23, false},
		{c.Epoch(), 24, 24, false},
		{c.Epoch(), 99, 24, false},
		{"other", 5, 0, true},
	} {
		after, ok := c.Resume(r.epoch, r.id)
		if after != r.after || ok == r.unlike {
			t.Errorf("%s-%d: %d, %v", r.epoch, r.id, after, ok)
		}
	}
	if d := cmp.Diff([]uint64{22, 23, 24}, ids(c, 21)); d != "" {
		t.Error(d)
	}
}

// TestEventsTorn: a file that was cut or damaged anywhere costs what lies behind, and nothing else.
func TestEventsTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	j, _ := nextJournal(t, path, 16)
	file := keep(path, j)
	for i := range 5 {
		j.add(completed(i + 1))
	}
	closed(file)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := j.After(0, 10)
	check := func(text []byte, what string, at int) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := readEvents(path)
		if err != nil {
			t.Errorf("%s at %d: %v", what, at, err)
		}
		n := len(e.entries)
		if n > 5 || cmp.Diff(all[:n], append([]api.Entry{}, e.entries...)) != "" || e.last != uint64(n) {
			t.Errorf("%s at %d: %d entries, last %d", what, at, n, e.last)
		}
	}
	for i := range whole {
		check(whole[:i], "cut", i)
		damaged := bytes.Clone(whole)
		damaged[i] ^= 4
		check(damaged, "damaged", i)
	}
	for _, text := range []string{strings.Repeat("x", 3*maxEntry), "00000000 \n", checksum(nil) + " \n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if e, _ := readEvents(path); len(e.entries) > 0 || e.last > 0 {
			t.Errorf("%.20q: %+v", text, e)
		}
	}
	// A gap, as a disk leaves that was too slow: what comes after it counts.
	var b []byte
	for _, id := range []uint64{1, 2, 5, 6} {
		b = appendLine(b, "%s %d a {}", lineEntry, id)
	}
	if err := os.WriteFile(path, appendLine(b, "%s e 7", lineRun), 0o600); err != nil {
		t.Fatal(err)
	}
	j, _ = nextJournal(t, path, 16)
	if _, gone, _ := j.After(0, 9); gone != 4 || cmp.Diff([]uint64{5, 6}, ids(j, 0)) != "" {
		t.Errorf("%d gone, %v", gone, ids(j, 0))
	}
}

// TestEventsBound: the file does not grow with what happens.
func TestEventsBound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	j, _ := nextJournal(t, path, 16)
	file := keep(path, j)
	for i := range 5000 {
		j.add(completed(i))
	}
	closed(file)
	text, err := os.ReadFile(path)
	if n := bytes.Count(text, []byte(" event ")); err != nil || n < 16 || n > 2*16+eventLines {
		t.Errorf("%d entries, %v", n, err)
	}
	for range 2 * maxRuns {
		j, _ = nextJournal(t, path, 16)
		closed(keep(path, j))
	}
	text, err = os.ReadFile(path)
	if n := bytes.Count(text, []byte(" run ")); err != nil || n != maxRuns || j.Last() != 5000 {
		t.Errorf("%d processes, %v, %d", n, err, j.Last())
	}
}

// TestEventsFolder: a folder that is not there costs nothing but the file, and that is made as soon as it can be.
func TestEventsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "later", "events")
	j, _ := nextJournal(t, path, 16)
	log := &lockedBuffer{}
	file := keepEvents(path, earlier{}, j, slog.New(slog.NewTextHandler(log, nil)))
	j.add(completed(1))
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	closed(file) // it tries once more
	after, _ := nextJournal(t, path, 16)
	if after.Last() != 1 || strings.Count(log.String(), "not kept") != 1 || !strings.Contains(log.String(), "again") {
		t.Errorf("%d\n%s", after.Last(), log)
	}
}

// TestEventsPath: under systemd events are kept unless that is not wanted.
func TestEventsPath(t *testing.T) {
	systemd := func(name string) (string, bool) { return "/var/lib/a:/var/lib/b", name == "STATE_DIRECTORY" }
	none := func(string) (string, bool) { return "", false }
	for _, c := range []struct {
		key  string
		env  config.Lookup
		want string
	}{
		{"", none, ""}, {"", systemd, "/var/lib/a/events"}, {"off", systemd, ""}, {"/x", systemd, "/x"}, {"/x", none, "/x"},
	} {
		if got := eventsPath(&config.Node{EventsFile: c.key}, c.env); filepath.ToSlash(got) != c.want {
			t.Errorf("%q: %q, want %q", c.key, got, c.want)
		}
	}
}

// TestEventsOfOne: a second process with the same file, and one that cannot start, leave it to the first.
func TestEventsOfOne(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are locked on Unix only")
	}
	path := filepath.Join(t.TempDir(), "events")
	j, _ := nextJournal(t, path, 16)
	first := keep(path, j)
	j.add(completed(1))
	other, before := nextJournal(t, path, 16)
	log := &lockedBuffer{}
	second := keepEvents(path, before, other, slog.New(slog.NewTextHandler(log, nil)))
	other.add(completed(7))
	closed(second)
	if !strings.Contains(log.String(), "another process") {
		t.Errorf("it is not told: %s", log)
	}
	j.add(completed(2))
	closed(first)
	if after, before := nextJournal(t, path, 16); before.killed || cmp.Diff([]uint64{1, 2}, ids(after, 0)) != "" {
		t.Errorf("%v, %v", before.killed, ids(after, 0))
	}

	config := filepath.Join(t.TempDir(), "flute-node.yaml")
	text := "node: {api: 'unix:/no/such/folder/socket', events_file: '" + path + "'}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := Start(Options{Path: config, Env: os.LookupEnv, Log: io.Discard}); err == nil {
		t.Errorf("it starts: %v", d.stop())
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("a process that could not start has written: %v\n%s", err, got)
	}
}

// TestEventsUnclean: if the file cannot be written, it does not say of this process that all of its events are kept.
func TestEventsUnclean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	j, _ := nextJournal(t, path, 16)
	file := keep(path, j)
	j.add(completed(1))
	closed(file)
	if err := os.Mkdir(path+".new", 0o700); err != nil { // no file can be made there
		t.Fatal(err)
	}
	j, before := nextJournal(t, path, 16)
	if before.killed {
		t.Error("the first has ended in order")
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	file = keepEvents(path, before, j, log)
	j.add(completed(2))
	closed(file)
	if after, before := nextJournal(t, path, 16); !before.killed || cmp.Diff([]uint64{1}, ids(after, 0)) != "" {
		t.Errorf("%v, %v", before.killed, ids(after, 0))
	}
	if runtime.GOOS == "linux" && os.Getuid() != 0 {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		if before, err := readEvents(path); err == nil || !before.killed {
			t.Errorf("%v, %v", before.killed, err)
		}
	}
}

// TestEventsFileIsLost: a file that somebody has removed, renamed or emptied under the daemon, to clean up or to rotate
// logs, is written anew with all that the journal has: with the next event, or with the end.
func TestEventsFileIsLost(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".1") },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
	} {
		for _, more := range []int{0, 1} {
			path := filepath.Join(t.TempDir(), "events")
			a, _ := nextJournal(t, path, 16)
			file := keep(path, a)
			written := func(n int) {
				t.Helper()
				for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
					text, err := os.ReadFile(path)
					if err == nil && bytes.Count(text, []byte(" event ")) == n {
						return
					} else if time.Now().After(end) {
						t.Fatalf("%s: the file has not %d events: %v\n%s", name, n, err, text)
					}
				}
			}
			for i := range 5 {
				a.add(completed(i + 1))
			}
			written(5)
			if err := lose(path); err != nil && runtime.GOOS == "windows" {
				closed(file)
				continue // which keeps others from a file that is open
			} else if err != nil {
				t.Fatal(err)
			}
			for range more {
				a.add(completed(6))
				written(6)
			}
			closed(file)
			b, before := nextJournal(t, path, 16)
			if got := ids(b, 0); len(got) != 5+more || before.killed {
				t.Errorf("%s, %d more events: %v are kept, killed: %v", name, more, got, before.killed)
			}
		}
	}
}
