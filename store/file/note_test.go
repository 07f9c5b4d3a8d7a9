package file

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// all wants all notes.
func all([]byte) bool { return true }

// opened returns a Store of a root.
func opened(t *testing.T, opts Options, root string) *Store {
	t.Helper()
	s, err := opts.New(root)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noted stages an object with content and notes, and closes its Store, as a process does that ends.
func noted(t *testing.T, opts Options, root, content string, notes ...string) {
	t.Helper()
	s := opened(t, opts, root)
	o := written(t, s, content)
	for _, n := range notes {
		if err := o.(*object).Note([]byte(n), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// recovered returns the notes that a Store finds.
func recovered(t *testing.T, s *Store, want func([]byte) bool) (list []string) {
	t.Helper()
	left, err := s.Recover(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range left {
		list = append(list, string(l.Notes))
	}
	slices.Sort(list)
	return list
}

// leftIn expects the next Store to find notes.
func leftIn(t *testing.T, root, want string) {
	t.Helper()
	s := opened(t, Options{}, root)
	defer s.Close()
	if got := recovered(t, s, all); !slices.Equal(got, []string{want}) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRecover: the next Store takes over what is wanted, with its bytes and notes, once; notes can be added to and
// begun anew; what is published, or has no notes, is not left.
func TestRecover(t *testing.T) {
	for _, stage := range []string{"", t.TempDir(), onOtherDisk(t)} {
		root, opts := t.TempDir(), Options{Stage: stage}
		noted(t, opts, root, "none")
		noted(t, opts, root, "first", "1", "2")
		noted(t, opts, root, "second", "x")
		s := opened(t, opts, root)
		if got := recovered(t, s, func(n []byte) bool { return string(n) == "x" }); !slices.Equal(got, []string{"x"}) {
			t.Errorf("%q", got)
		}
		left, err := s.Recover(all)
		if err != nil || len(left) != 1 || string(left[0].Notes) != "12" {
			t.Fatalf("%v, %v", left, err)
		}
		o := left[0].Object.(*object)
		got := make([]byte, 5)
		if _, err := o.ReadAt(got, 0); err != nil || string(got) != "first" {
			t.Errorf("%q, %v", got, err)
		}
		if err := o.Note([]byte("anew"), true); err != nil {
			t.Error(err)
		}
		if err := o.Note([]byte(", more"), false); err != nil {
			t.Error(err)
		}
		if got := recovered(t, s, all); got != nil {
			t.Errorf("%q is there twice", got)
		}
		if err := o.Leave(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s = opened(t, opts, root)
		left, err = s.Recover(func(n []byte) bool { return string(n) == "anew, more" })
		if err != nil || len(left) != 1 {
			t.Fatalf("%v, %v", left, err)
		}
		if _, err := s.Publish(left[0].Object, "d/a"); err != nil {
			t.Error(err)
		}
		if got := read(t, root, "d", "a"); got != "first" {
			t.Errorf("%q", got)
		}
		if got := recovered(t, s, all); !slices.Equal(got, []string{"x"}) { // Close has left it
			t.Errorf("%q", got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLeaveTwice: an object stays although it is left by two, as by its last user and by Close, while it is used.
func TestLeaveTwice(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{}, root)
	o := written(t, s, "content").(*object)
	if err := o.Note([]byte("1"), false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.files.lend(o, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.Leave(); err != nil {
			t.Error(err)
		}
	}
	s.files.giveBack(o)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	leftIn(t, root, "1")
}

// TestLeaveUnderANote: what is noted for the first time while the object is left stays.
func TestLeaveUnderANote(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{}, root)
	o := written(t, s, "content").(*object)
	if _, err := s.files.lend(o, false); err != nil { // as Note, which has come so far
		t.Fatal(err)
	}
	if err := o.Leave(); err != nil {
		t.Error(err)
	}
	if err := o.noteAnew([]byte("1")); err != nil {
		t.Fatal(err)
	}
	o.noted = true
	s.files.giveBack(o)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	leftIn(t, root, "1")
}

// TestNotesGoWithTheirFile: notes of a staged file that was removed are not those of its copy: they cannot be added to,
// but begun anew, and nothing stays of a copy that is left without.
func TestNotesGoWithTheirFile(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	root := t.TempDir()
	s := opened(t, Options{}, root)
	var list []*object
	for range 2 {
		o := written(t, s, "content").(*object)
		if err := o.Note([]byte("1"), false); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	if err := os.RemoveAll(filepath.Join(root, stageName)); err != nil {
		t.Fatal(err)
	}
	for s.files.parkHalf() {
	}
	if err := list[0].Note([]byte("2"), false); !errors.Is(err, errNotesLost) {
		t.Errorf("added to: %v", err)
	}
	if err := list[0].Note([]byte("3"), true); err != nil {
		t.Errorf("begun anew: %v", err)
	}
	if err := list[0].Note([]byte("4"), false); err != nil {
		t.Errorf("added to the new ones: %v", err)
	}
	if err := list[1].Leave(); err != nil {
		t.Error(err)
	}
	if n := stagedFiles(t, s); n != 2 {
		t.Errorf("%d files are staged, want one and its notes", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	leftIn(t, root, "34")
}

// TestCloseWaitsForRecover: Close takes the stage from nobody who is taking objects over into it: of one whose file had
// moved, and whose notes had not, nothing would stay.
func TestCloseWaitsForRecover(t *testing.T) {
	root := t.TempDir()
	noted(t, Options{}, root, "content", "1")
	s := opened(t, Options{}, root)
	closed := make(chan error, 1)
	left, err := s.Recover(func([]byte) bool {
		go func() { closed <- s.Close() }()
		for begun := false; !begun; time.Sleep(time.Millisecond) {
			s.mu.Lock()
			begun = s.closed
			s.mu.Unlock()
		}
		select {
		case err := <-closed:
			t.Errorf("it is closed: %v", err)
			closed <- err
		case <-time.After(100 * time.Millisecond): // on a slow machine this test sees less, and does not fail
		}
		return true
	})
	if err != nil || len(left) != 0 {
		t.Errorf("%d objects of a store that is being closed, %v", len(left), err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	leftIn(t, root, "1")
}

// TestRecoverFromTheLiving: what a Store that is open has staged is nobody else's.
func TestRecoverFromTheLiving(t *testing.T) {
	root := t.TempDir()
	first := opened(t, Options{}, root)
	o := written(t, first, "content").(*object)
	if err := o.Note([]byte("1"), false); err != nil {
		t.Fatal(err)
	}
	second := opened(t, Options{}, root)
	defer second.Close()
	if got := recovered(t, second, all); got != nil {
		t.Errorf("%q was taken from a Store that is open", got)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := recovered(t, second, all); !slices.Equal(got, []string{"1"}) {
		t.Errorf("%q", got)
	}
}

// TestForeignNotes: notes of another file, or of another version, are believed by nobody.
func TestForeignNotes(t *testing.T) {
	root := t.TempDir()
	noted(t, Options{}, root, "content", "1")
	paths, err := filepath.Glob(filepath.Join(root, stageName, "*", "*"+noteExt))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, b[:10], bytes.Replace(b, []byte("notes 1"), []byte("notes 2"), 1), b[1:]} {
		if err := os.WriteFile(paths[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s := opened(t, Options{}, root)
		if got := recovered(t, s, all); got != nil {
			t.Errorf("%q", got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// powerCut is what a loss of power may leave: of each file what was synced last, or what is there.
type powerCut struct{ synced, there map[string]string }

// TestNotesAfterLossOfPower: wherever the power goes, and whichever of the files the disk has got to, notes that the
// next Store believes tell of bytes that are there. The disk is asked to sync the bytes before anything is written of
// them.
func TestNotesAfterLossOfPower(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{}, root)
	synced := map[string]string{} // content by path in the root
	var cuts []powerCut
	there := func() map[string]string {
		files := map[string]string{}
		paths, err := filepath.Glob(filepath.Join(root, stageName, "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			if b, err := os.ReadFile(p); err == nil {
				files[strings.TrimPrefix(p, root)] = string(b)
			}
		}
		return files
	}
	cut := func() { cuts = append(cuts, powerCut{maps.Clone(synced), there()}) }
	s.syncFile = func(f *os.File) error {
		cut()
		now := there()
		for p, content := range now { // f may have been renamed: it is known by its place in the stage
			if strings.HasSuffix(p, filepath.Base(f.Name())) {
				synced[p] = content
			}
		}
		cut()
		return nil
	}
	s.sync = func(*os.File) error {
		cut()
		for p, content := range there() { // names are durable now, with what was synced of the files under others
			if under, ok := synced[p+newNoteExt]; ok && under == content {
				synced[p] = content
				delete(synced, p+newNoteExt)
			}
		}
		return nil
	}
	o, err := s.Create(100)
	if err != nil {
		t.Fatal(err)
	}
	const blocks = 12
	for i := range blocks {
		if _, err := o.WriteAt([]byte{byte('a' + i)}, int64(i)); err != nil {
			t.Fatal(err)
		}
		cut()
		if err := o.(*object).Note([]byte{byte('a' + i)}, i%5 == 0 && i > 0); err != nil {
			t.Fatal(err)
		}
		cut()
		durable := false // what Note has said is noted
		for p, content := range synced {
			durable = durable || strings.HasSuffix(p, noteExt) && strings.HasSuffix(content, string(rune('a'+i)))
		}
		if !durable {
			t.Fatalf("note %d may be lost", i)
		}
	}
	if len(cuts) < 4*blocks {
		t.Fatalf("%d cuts", len(cuts))
	}
	best := 0
	for n, c := range cuts {
		for _, notesThere := range []bool{false, true} { // the disk got to what was written of the notes, or not
			next := t.TempDir()
			for p, content := range c.there {
				if strings.Contains(p, noteExt) != notesThere || !notesThere {
					content = c.synced[p]
				}
				if err := os.MkdirAll(filepath.Dir(filepath.Join(next, p)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(next, p), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				lock := filepath.Dir(filepath.Join(next, p)) + lockExt
				if err := os.WriteFile(lock, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := opened(t, Options{}, next)
			left, err := s.Recover(all)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range left {
				best = max(best, len(l.Notes))
				for _, b := range l.Notes {
					got := make([]byte, 1)
					if _, err := l.Object.ReadAt(got, int64(b-'a')); err != nil || got[0] != b {
						t.Fatalf("cut %d, notes there %v: %q is noted, and is %q, %v", n, notesThere, b, got, err)
					}
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if best == 0 {
		t.Error("nothing was ever noted")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestLeftoversAreBounded: unfinished objects of earlier processes are removed when they are too old, and the oldest of
// them when they take too much. Their number and the reason are told.
func TestLeftoversAreBounded(t *testing.T) {
	for _, c := range []struct {
		opts Options
		want []string
		told string
	}{
		{Options{}, []string{"0", "1", "2"}, ""},
		{Options{KeepFor: 90 * time.Minute}, []string{"0", "1"}, "1 unfinished objects"},
		{Options{KeepBytes: 40 << 10}, []string{"0", "1"}, "1 unfinished objects"},
		{Options{KeepBytes: 20 << 10}, []string{"0"}, "2 unfinished objects"},
		{Options{KeepBytes: 1}, nil, "3 unfinished objects"},
	} {
		root := t.TempDir()
		for i := range 3 {
			noted(t, Options{}, root, strings.Repeat("x", 16<<10), fmt.Sprint(i))
			paths, err := filepath.Glob(filepath.Join(root, stageName, "*", "*"+noteExt))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range paths {
				b, err := os.ReadFile(p)
				at := time.Now().Add(-time.Duration(i) * time.Hour)
				if err == nil && bytes.HasSuffix(b, fmt.Append(nil, i)) {
					err = os.Chtimes(p, at, at)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		told := ""
		c.opts.Warn = func(text string) { told += text }
		s := opened(t, c.opts, root)
		if got := recovered(t, s, all); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q are left, want %q", c.opts, got, c.want)
		}
		if !strings.Contains(told, c.told) || c.told == "" && told != "" {
			t.Errorf("told %q, want %q", told, c.told)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

var _ store.Keeper = (*Store)(nil)

// TestPublishedNotesAreRemoved: a file that is published leaves neither itself nor its notes in the stage.
func TestPublishedNotesAreRemoved(t *testing.T) {
	for _, stage := range []string{"", t.TempDir(), onOtherDisk(t)} {
		s := opened(t, Options{Stage: stage}, t.TempDir())
		o := written(t, s, "content")
		if err := o.(*object).Note([]byte("1"), false); err != nil {
			t.Fatal(err)
		}
		if n := stagedFiles(t, s); n != 2 {
			t.Errorf("%d files are staged, want 2", n)
		}
		if _, err := s.Publish(o, "a"); err != nil {
			t.Fatal(err)
		}
		if n := stagedFiles(t, s); n != 0 {
			t.Errorf("%d files are left", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNoteWhilePublished: a note that comes while the object is published waits, and holds nothing meanwhile that the
// publication needs. Then the object is closed to it.
func TestNoteWhilePublished(t *testing.T) {
	s := opened(t, Options{}, t.TempDir())
	o := written(t, s, "content").(*object)
	noted, published := make(chan error, 1), make(chan error, 1)
	s.syncFile = func(*os.File) error { // the publication has the file
		go func() { noted <- o.Note([]byte("1"), false) }()
		time.Sleep(50 * time.Millisecond) // it comes as far as it can
		return nil
	}
	go func() {
		_, err := s.Publish(o, "a")
		published <- err
	}()
	for _, c := range []chan error{published, noted} {
		select {
		case err := <-c:
			if c == published && err != nil || c == noted && !errors.Is(err, store.ErrClosed) {
				t.Errorf("noted %v: %v", c == noted, err)
			}
		case <-time.After(time.Minute):
			t.Fatal("they wait for each other")
		}
	}
	if n := stagedFiles(t, s); n != 0 {
		t.Errorf("%d files are left", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestRecoveredIsStaged: what was taken over takes its place, and is one of the objects of the Store; where it was,
// nothing stays.
func TestRecoveredIsStaged(t *testing.T) {
	root := t.TempDir()
	noted(t, Options{}, root, "content", "1")
	s := opened(t, Options{MaxBytes: 1000}, root)
	left, err := s.Recover(all)
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	if s.quota.staged != 7 || len(s.staged) != 1 || s.current().objects != 1 {
		t.Errorf("%d bytes, %d objects, %d of the ground", s.quota.staged, len(s.staged), s.current().objects)
	}
	if entries, err := os.ReadDir(filepath.Join(root, stageName)); err != nil || len(entries) != 2 {
		t.Errorf("%v is there, %v; want one stage and its lock", entries, err)
	}
	if _, err := left[0].Object.WriteAt([]byte("more"), 7); err != nil || s.quota.staged != 11 {
		t.Errorf("%d bytes, %v", s.quota.staged, err)
	}
	if err := left[0].Object.Discard(); err != nil || s.quota.staged != 0 || len(s.staged) != 0 {
		t.Errorf("%d bytes are staged, %v", s.quota.staged, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}

// TestRecoverAtOnce: callers that look at once find what is theirs, all of it.
func TestRecoverAtOnce(t *testing.T) {
	const n = 32
	root := t.TempDir()
	for i := range n {
		noted(t, Options{NoSync: true}, root, "content", fmt.Sprintf("of %d.", i))
	}
	s := opened(t, Options{}, root)
	defer s.Close()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			own := fmt.Sprintf("of %d.", i)
			left, err := s.Recover(func(notes []byte) bool { return string(notes) == own })
			if err != nil || len(left) != 1 {
				t.Errorf("%d: %d objects, %v", i, len(left), err)
			}
		})
	}
	wg.Wait()
}

// TestRecoverWithoutFolder: a folder that was removed, or what is staged in it, is made again for who looks there next.
func TestRecoverWithoutFolder(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	for _, removed := range []string{".", stageName} {
		for name, look := range map[string]func(*Store) error{
			"Recover": func(s *Store) error {
				_, err := s.Recover(func([]byte) bool { return true })
				return err
			},
			"Delivered": func(s *Store) error {
				_, err := s.Delivered()
				return err
			},
		} {
			root := filepath.Join(t.TempDir(), "root")
			s := opened(t, Options{}, root)
			if err := os.RemoveAll(filepath.Join(root, removed)); err != nil {
				t.Fatal(err)
			}
			if err := look(s); err != nil {
				t.Errorf("%s without %s: %v", name, removed, err)
			}
			if _, err := os.Stat(filepath.Join(root, stageName)); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
