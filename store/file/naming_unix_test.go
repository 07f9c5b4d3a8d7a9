//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// holdRound has the first round of s wait. It goes on with goOn, once so many files are in it.
func holdRound(s *syncs) (goOn func(files int)) {
	before := &round{done: make(chan struct{}), synced: make(chan struct{})}
	s.last = before // which the round waits for
	return func(files int) {
		for joined := 0; joined < files; {
			time.Sleep(time.Millisecond)
			s.mu.Lock()
			if s.next != nil {
				joined = len(s.next.files)
			}
			s.mu.Unlock()
		}
		close(before.synced)
		close(before.done)
	}
}

// publishRound publishes files in one round, each with a note, and returns what PublishNoted has told of each.
func publishRound(t *testing.T, s *Store, names ...string) (noted []bool, errs []error) {
	t.Helper()
	return publishRoundAnd(t, s, func(string) {}, names...)
}

// publishRoundAnd calls published, by several goroutines, as each file is.
func publishRoundAnd(
	t *testing.T, s *Store, published func(name string), names ...string,
) (noted []bool, errs []error) {
	t.Helper()
	stage := s.current().stage
	stage.syncs.one = 1000 * time.Hour // no machine is so slow that files are synced one by one
	begin := make(chan struct{})
	stage.syncs.all = func() error { return nil }
	goOn := holdRound(&stage.syncs)
	noted, errs = make([]bool, len(names)), make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		o := written(t, s, "content of "+name)
		all.Go(func() {
			<-begin
			_, noted[i], errs[i] = s.PublishNoted(o, name, []byte("note of "+name))
			published(name)
		})
	}
	close(begin)
	goOn(len(names))
	all.Wait()
	return noted, errs
}

// TestRoundIsNamed: the files of a round get their names, and are noted, by one goroutine: with one sync of their
// folder, and in one write. A name that cannot be had is the error of its file alone.
func TestRoundIsNamed(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d/first", "folder/x"} { // from then on the folders are open
		if _, err := s.Publish(written(t, s, name), name); err != nil {
			t.Fatal(err)
		}
	}
	syncs := 0
	s.sync = func(*os.File) error { syncs++; return nil }
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("d/%d", i))
	}
	names = append(names, "folder")
	noted, errs := publishRound(t, s, names...)
	last := len(names) - 1
	for i, name := range names[:last] {
		if errs[i] != nil || !noted[i] || read(t, root, name) != "content of "+name {
			t.Errorf("%s: noted %v, %v", name, noted[i], errs[i])
		}
	}
	if !errors.Is(errs[last], store.ErrName) || noted[last] {
		t.Errorf("the name of a folder: noted %v, %v", noted[last], errs[last])
	}
	if syncs != 1 {
		t.Errorf("%d syncs of the folder, want 1", syncs)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	next, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	notes, err := next.Delivered()
	if err != nil || len(notes) != last {
		t.Errorf("%d notes, want %d; %v", len(notes), last, err)
	}
}

// TestRoundWithAFolderThatHangs: files of other folders are published meanwhile, whoever has begun the round.
func TestRoundWithAFolderThatHangs(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	names := []string{"a/1", "b/1", "a/2", "c/1", "b/2", "c/2"}
	for _, name := range []string{"a/0", "b/0", "c/0"} { // from then on the folders are open
		if _, err := s.Publish(written(t, s, name), name); err != nil {
			t.Fatal(err)
		}
	}
	others := make(chan struct{}, len(names))
	s.sync = func(f *os.File) error {
		if filepath.Base(f.Name()) != "b" {
			return nil
		}
		for range len(names) - 2 {
			select {
			case <-others:
			case <-time.After(30 * time.Second):
				return errors.New("the others wait for it")
			}
		}
		return nil
	}
	var warned atomic.Bool
	s.opts.Warn = func(string) { warned.Store(true) }
	noted, errs := publishRoundAnd(t, s, func(name string) {
		if !strings.HasPrefix(name, "b/") {
			others <- struct{}{}
		}
	}, names...)
	if err := errors.Join(errs...); err != nil || warned.Load() || slices.Contains(noted, false) {
		t.Errorf("%v, warned %v, noted %v", err, warned.Load(), noted)
	}
}

// TestRoundOfFoldersThatPanics: a panic is that of who publishes there.
func TestRoundOfFoldersThatPanics(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/0", "b/0"} {
		if _, err := s.Publish(written(t, s, name), name); err != nil {
			t.Fatal(err)
		}
	}
	a, b := written(t, s, "a"), written(t, s, "b")
	names := []*naming{{object: a.(*object), name: "a/1"}, {object: b.(*object), name: "b/1"}}
	s.sync = func(f *os.File) error {
		if filepath.Base(f.Name()) == "b" {
			panic("sync")
		}
		return nil
	}
	nameAll(names)
	for _, n := range names {
		<-n.ended
	}
	crash := names[1].crash
	if names[0].crash != nil || crash == nil || crash.Value != "sync" {
		t.Fatalf("%v and %v", names[0].crash, crash)
	}
	if !bytes.Contains(crash.Stack, []byte("TestRoundOfFoldersThatPanics.func")) {
		t.Errorf("the stack is not that of the sync: %s", crash.Stack)
	}
}

// TestRoundWhoseFolderIsNotSynced: the files are there, and a Warning tells of each; the next one tries it before.
func TestRoundWhoseFolderIsNotSynced(t *testing.T) {
	root := t.TempDir()
	var warnings []string
	s, err := Options{Warn: func(text string) { warnings = append(warnings, text) }}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "x"), "first"); err != nil {
		t.Fatal(err)
	}
	s.sync = func(*os.File) error { return syscall.EIO }
	_, errs := publishRound(t, s, "a", "b", "c")
	if err := errors.Join(errs...); err != nil || len(warnings) != 3 || !s.unsynced.Load() {
		t.Errorf("%v; warnings %q", err, warnings)
	}
	for _, name := range []string{"a", "b", "c"} {
		if read(t, root, name) != "content of "+name || !strings.Contains(strings.Join(warnings, " "), `"`+name+`"`) {
			t.Errorf("%s is not there, or not told of: %q", name, warnings)
		}
	}
}

// TestRoundInAFolderThatWasReplaced: whoever names a round makes sure of the folder first.
func TestRoundInAFolderThatWasReplaced(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "x"), "d/first"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(root, "d"), filepath.Join(root, "before")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, errs := publishRound(t, s, "d/a", "d/b"); errors.Join(errs...) != nil {
		t.Fatal(errs)
	}
	for _, name := range []string{"d/a", "d/b"} {
		if got := read(t, root, name); got != "content of "+name {
			t.Errorf("%s = %q", name, got)
		}
	}
}

// TestFullRoundBegins: of twice as many callers as a round has, half are synced while the others join the next one. It
// does not wait for those of the round before that one.
func TestFullRoundBegins(t *testing.T) {
	hold := make(chan struct{})
	s := &syncs{one: 1000 * time.Hour, all: func() error { <-hold; return nil }}
	before := &round{done: make(chan struct{}), synced: make(chan struct{})}
	s.last = before
	var all sync.WaitGroup
	commit := func() {
		if err := s.commit(nil, func(*os.File) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	for range maxRound {
		all.Go(commit)
	}
	for s.lastRound() == before || s.joining() {
		time.Sleep(time.Millisecond)
	}
	close(before.synced) // it has not ended: who was in it is not back
	first := s.lastRound()
	for range maxRound {
		all.Go(commit)
	}
	for s.lastRound() == first || s.joining() {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	all.Wait()
	close(before.done)
	if a, b := first.count, s.lastRound().count; a != maxRound || b != maxRound {
		t.Errorf("rounds of %d and %d files, want %d", a, b, maxRound)
	}
}

func (s *syncs) lastRound() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// joining reports whether a round has not begun, and has room.
func (s *syncs) joining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next != nil
}
