package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestFolderSyncIsShared: many publications into one folder at a time share its syncs, and none returns before a sync
// that has begun after its rename.
func TestFolderSyncIsShared(t *testing.T) {
	if onWindows {
		t.Skip("folders are not synced")
	}
	const files = 24
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "first"), "d/first"); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	synced, syncs := map[string]bool{}, 0
	renamed := func() []os.DirEntry {
		entries, err := os.ReadDir(filepath.Join(root, "d"))
		if err != nil {
			t.Error(err)
		}
		return entries
	}
	s.sync = func(*os.File) error {
		there := renamed()
		// All wait for the end of the first one, and it may have missed them.
		for syncs++; syncs == 1 && len(renamed()) < 1+files && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range there {
			synced[e.Name()] = true
		}
		return nil
	}
	var all sync.WaitGroup
	for i := range files {
		o := written(t, s, "x")
		all.Go(func() {
			name := fmt.Sprint(i)
			if _, err := s.Publish(o, "d/"+name); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !synced[name] {
				t.Errorf("%s is published before its name is durable", name)
			}
		})
	}
	all.Wait()
	if syncs > files/2 {
		t.Errorf("%d syncs for %d files", syncs, files)
	}
	if len(s.folders.open) != len(s.folders.idle) {
		t.Errorf("%d folders are open, %d of them idle", len(s.folders.open), len(s.folders.idle))
	}
}

// TestFolderThatWasReplaced: who publishes into a folder that was made anew syncs that, and not the one that was
// removed while somebody was in it; and each is closed when nobody is in it.
func TestFolderThatWasReplaced(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g := s.current()
	enter := func() *folder {
		t.Helper()
		info, err := s.makeFolders(g, "d")
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.folders.enter(g, "d", info)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	old := enter()
	if onWindows {
		s.folders.leave(old) // it cannot be removed while it is open
		return
	}
	if err := os.Remove(filepath.Join(root, "d")); err != nil {
		t.Fatal(err)
	}
	now, again := enter(), enter()
	if now == old || again != now {
		t.Errorf("entered %p, removed it, and entered %p and %p", old, now, again)
	}
	s.folders.leave(old)
	s.folders.leave(now)
	if third := enter(); third != now {
		t.Error("a folder with somebody in it was opened again")
	}
	s.folders.leave(now)
	s.folders.leave(now)
	s.folders.closeIdle()
	for _, d := range []*folder{old, now} {
		if _, err := d.file.Stat(); err == nil {
			t.Error("a folder with nobody in it is open")
		}
	}
}

// TestFolderInUseAtTheEnd: a folder in which somebody is when the store is closed is closed when that one leaves.
func TestFolderInUseAtTheEnd(t *testing.T) {
	if !canBeAt {
		t.Skip("folders cannot be opened")
	}
	s := opened(t, Options{}, t.TempDir())
	info, err := s.makeFolders(s.current(), "d")
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.folders.enter(s.current(), "d", info)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.file.Stat(); err != nil {
		t.Errorf("it is closed while it is in use: %v", err)
	}
	s.folders.leave(d)
	if _, err := d.file.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("it is open though nobody uses it: %v", err)
	}
}

// TestIdleFolderThatWasReplaced: it is closed when the one in its place is opened, or is looked for.
func TestIdleFolderThatWasReplaced(t *testing.T) {
	if !canBeAt {
		t.Skip("folders cannot be opened")
	}
	for _, enters := range []bool{true, false} {
		root := t.TempDir()
		s := opened(t, Options{}, root)
		defer s.Close()
		if _, err := s.Publish(written(t, s, "x"), "d/x"); err != nil { // opens d
			t.Fatal(err)
		}
		at := filepath.Join(root, "d")
		if err := errors.Join(os.Rename(at, at+".away"), os.Mkdir(at, 0o700)); err != nil {
			t.Fatal(err)
		}
		old, open := s.folders.open["d"], 0
		if enters {
			info, err := os.Stat(at)
			if err != nil {
				t.Fatal(err)
			}
			d, err := s.folders.enter(s.current(), "d", info)
			if err != nil || d == old {
				t.Fatal(err)
			}
			defer s.folders.leave(d)
			open = 1
		} else if d := s.folders.find(s.current(), "d/x", time.Now()); d != nil {
			t.Error("another folder is taken for it")
			s.folders.leave(d)
		}
		if _, err := old.file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("entered %v: it is open: %v", enters, err)
		}
		if len(s.folders.idle) != 0 || len(s.folders.open) != open {
			t.Errorf("entered %v: %d folders are idle, %d open", enters, len(s.folders.idle), len(s.folders.open))
		}
	}
}
