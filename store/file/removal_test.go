package file_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

// cleaners remove something that a Store uses while it runs.
var cleaners = []struct {
	name   string
	clean  func(root string) error
	warned bool
}{
	{"nothing", func(string) error { return nil }, false},
	{"root", os.RemoveAll, true},
	{"staging folder", func(root string) error { return os.RemoveAll(filepath.Join(root, stageName)) }, true},
	{"stage", func(root string) error { return each(root, os.RemoveAll, stageName, "*[^k]") }, true},
	{"lock", func(root string) error { return each(root, os.Remove, stageName, "*.lock") }, false},
	{"staged files", func(root string) error { return each(root, os.Remove, stageName, "*", "*") }, false},
	{"root renamed", func(root string) error { return os.Rename(root, root+".away") }, true},
	{"root replaced", func(root string) error {
		if err := os.Rename(root, root+".away"); err != nil {
			return err
		}
		return os.Mkdir(root, 0o777)
	}, true},
	{"staging folder renamed", func(root string) error {
		return os.Rename(filepath.Join(root, stageName), filepath.Join(root, "away"))
	}, true},
	{"folder of the file", func(root string) error { return os.RemoveAll(filepath.Join(root, "d")) }, false},
}

func each(root string, remove func(string) error, pattern ...string) error {
	m, err := filepath.Glob(filepath.Join(append([]string{root}, pattern...)...))
	for _, p := range m {
		if err := remove(p); err != nil {
			return err
		}
	}
	return err
}

// TestRemoved: whatever a cleaner removes, what is staged and open is published all the same, and so is what comes
// later.
func TestRemoved(t *testing.T) {
	for _, noSync := range []bool{false, true} {
		for _, c := range cleaners {
			t.Run(fmt.Sprintf("%s/NoSync=%v", c.name, noSync), func(t *testing.T) {
				root := filepath.Join(t.TempDir(), "in")
				var warnings atomic.Int32
				st, err := file.Options{NoSync: noSync, Warn: func(text string) {
					warnings.Add(1)
					if !strings.Contains(text, root) {
						t.Errorf("warning %q does not name the folder", text)
					}
				}}.New(root)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := st.Publish(create(t, st, "old"), "d/e/whole"); err != nil {
					t.Fatal(err)
				}
				whole, half := create(t, st, "whole"), create(t, st, "ha")
				empty, err := st.Create(0)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.clean(root); err != nil {
					t.Skip(err) // Windows removes nothing that is open
				}
				if _, err := half.WriteAt([]byte("lf"), 2); err != nil {
					t.Error(err)
				}
				later := create(t, st, "later")
				want := map[string]string{"d/e/whole": "whole", "d/e/half": "half", "empty": "", "later": "later"}
				for name, o := range map[string]store.Object{
					"d/e/whole": whole, "d/e/half": half, "empty": empty, "later": later,
				} {
					if _, err := st.Publish(o, name); err != nil {
						t.Error(err)
					}
				}
				for name, content := range want {
					if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != content {
						t.Errorf("%s = %q, %v; want %q", name, got, err, content)
					}
				}
				if n := warnings.Load(); (n > 0) != c.warned || n > 2 {
					t.Errorf("%d warnings", n)
				}
				if err := st.Close(); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(root, stageName)); err == nil {
					t.Error("a stage was left")
				}
			})
		}
	}
}

// TestRemovedForGood: a root that cannot be made again is an error that leaves the object as it is; when it can, it is
// published.
func TestRemovedForGood(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "sub", "in")
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	o := create(t, st, "content")
	if err := os.RemoveAll(filepath.Join(top, "sub")); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(top, "sub"), nil, 0o666); err != nil { // in the way
		t.Fatal(err)
	}
	for range 2 {
		if _, err := st.Publish(o, "x"); err == nil {
			t.Error("published below a file")
		}
	}
	if err := os.Remove(filepath.Join(top, "sub")); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Publish(o, "x"); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "x")); err != nil || string(got) != "content" {
		t.Errorf("x = %q, %v", got, err)
	}
}

// TestRemovedWhileFilesAreClosed: the files that are closed when others need the descriptors are copied if a cleaner
// has removed them; those that were closed before it came are lost, and say so.
func TestRemovedWhileFilesAreClosed(t *testing.T) {
	root := filepath.Join(t.TempDir(), "in")
	st, err := file.Options{MaxOpen: 2}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var objects []store.Object
	for i := range 4 {
		objects = append(objects, create(t, st, fmt.Sprint("content ", i)))
	}
	if err := os.RemoveAll(root); err != nil {
		t.Skip(err)
	}
	for i := range 4 {
		objects = append(objects, create(t, st, fmt.Sprint("content ", 4+i)))
	}
	for i, o := range objects {
		name := fmt.Sprint("f", i)
		_, err := st.Publish(o, name)
		got, _ := os.ReadFile(filepath.Join(root, name))
		if i < 2 && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want that its file does not exist", name, err)
		}
		if i >= 2 && (err != nil || string(got) != fmt.Sprint("content ", i)) {
			t.Errorf("%s = %q, %v", name, got, err)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
}
