package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// onOtherDisk returns a folder on another file system than that of temporary files, if there is one; else on the same.
// Its name has the ID of this process, since one that is killed removes nothing: the next one does.
func onOtherDisk(t *testing.T) string {
	t.Helper()
	const place, prefix = "/dev/shm", "flute-node-test-"
	left, _ := filepath.Glob(filepath.Join(place, prefix+"*-*"))
	for _, dir := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			_ = os.RemoveAll(dir) // it may be another user's
		}
	}
	dir := filepath.Join(place, fmt.Sprintf("%s%d-%s", prefix, os.Getpid(), rand.Text()))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestStoreStagedApart: a Store that stages elsewhere does all that a Store does, and leaves nothing there.
func TestStoreStagedApart(t *testing.T) {
	for name, opts := range map[string]Options{
		"on this disk":    {Stage: t.TempDir()},
		"on another disk": {Stage: onOtherDisk(t)},
		"NoSync":          {Stage: onOtherDisk(t), NoSync: true},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) (store.Store, storetest.Read) {
				root := t.TempDir()
				return opened(t, opts, root), func(path string) ([]byte, error) {
					return os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
				}
			})
			if left, err := os.ReadDir(opts.Stage); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// TestStagedApart: nothing of an object is in the root before it is published, and nothing of it elsewhere afterwards;
// a copy has the permissions of the original. What fails is published under another name.
func TestStagedApart(t *testing.T) {
	for _, stage := range []string{t.TempDir(), onOtherDisk(t)} {
		root := t.TempDir()
		s := opened(t, Options{Stage: stage, FileMode: 0o640, Existing: refuse}, root)
		o := written(t, s, strings.Repeat("x", 100_000))
		if got := below(t, root); len(got) > 0 {
			t.Errorf("%q is in the root", got)
		}
		if got := below(t, stage); len(got) != 1 {
			t.Errorf("%q is staged", got)
		}
		if err := os.WriteFile(filepath.Join(root, "a"), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		if path, err := s.Publish(o, "a"); err == nil {
			t.Errorf("published as %q", path)
		}
		if _, err := s.Publish(o, "a/b"); err == nil {
			t.Error("published below a file")
		}
		if _, err := s.Publish(o, "d/b"); err != nil {
			t.Fatal(err)
		}
		if got := below(t, root); !slices.Equal(got, []string{"a", "d/b"}) {
			t.Errorf("%q is in the root", got)
		}
		if got := below(t, stage); len(got) > 0 {
			t.Errorf("%q is staged", got)
		}
		info, err := os.Stat(filepath.Join(root, "d", "b"))
		if err != nil || info.Size() != 100_000 || info.Mode() != 0o640 && !onWindows {
			t.Errorf("%v, %v", info, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTakenNameCostsNoCopy: an object that is staged on another disk is copied once at most, for the name that it gets:
// not for names that are taken.
func TestTakenNameCostsNoCopy(t *testing.T) {
	for how, most := range map[string]int{keep: 0, refuse: 0, version: 1} {
		s := opened(t, Options{Stage: onOtherDisk(t), Existing: how}, t.TempDir())
		copies := 0
		s.syncFile = func(f *os.File) error {
			if root := s.current().home.files.Name(); filepath.Dir(f.Name()) == root {
				copies++
			}
			return f.Sync()
		}
		for i := range 4 {
			copies = 0
			_, err := s.Publish(written(t, s, "content"), "a")
			if i > 0 && (copies > most || (err == nil) != (how == version)) {
				t.Errorf("%s: %d copies for a name that is taken, %v", how, copies, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestOtherDiskIsLeftAsItWas: what a test has left that was killed is removed by the next one.
func TestOtherDiskIsLeftAsItWas(t *testing.T) {
	mine := onOtherDisk(t)
	if filepath.Dir(mine) != "/dev/shm" {
		t.Skip("there is no other disk")
	}
	dead := "/dev/shm/flute-node-test-999999999-1" // no process has that ID
	if err := os.MkdirAll(filepath.Join(dead, "staged"), 0o700); err != nil {
		t.Fatal(err)
	}
	onOtherDisk(t)
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}

// TestStageOfSeveralRoots: what was staged for one root is not taken over for another.
func TestStageOfSeveralRoots(t *testing.T) {
	stage, root := t.TempDir(), t.TempDir()
	noted(t, Options{Stage: stage}, root, "content", "1")
	other := opened(t, Options{Stage: stage}, t.TempDir())
	if got := recovered(t, other, all); got != nil {
		t.Errorf("%q was taken over for another root", got)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	s := opened(t, Options{Stage: stage}, root)
	if got := recovered(t, s, all); !slices.Equal(got, []string{"1"}) {
		t.Errorf("%q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestStageApartIsRemoved: when somebody removes the folder in which objects are staged, those that are open are
// published all the same.
func TestStageApartIsRemoved(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	stage, root, told := filepath.Join(onOtherDisk(t), "stage"), t.TempDir(), ""
	s := opened(t, Options{Stage: stage, Warn: func(text string) { told += text }}, root)
	o := written(t, s, "content")
	if err := os.RemoveAll(stage); err != nil {
		t.Fatal(err)
	}
	later := written(t, s, "later")
	for name, o := range map[string]store.Object{"a": o, "b": later} {
		if _, err := s.Publish(o, name); err != nil {
			t.Error(err)
		}
	}
	if read(t, root, "a") != "content" || read(t, root, "b") != "later" || told == "" {
		t.Errorf("%q", below(t, root))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// below returns the files below a folder, without locks.
func below(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) != lockExt {
			name, _ := filepath.Rel(dir, path)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
