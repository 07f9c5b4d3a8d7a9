package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// rig watches a folder, and keeps what is told.
type rig struct {
	t      *testing.T
	folder string
	*Watcher
	mu       sync.Mutex
	told     []string
	warnings []string
	last     Change // that was told
	fail     int    // so many changes more
	stop     func()
}

func watchFolder(t *testing.T, folder string, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t, folder: folder}
	cfg.Folder, cfg.Settle, cfg.Warn = folder, 20*time.Millisecond, r.warned
	var err error
	if r.Watcher, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, r.take) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) warned(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.t.Log(text)
	r.warnings = append(r.warnings, text)
}

func (r *rig) take(c Change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		return errors.New("not now")
	}
	if c.Removed {
		r.told = append(r.told, "- "+c.Name)
		return nil
	}
	o, err := sender.Prepare(context.Background(), c.File, nil)
	if err != nil {
		return err
	}
	f := o.File()
	open, err := f.Source.Open()
	if err != nil {
		return err
	}
	defer open.Close()
	text, err := io.ReadAll(io.NewSectionReader(open, 0, 1<<20))
	r.told = append(r.told, f.ContentLocation+" "+string(text))
	r.Done(c)
	r.last = c
	return err
}

// wants waits until exactly that was told since the last call, in any order.
func (r *rig) wants(want ...string) {
	r.t.Helper()
	slices.Sort(want)
	var got []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		got = slices.Clone(r.told)
		if len(got) >= len(want) {
			r.told = nil
		}
		r.mu.Unlock()
		if slices.Sort(got); len(got) >= len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("told %q, want %q", got, want)
	}
}

// write makes a file, at once: between two steps of a slow machine it might seem to be whole.
func (r *rig) write(name, text string) {
	r.t.Helper()
	at := filepath.Join(r.folder, name)
	temporary := filepath.Join(filepath.Dir(at), ".new")
	if err := errors.Join(
		os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(temporary, []byte(text), 0o600), os.Rename(temporary, at),
	); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(filepath.Join(r.folder, from), filepath.Join(r.folder, to)); err != nil {
		r.t.Fatal(err)
	}
}

// TestWatcher: files, folders and what is left alone, with what the system tells and without.
func TestWatcher(t *testing.T) {
	for name, rescan := range map[string]time.Duration{"told": time.Hour, "looked through": 30 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			box := filepath.Join(t.TempDir(), "box")
			if err := os.Mkdir(box, 0o700); err != nil {
				t.Fatal(err)
			}
			r := watchFolder(t, box, Config{Rescan: rescan, Exclude: []string{"*.log"}})
			r.write("a b", "1")
			r.wants("file:///box/a%20b 1")
			r.write("a b", "22")
			r.wants("file:///box/a%20b 22")
			r.write("d/e/f#", "3")
			r.wants("file:///box/d/e/f%23 3")
			for _, alone := range []string{"d/x.part", ".hidden", ".git/x", "d/x.log"} {
				r.write(alone, "no")
			}
			r.rename("d", "D")
			r.wants("file:///box/D/e/f%23 3", "- d/e/f#")
			r.write("D/e/g", "4") // in a folder that was renamed
			r.wants("file:///box/D/e/g 4")
			r.rename("D/x.part", "D/x")
			r.wants("file:///box/D/x no")
			if err := os.RemoveAll(filepath.Join(box, "D")); err != nil {
				t.Fatal(err)
			}
			r.wants("- D/e/f#", "- D/e/g", "- D/x")
			if err := os.Symlink("/etc/passwd", filepath.Join(box, "link")); err != nil {
				t.Fatal(err)
			}
			r.write("last", "5")
			r.wants("file:///box/last 5")
			r.stop()
			if want := []string{"link is not sent: it is a symbolic link"}; !slices.Equal(r.warnings, want) {
				t.Errorf("warned %q, want %q", r.warnings, want)
			}
		})
	}
}

// TestWatcherState: after a restart what has changed meanwhile is told, and what could not be sent; the State outlives
// it all.
func TestWatcherState(t *testing.T) {
	box, state := t.TempDir(), filepath.Join(t.TempDir(), "state")
	cfg := Config{State: state, Prefix: "."}
	r := watchFolder(t, box, cfg)
	r.write("a", "1")
	r.write("b", "1")
	r.write("c", "1")
	r.wants("file:///a 1", "file:///b 1", "file:///c 1")
	r.stop()
	r.write("b", "22")
	r.write("d", "1")
	if err := os.Remove(filepath.Join(box, "c")); err != nil {
		t.Fatal(err)
	}
	r = watchFolder(t, box, cfg)
	r.wants("file:///b 22", "file:///d 1")
	r.stop()
	text, err := os.ReadFile(state)
	if err != nil || strings.Contains(string(text), `"c"`) || !strings.Contains(string(text), `"d"`) {
		t.Errorf("state: %s, %v", text, err)
	}
	r = watchFolder(t, box, cfg)
	r.write("e", "1")
	r.wants("file:///e 1")
	r.stop()
	for name, text := range map[string]string{"other folder": strings.Replace(string(text), box, "/",
		1), "broken": "{"} {
		if err := os.WriteFile(state, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Folder: box, State: state}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestWatcherRetries: what could not be sent is told again, also if that is found out later.
func TestWatcherRetries(t *testing.T) {
	box := t.TempDir()
	r := watchFolder(t, box, Config{Prefix: "."})
	r.mu.Lock()
	r.fail = 1
	r.mu.Unlock()
	r.write("a", "1")
	r.wants("file:///a 1")
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	r.Failed(last)
	r.wants("file:///a 1")
}

// TestNewErrors: errors name the field.
func TestNewErrors(t *testing.T) {
	box := t.TempDir()
	for field, cfg := range map[string]Config{
		"Folder":  {Folder: filepath.Join(box, "none")},
		"Settle":  {Folder: box, Settle: -1},
		"Include": {Folder: box, Include: []string{"["}},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestLinksSilenceNothing: many links in a folder are told as far as there is room, and that there are more; that the
// folder cannot be read is told all the same, each time, and that it can be again.
func TestLinksSilenceNothing(t *testing.T) {
	dir := t.TempDir()
	box := filepath.Join(dir, "box")
	if err := os.Mkdir(box, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range maxWarnings + 50 {
		if err := os.Symlink("nothing", filepath.Join(box, fmt.Sprint("link", i))); err != nil {
			t.Skip(err)
		}
	}
	r := watchFolder(t, box, Config{Rescan: 20 * time.Millisecond})
	warned := func(part string, n int) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			r.mu.Lock()
			got := 0
			for _, text := range r.warnings {
				if strings.Contains(text, part) {
					got++
				}
			}
			r.mu.Unlock()
			if got == n {
				return
			}
		}
		t.Fatalf("%q is not told %d times", part, n)
	}
	warned("is a symbolic link", maxWarnings)
	warned("has more than", 1)
	for n := range 2 {
		if err := os.Rename(box, box+"2"); err != nil {
			t.Fatal(err)
		}
		warned("cannot be read", n+1)
		if err := os.Rename(box+"2", box); err != nil {
			t.Fatal(err)
		}
		warned("can be read again", n+1)
	}
}
