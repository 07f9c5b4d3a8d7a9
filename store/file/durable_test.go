package file

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// synced has s tell of each file that it makes durable, and of each folder: by the name that it has then, below dir.
func synced(t *testing.T, s *Store, dir string) *[]string {
	t.Helper()
	var list []string
	note := func(what string, f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		name := "gone"
		_ = filepath.WalkDir(dir, func(at string, d os.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if there, err := d.Info(); err == nil && os.SameFile(info, there) {
				name, _ = filepath.Rel(dir, at)
			}
			return nil
		})
		if parts := strings.Split(filepath.ToSlash(name), "/"); parts[0] == stageName {
			name = strings.Repeat("stage/", len(parts)-2) + "x"
		}
		list = append(list, what+" "+filepath.ToSlash(name))
		return nil
	}
	s.syncFile = func(f *os.File) error { return note("file", f) }
	s.sync = func(f *os.File) error { return note("folder", f) }
	return &list
}

// TestWhatIsMadeDurable: the bytes before the name, each new folder in the one above it, and a copy as its original. A
// folder that is open and was not removed needs one sync.
func TestWhatIsMadeDurable(t *testing.T) {
	if onWindows {
		t.Skip("folders are not synced")
	}
	for _, noSync := range []bool{false, true} {
		root := filepath.Join(t.TempDir(), "in")
		s := opened(t, Options{NoSync: noSync}, root)
		defer s.Close()
		list := synced(t, s, root)
		publish := func(o store.Object, name string, want ...string) {
			t.Helper()
			*list = nil
			if _, err := s.Publish(o, name); err != nil || read(t, root, name) != "x" {
				t.Error(err)
			}
			if noSync {
				want = nil
			}
			if !slices.Equal(*list, want) {
				t.Errorf("%s: %q, want %q", name, *list, want)
			}
		}
		publish(written(t, s, "x"), "a", "file stage/x", "folder .")
		publish(written(t, s, "x"), "b", "file stage/x", "folder .")
		publish(written(t, s, "x"), "d/e/c", "file stage/x", "folder .", "folder d", "folder d/e")
		publish(written(t, s, "x"), "d/e/c", "file stage/x", "folder d/e")
		publish(written(t, s, "x"), "d/f", "file stage/x", "folder d")
		removed := written(t, s, "x")
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
		// The file is gone when it is made durable first; its copy is not.
		publish(removed, "d/g", "file gone", "file stage/x", "folder .", "folder d")
		publish(written(t, s, "x"), "d/h", "file stage/x", "folder d")
	}
}

// TestRestagedCopyCannotBeSynced: what is not durable is not published.
func TestRestagedCopyCannotBeSynced(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	root := filepath.Join(t.TempDir(), "in")
	s := opened(t, Options{}, root)
	defer s.Close()
	o := written(t, s, "x")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	calls := 0
	s.syncFile = func(*os.File) error {
		if calls++; calls == 2 {
			return syscall.EIO
		}
		return nil
	}
	for range 2 {
		if _, err := s.Publish(o, "a"); !errors.Is(err, syscall.EIO) {
			t.Errorf("%v after %d calls", err, calls)
		}
	}
	if got := below(t, root); slices.Contains(got, "a") {
		t.Errorf("%q", got)
	}
}

// TestPublishedIsForgotten: what was published is neither staged nor counted any more, its notes are gone, and it
// cannot be used; with the descriptor of each.
func TestPublishedIsForgotten(t *testing.T) {
	for _, apart := range []bool{false, true} {
		dir := t.TempDir()
		root, opts := filepath.Join(dir, "in"), Options{MaxBytes: 1000}
		if apart {
			opts.Stage = filepath.Join(dir, "stage")
		}
		s := opened(t, opts, root)
		defer s.Close()
		o := written(t, s, "content").(*object)
		if err := o.Note([]byte("note"), false); err != nil {
			t.Fatal(err)
		}
		if s.quota.staged != 7 || s.current().objects != 1 || len(s.staged) != 1 || s.files.open != 1 {
			t.Errorf("%d bytes, %d objects", s.quota.staged, s.current().objects)
		}
		if _, err := s.Publish(o, "a"); err != nil {
			t.Fatal(err)
		}
		if s.quota.staged != 0 || s.current().objects != 0 || len(s.staged) != 0 || s.files.open != 0 {
			t.Errorf("%d bytes, %d objects, %d files are open", s.quota.staged, s.current().objects, s.files.open)
		}
		if got := below(t, dir); !slices.Equal(got, []string{"in/a"}) {
			t.Errorf("%q", got)
		}
		if s.quota.files != 1 || s.quota.bytes != 7 {
			t.Errorf("%d files with %d bytes", s.quota.files, s.quota.bytes)
		}
		if _, err := o.WriteAt([]byte("x"), 0); !errors.Is(err, store.ErrClosed) {
			t.Errorf("it was written after it was published: %v", err)
		}
		if _, err := s.Publish(o, "b"); !errors.Is(err, store.ErrClosed) {
			t.Errorf("it was published twice: %v", err)
		}
		if o.publishing.Load() {
			t.Error("it is being published")
		}
		if err := o.Discard(); err != nil || read(t, root, "a") != "content" {
			t.Error(err)
		}
	}
}

// TestNameOfAFolder: what cannot be a file, or cannot be below a file, fails by its name, changes nothing and takes no
// place. The object can be published under another one.
func TestNameOfAFolder(t *testing.T) {
	for how, opts := range map[string]Options{
		"": {MaxFiles: 10}, "staged apart": {MaxFiles: 10, Stage: t.TempDir()}, "refuse": {MaxFiles: 10, Existing: refuse},
	} {
		root := t.TempDir()
		s := opened(t, opts, root)
		defer s.Close()
		if _, err := s.Publish(written(t, s, "x"), "d/x"); err != nil {
			t.Fatal(err)
		}
		o := written(t, s, "y")
		for _, name := range []string{"d", "d/x/y", "d/x/y/z", strings.Repeat("n", 300)} {
			if path, err := s.Publish(o, name); !errors.Is(err, store.ErrName) {
				t.Errorf("%s: %.20s: %q, %v", how, name, path, err)
			}
		}
		if s.quota.files != 1 || o.(*object).publishing.Load() {
			t.Errorf("%s: %d files are counted", how, s.quota.files)
		}
		if got := below(t, root); !slices.Equal(slices.DeleteFunc(got, func(name string) bool {
			return strings.HasPrefix(name, stageName)
		}), []string{"d/x"}) {
			t.Errorf("%s: %q", how, got)
		}
		if _, err := s.Publish(o, "d/y"); err != nil || read(t, root, "d", "y") != "y" || s.quota.files != 2 {
			t.Errorf("%s: %v, %d files", how, err, s.quota.files)
		}
	}
}

// TestPlaceAcross: of a folder that is another file system, which is found out by moving, the copy is as the original,
// and nothing of either stage stays.
func TestPlaceAcross(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{MaxFiles: 10, MaxBytes: 1000}, root)
	defer s.Close()
	if err := os.Mkdir(filepath.Join(root, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	g := s.current()
	for _, name := range []string{"d/a", "d/a", "b"} {
		o := written(t, s, "content").(*object)
		if err := o.placeAcross(g, name); err != nil || read(t, root, name) != "content" {
			t.Error(err)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
	if got := below(t, root); !slices.Equal(got, []string{"b", "d/a"}) || s.quota.files != 2 || s.quota.bytes != 14 {
		t.Errorf("%q, %d files", got, s.quota.files)
	}
	if left, err := filepath.Glob(filepath.Join(root, "d", stageName)); err != nil || len(left) > 0 {
		t.Errorf("%q is left, %v", left, err)
	}
	o := written(t, s, "content").(*object)
	if err := o.placeAcross(g, "nothing/a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
	if err := o.placeAcross(g, "d"); !errors.Is(err, store.ErrName) {
		t.Errorf("under the name of a folder: %v", err)
	}
	if err := g.stage.files.Remove(o.name); err != nil {
		t.Fatal(err)
	}
	if err := o.placeAcross(g, "d/c"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what is not staged: %v", err)
	}
	if got := below(t, root); !slices.Equal(got, []string{"b", "d/a"}) || s.quota.files != 2 {
		t.Errorf("%q, %d files", got, s.quota.files)
	}
}

// TestBringCopies: between two file systems a file is copied with its bytes, permissions and time, made durable, and
// only if the disk has room. What fails leaves nothing.
func TestBringCopies(t *testing.T) {
	s := opened(t, Options{FileMode: 0o640, MinFree: 100, Stage: onOtherDisk(t)}, t.TempDir())
	defer s.Close()
	o := written(t, s, "content").(*object)
	g := s.current()
	then := time.Unix(1e9, 0)
	if err := g.stage.files.Chtimes(o.name, then, then); err != nil {
		t.Fatal(err)
	}
	if linkBetween(g.stage, g.home, o.name) == nil {
		t.Skip("it is one file system")
	}
	free, durable := uint64(107), 0
	var fails error
	s.quota.free = func(string) (uint64, error) { return free, nil }
	s.syncFile = func(*os.File) error { durable++; return fails }
	if err := o.bring(g.stage, g.home, s.path); err != nil || durable != 1 {
		t.Errorf("%v, %d files were made durable", err, durable)
	}
	info, err := g.home.files.Stat(o.name)
	if err != nil || info.Size() != 7 || info.Mode() != 0o640 || !info.ModTime().Equal(then) {
		t.Errorf("%v, %v", info, err)
	}
	if err := o.bring(g.stage, g.home, s.path); !errors.Is(err, os.ErrExist) {
		t.Errorf("it is there: %v", err)
	}
	if err := g.home.files.Remove(o.name); err != nil {
		t.Fatal(err)
	}
	free = 106
	if err := o.bring(g.stage, g.home, s.path); !errors.Is(err, store.ErrFull) {
		t.Errorf("without room: %v", err)
	}
	free, fails = 107, syscall.EIO
	if err := o.bring(g.stage, g.home, s.path); !errors.Is(err, syscall.EIO) {
		t.Errorf("a disk that fails: %v", err)
	}
	if _, err := g.home.files.Stat(o.name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy that is not durable stays: %v", err)
	}
	s.opts.NoSync = true
	if err := o.bring(g.stage, g.home, s.path); err != nil {
		t.Errorf("NoSync: %v", err)
	}
}

// TestPlacedByOpenFolders: a file is moved by folders that are open where that is all there is to do. Else nothing has
// changed.
func TestPlacedByOpenFolders(t *testing.T) {
	if !canBeAt {
		t.Skip("folders cannot be opened")
	}
	for _, c := range []struct {
		name string
		opts Options
		do   func(t *testing.T, s *Store, o *object)
		want bool
	}{
		{"", Options{}, nil, true},
		{"refuse", Options{Existing: refuse}, nil, false},
		{"NoSync", Options{NoSync: true}, nil, false},
		{"staged apart", Options{Stage: t.TempDir()}, nil, false},
		{"a sync has failed", Options{}, func(_ *testing.T, s *Store, _ *object) { s.unsynced.Store(true) }, false},
		{"the folder is not open", Options{}, func(_ *testing.T, s *Store, _ *object) { s.folders.closeIdle() }, false},
		{"another ground", Options{}, func(t *testing.T, s *Store, _ *object) {
			old := s.current()
			g, err := openGround(s.path, &s.opts)
			if err != nil {
				t.Fatal(err)
			}
			s.ground = g
			t.Cleanup(func() { _ = old.close() })
		}, false},
		{"no room", Options{MaxFiles: 2}, func(_ *testing.T, s *Store, _ *object) { s.quota.files = 2 }, false},
		{"room", Options{MaxFiles: 2}, nil, true},
		{"it is not staged", Options{MaxFiles: 9}, func(t *testing.T, s *Store, o *object) {
			if err := s.current().stage.files.Remove(o.name); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		s := opened(t, c.opts, t.TempDir())
		if _, err := s.Publish(written(t, s, "first"), "d/x"); err != nil {
			t.Fatal(err)
		}
		o := written(t, s, "second").(*object)
		if c.do != nil {
			c.do(t, s, o)
		}
		var files int
		if s.quota != nil {
			files = s.quota.files
		}
		if got := o.placeAt("d/y"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if _, err := os.Lstat(filepath.Join(s.path, "d", "y")); (err == nil) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if s.quota != nil && (s.quota.files > files) != c.want {
			t.Errorf("%s: %d files are counted, %d before", c.name, s.quota.files, files)
		}
		for dir, d := range s.folders.open {
			if d.users != 0 {
				t.Errorf("%s: %s has %d users", c.name, dir, d.users)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestShut: a file that no sync tells of is closed before it is renamed, and a copy of it if it was removed.
func TestShut(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	for _, c := range []struct{ noSync, removed, gone bool }{
		{}, {noSync: true}, {noSync: true, removed: true}, {true, true, true},
	} {
		s := opened(t, Options{NoSync: c.noSync}, t.TempDir())
		o := written(t, s, "content").(*object)
		g, name, open := s.current(), o.name, s.files.open
		if c.removed {
			if err := g.stage.files.Remove(o.name); err != nil {
				t.Fatal(err)
			}
		}
		if c.gone {
			s.closed = true
			if err := os.RemoveAll(s.path); err != nil {
				t.Fatal(err)
			}
			if err := o.shut(g); !errors.Is(err, store.ErrClosed) || o.file == nil {
				t.Errorf("what cannot be copied: %v", err)
			}
			s.closed = false
			_ = o.Discard()
			_ = s.Close()
			continue
		}
		if err := o.shut(g); err != nil || (o.file == nil) != c.noSync || (o.name != name) != c.removed {
			t.Errorf("%+v: %v, it is open: %v", c, err, o.file != nil)
		}
		if (s.files.open < open) != c.noSync {
			t.Errorf("%+v: %d files are open", c, s.files.open)
		}
		if got := read(t, s.path, filepath.FromSlash(g.staged(o.name))); got != "content" {
			t.Errorf("%+v: %q", c, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAtOnce: how many callers of Publish are served well is told by whether they share a sync.
func TestAtOnce(t *testing.T) {
	s := opened(t, Options{}, t.TempDir())
	defer s.Close()
	all := &s.current().stage.syncs.all
	if canBeAt && (*all == nil) != (syncAllOf(s.current().stage.at) == nil) {
		t.Error("the stage does not share syncs as its file system can")
	}
	*all = func() error { return nil }
	if n := s.AtOnce(); n != shared {
		t.Errorf("%d callers share a sync", n)
	}
	s.opts.NoSync = true
	if n := s.AtOnce(); n != calls {
		t.Errorf("%d callers without a sync", n)
	}
	s.opts.NoSync, *all = false, nil
	if n := s.AtOnce(); n != calls {
		t.Errorf("%d callers, each with its own sync", n)
	}
}
