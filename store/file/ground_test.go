package file

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// TestStageThatIsRemovedAgain: a cleaner that removes the stage as often as it is made has the write fail after some
// tries; when it has ended, the object is written.
func TestStageThatIsRemovedAgain(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	root := filepath.Join(t.TempDir(), "in")
	cleans, made := true, 0
	clean := func() {
		if made++; cleans {
			if err := os.RemoveAll(root); err != nil {
				t.Error(err)
			}
		}
	}
	s, err := Options{Warn: func(string) { clean() }}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	clean()
	made = 0
	o, err := s.Create(4)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := o.WriteAt([]byte("text"), 0)
		failed <- err
	}()
	select {
	case err = <-failed:
	case <-time.After(time.Minute):
		t.Fatal("it tries for ever")
	}
	if !errors.Is(err, os.ErrNotExist) || made != renewals {
		t.Errorf("%v after %d times", err, made)
	}
	if s.files.open != 0 {
		t.Errorf("%d files are open", s.files.open)
	}
	cleans = false
	if _, err := o.WriteAt([]byte("text"), 0); err != nil {
		t.Error(err)
	}
	if _, err := s.Publish(o, "a"); err != nil || read(t, root, "a") != "text" {
		t.Error(err)
	}
}

// openBelow returns what this process has open below dir, folders too.
func openBelow(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, e := range entries {
		at, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && strings.HasPrefix(at, dir) {
			list = append(list, strings.TrimPrefix(at, dir))
		}
	}
	return list
}

// TestRootThatCannotBeOpened: New tells why, names the folder that is at fault, and leaves nothing open.
func TestRootThatCannotBeOpened(t *testing.T) {
	for name, c := range map[string]struct {
		in    string // the way: a file of that name is there
		stage string // Options.Stage
		want  string
	}{
		"the root":                  {"in", "", "in"},
		"above the root":            {"", "", ""},
		"the staging folder":        {"in/" + stageName, "", "staging below "},
		"the other stage":           {"stage", "stage", "stage"},
		"a folder in another stage": {"stage/" + stageName + "-*", "stage", "staging below "},
	} {
		dir := t.TempDir()
		root, opts := filepath.Join(dir, "in"), Options{}
		if c.stage != "" {
			opts.Stage = filepath.Join(dir, c.stage)
		}
		if strings.HasSuffix(c.in, "*") { // the name is found out
			s := opened(t, opts, root)
			c.in = path.Join(c.stage, s.current().stage.folder)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if c.in == "" {
			c.in, root = "up", filepath.Join(dir, "up", "in")
		}
		at := filepath.Join(dir, filepath.FromSlash(c.in))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		s, err := opts.New(root)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if open := openBelow(t, dir); len(open) > 0 {
			t.Errorf("%s: %q are open", name, open)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*", stageName, "*")); err != nil || len(left) > 0 {
			t.Errorf("%s: %q is left, %v", name, left, err)
		}
	}
}

// TestRenew: a ground is opened anew once, whoever finds that it is gone, and not after Close. What the Warning says is
// what has happened. The ground before is closed when nothing is staged on it any more, and not before.
func TestRenew(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	for what, remove := range map[string]func(root string) error{
		"the staging folder in ": func(root string) error { return os.RemoveAll(filepath.Join(root, stageName)) },
		"the folder ":            os.RemoveAll,
	} {
		root, told := filepath.Join(t.TempDir(), "in"), []string(nil)
		s := opened(t, Options{Warn: func(text string) { told = append(told, text) }}, root)
		first := s.current()
		objects := []*object{written(t, s, "one").(*object), written(t, s, "two").(*object)}
		if g, err := s.renew(&ground{}); err != nil || g != first || len(told) != 0 {
			t.Errorf("of another one: %v, %q", err, told)
		}
		if g, err := s.standing(); err != nil || g != first {
			t.Errorf("nothing is gone: %v", err)
		}
		if err := remove(root); err != nil {
			t.Fatal(err)
		}
		second, err := s.standing()
		if err != nil || second == first || second != s.current() || len(told) != 1 {
			t.Fatalf("%v, %q", err, told)
		}
		if !strings.HasPrefix(told[0], "store: "+what) || !strings.Contains(told[0], root) {
			t.Errorf("%q, want %q", told[0], what)
		}
		if g, err := s.renew(first); err != nil || g != second || len(told) != 1 {
			t.Errorf("it was renewed already: %v, %q", err, told)
		}
		isClosed := func(g *ground) bool { _, err := g.root.Stat("."); return errors.Is(err, os.ErrClosed) }
		for i, o := range objects {
			if isClosed(first) || first.objects != 2-i {
				t.Errorf("%d objects are on the ground before, it is closed: %v", first.objects, isClosed(first))
			}
			if _, err := s.Publish(o, "a"); err != nil {
				t.Error(err)
			}
		}
		if !isClosed(first) || first.objects != 0 || second.objects != 0 || isClosed(second) {
			t.Errorf("%d and %d objects, the first is closed: %v", first.objects, second.objects, isClosed(first))
		}
		if err := remove(root); err != nil {
			t.Fatal(err)
		}
		if _, err := s.standing(); err != nil || !isClosed(second) {
			t.Errorf("a ground on which nothing is staged is closed: %v, %v", isClosed(second), err)
		}
		third := s.current()
		if err := s.Close(); err != nil || !isClosed(third) {
			t.Error(err)
		}
		if g, err := s.renew(third); !errors.Is(err, store.ErrClosed) {
			t.Errorf("after Close: %v, %v", g, err)
		}
	}
}

// TestCloseWhileItIsRenewed: Close may come while the ground is opened anew. Then there is none, and nothing of it
// stays.
func TestCloseWhileItIsRenewed(t *testing.T) {
	if onWindows {
		t.Skip("nothing is renamed there that is open")
	}
	dir := t.TempDir()
	root := filepath.Join(dir, "in")
	var s *Store
	told := 0
	s = opened(t, Options{Warn: func(string) { told++; _ = s.Close() }}, root)
	if err := os.Rename(root, root+".away"); err != nil {
		t.Fatal(err)
	}
	// What another process has left here is so old that it goes, which is told.
	noted(t, Options{}, root, "content", "1")
	notes, err := filepath.Glob(filepath.Join(root, stageName, "*", "*"+noteExt))
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	old := time.Now().Add(-keepFor - time.Hour)
	if err := os.Chtimes(notes[0], old, old); err != nil {
		t.Fatal(err)
	}
	if g, err := s.standing(); !errors.Is(err, store.ErrClosed) || g != nil || told != 1 {
		t.Errorf("%v, %v, told %d times", g, err, told)
	}
	if open := openBelow(t, dir); len(open) > 0 {
		t.Errorf("%q are open", open)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestCloseClosesAll: nothing below the root, or below the folder in which was staged, stays open.
func TestCloseClosesAll(t *testing.T) {
	for _, apart := range []bool{false, true} {
		dir := t.TempDir()
		opts := Options{}
		if apart {
			opts.Stage = filepath.Join(dir, "stage")
		}
		s := opened(t, opts, filepath.Join(dir, "in"))
		if _, err := s.Publish(written(t, s, "x"), "a"); err != nil {
			t.Error(err)
		}
		if err := s.Deliver("a", []byte("note")); err != nil {
			t.Error(err)
		}
		_ = written(t, s, "staged")
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if open := openBelow(t, dir); len(open) > 0 {
			t.Errorf("apart %v: %q are open", apart, open)
		}
		if got := s.look("a"); got != names.Absent {
			t.Errorf("after Close there is %v", got)
		}
	}
}

// TestIsAt: a file is where it was opened, as long as that is open and another one has not taken its place.
func TestIsAt(t *testing.T) {
	s, dir := limited(t, 10)
	root := s.current().root
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": false} {
		if isAt(f, root, name) != want {
			t.Errorf("it is at %s: %v", name, !want)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if isAt(f, root, "a") {
		t.Error("a file that is not open was found")
	}
}

// TestCloseWaitsForASync: what syncs the file system has the folder open until it has ended.
func TestCloseWaitsForASync(t *testing.T) {
	if !canBeAt {
		t.Skip("folders cannot be opened")
	}
	s := opened(t, Options{}, t.TempDir())
	stage, ended := s.current().stage, make(chan struct{})
	stage.syncs.whole = ended
	go func() {
		time.Sleep(20 * time.Millisecond)
		if _, err := stage.at.Stat(); err != nil {
			t.Error(err)
		}
		close(ended)
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-ended
	if _, err := stage.at.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
