package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	registry "github.com/flute-node/flute-node/store/names"
)

// TestLook: what is there decides which names are left.
func TestLook(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"file", "d/e/f"} {
		if _, err := s.Publish(written(t, s, "x"), name); err != nil {
			t.Fatal(err)
		}
	}
	for at, to := range map[string]string{
		"out": outside, "in": "d", "dangling": "nowhere", "loop": "loop", "alias": "file", "stage": stageName,
	} {
		if err := os.Symlink(to, filepath.Join(root, at)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]registry.Kind{
		"nothing": registry.Absent, "nothing/x": registry.Absent, "d/x": registry.Absent, "in/x": registry.Absent,
		"file": registry.File, "d/e/f": registry.File, "in/e/f": registry.File, "alias": registry.File,
		"out": registry.File, "dangling": registry.File, "loop": registry.File, // a link at the name itself is replaced
		"d": registry.Folder, "d/e": registry.Folder, "in": registry.Folder,
		"file/x": registry.Blocked, "d/e/f/g/h": registry.Blocked,
		"alias/x": registry.Blocked, "out/x": registry.Blocked,
		"loop/x": registry.Blocked, "dangling/x": registry.Blocked, "dangling/x/y": registry.Blocked,
		stageName: registry.Blocked, stageName + "/x": registry.Blocked, ".FLUTE-node": registry.Blocked,
		"stage/x": registry.Blocked, "../x": registry.Blocked,
	} {
		if got := s.look(name); got != want {
			t.Errorf("look(%q) = %d, want %d", name, got, want)
		}
	}
}

// TestNamesOnDisk: locations that collide keep their files in later processes, in whatever order they come; what cannot
// be a folder is avoided.
func TestNamesOnDisk(t *testing.T) {
	root := t.TempDir()
	locations := []string{
		"http://a/x.bin", "http://b/x.bin", "http://a/live", "http://a/live/1.mp4", "http://a/live/2.mp4", "http://b/live",
		"http://a/.flute-node", "http://a/.flute-node/x", "http://a/out/x", "http://a/dangling/x/y",
	}
	for at, to := range map[string]string{"out": t.TempDir(), "dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, at)); err != nil {
			t.Skip(err)
		}
	}
	names := map[string]string{}
	for round := range 3 {
		s, err := New(root)
		if err != nil {
			t.Fatal(err)
		}
		for i := range locations {
			location := locations[(i+round)%len(locations)]
			if round == 2 {
				location = locations[len(locations)-1-i]
			}
			c, err := registry.Of(s).Claim("", location, "s")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Publish(written(t, s, location), c.Name); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			if was, ok := names[location]; ok && was != c.Name {
				t.Errorf("round %d: %q is %q, was %q", round, location, c.Name, was)
			}
			names[location] = c.Name
		}
		for location, name := range names {
			if got := read(t, root, name); got != location {
				t.Errorf("round %d: %q holds %q, want %q", round, name, got, location)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFileSystemThatTakesNamesForTheSame: it has a file under both spellings of its name. What is tried for that does
// not stay.
func TestFileSystemThatTakesNamesForTheSame(t *testing.T) {
	s, _ := limited(t, 10)
	stage := s.current().home
	for _, c := range []struct {
		one, other string
		ignores    func() bool
	}{
		{"case-A", "case-a", stage.ignoresCase},
		{"form-\u00e9", "form-e\u0301", stage.ignoresForm},
	} {
		if c.ignores() {
			t.Skip("it does")
		}
		if _, err := stage.files.Lstat(c.one); err == nil {
			t.Error("what was tried stays")
		}
		if err := stage.files.WriteFile(c.other, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if c.ignores() {
			t.Errorf("%s: another file is taken for the same", c.one)
		}
		if err := stage.files.Link(c.other, c.one); err != nil {
			t.Skip(err)
		}
		if !c.ignores() {
			t.Errorf("%s: the file is not found", c.one)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if stage.ignoresForm() || stage.ignoresCase() {
		t.Error("a stage that is closed tells something")
	}
}

// withoutInodes is a folder that takes small letters and capitals for the same, and whose files have no inodes.
type withoutInodes struct{ *os.Root }

func (f withoutInodes) OpenFile(name string, flag int, perm os.FileMode) (*os.File, error) {
	return f.Root.OpenFile(strings.ToLower(name), flag, perm)
}

func (f withoutInodes) Lstat(name string) (os.FileInfo, error) {
	info, err := f.Root.Lstat(strings.ToLower(name))
	return struct{ os.FileInfo }{info}, err // os.SameFile knows its own only
}

func (f withoutInodes) Remove(name string) error { return f.Root.Remove(strings.ToLower(name)) }

// TestFileSystemWithoutInodes: that a file came with another one shows that they are the same, where inodes do not.
func TestFileSystemWithoutInodes(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	files := withoutInodes{root}
	if !sameFor(files, "case-A", "case-a") {
		t.Error("the file is not found")
	}
	if sameFor(files, "form-\u00e9", "form-e\u0301") {
		t.Error("another name is taken for the same")
	}
	if _, err := root.Lstat("case-a"); err == nil {
		t.Error("what was tried stays")
	}
}

// TestLookAtWhatIsOpen: what is below a folder that is open is told from there: of a link, and of what is below a
// folder that has gone, as from its path.
func TestLookAtWhatIsOpen(t *testing.T) {
	if !canBeAt {
		t.Skip("folders cannot be opened")
	}
	root := t.TempDir()
	s := opened(t, Options{}, root)
	defer s.Close()
	if _, err := s.Publish(written(t, s, "x"), "d/x"); err != nil { // opens d
		t.Fatal(err)
	}
	for at, to := range map[string]string{"folder": "..", "file": "x", "nothing": "y", "out": t.TempDir()} {
		if err := os.Symlink(to, filepath.Join(root, "d", at)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "d", "e"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]registry.Kind{
		"d/x": registry.File, "d/y": registry.Absent, "d/e": registry.Folder, "d/folder": registry.Folder,
		"d/file": registry.File, "d/nothing": registry.File, "d/out": registry.File, "d/e/f": registry.Absent,
	} {
		if got := s.look(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	d := s.folders.open["d"]
	d.found = d.found.Add(-time.Hour)
	if err := os.Rename(filepath.Join(root, "d"), filepath.Join(root, "other")); err != nil {
		t.Skip(err)
	}
	if got := s.look("d/x"); got != registry.Absent {
		t.Errorf("of a folder that has gone: %d", got)
	}
	if len(s.folders.open) != 0 || len(s.folders.idle) != 0 {
		t.Errorf("%d folders are open", len(s.folders.open))
	}
	if _, err := d.file.Stat(); err == nil {
		t.Error("the folder that has gone is open")
	}
}
