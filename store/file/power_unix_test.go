//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestPowerLoss: power may be lost at any moment, and a rename may reach the disk by itself, before the sync of its
// folder. So a file that is visible must have been durable before, and one that was told of must have a durable name.
// Looked at are all files, at each sync and after each publication, while many publish at a time.
func TestPowerLoss(t *testing.T) {
	const (
		writers = 16
		files   = 12
		content = "whole"
	)
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	stage := s.current().stage
	var mu sync.Mutex
	given, durable := map[uint64]bool{}, map[uint64]bool{} // inodes; on the disk, and after its cache was written out
	named := map[string]bool{}                             // names that are durable
	whole := func(dir string) map[string]uint64 {
		t.Helper()
		found := map[string]uint64{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil // not made yet
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(content)) {
				found[e.Name()] = info.Sys().(*syscall.Stat_t).Ino
			}
		}
		return found
	}
	cut := func() {
		t.Helper()
		there := whole(filepath.Join(root, "d"))
		mu.Lock()
		defer mu.Unlock()
		for name, inode := range there {
			if !durable[inode] {
				t.Errorf("%s is visible before its bytes are durable", name)
			}
		}
	}
	rounds := 0
	stage.syncs.one = 1000 * time.Hour // no machine is so slow that files are synced one by one
	stage.syncs.all = func() error {
		cut()
		staged := whole(filepath.Join(root, filepath.FromSlash(stage.dir)))
		rounds++
		if err := stage.at.Sync(); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, inode := range staged {
			given[inode] = true
		}
		return nil
	}
	s.syncFile = func(f *os.File) error {
		cut()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for inode := range given {
			durable[inode] = true
		}
		if info.Size() == int64(len(content)) {
			durable[info.Sys().(*syscall.Stat_t).Ino] = true
		}
		return nil
	}
	s.sync = func(*os.File) error {
		cut()
		there := whole(filepath.Join(root, "d"))
		mu.Lock()
		defer mu.Unlock()
		for name := range there {
			named[name] = true
		}
		return nil
	}
	// The first round waits until all are in it: on one processor each might have published before the next one comes.
	goOn := holdRound(&stage.syncs)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range files {
				name := fmt.Sprintf("%d-%d", w, n)
				if _, err := s.Publish(written(t, s, content), "d/"+name); err != nil {
					t.Error(err)
				}
				cut()
				mu.Lock()
				if !named[name] {
					t.Errorf("%s was told of before its name is durable", name)
				}
				mu.Unlock()
			}
		})
	}
	goOn(writers)
	all.Wait()
	if rounds == 0 || rounds > writers*files/2 {
		t.Errorf("%d files in %d rounds: the test shows nothing of batches", writers*files, rounds)
	}
}
