//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// TestDefaultLimit: a store opens no more than its part of what the process may open.
func TestDefaultLimit(t *testing.T) {
	defer hog(t, 100)()
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if want := 256 / openShare; s.files.limit != want {
		t.Errorf("limit %d, want %d", s.files.limit, want)
	}
}

// hog takes all descriptors of the process but n. release gives them back.
func hog(t *testing.T, n int) (release func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 256
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if isExhausted(err) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, f)
	}
	for _, f := range taken[:n] {
		_ = f.Close()
	}
	taken = taken[n:]
	release = func() {
		for _, f := range taken {
			_ = f.Close()
		}
		taken = nil
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(release)
	return release
}

// TestExhausted: a process without descriptors closes what is idle, or waits; no object fails for it.
func TestExhausted(t *testing.T) {
	s, root := limited(t, 100)
	var staged []store.Object
	for range 20 {
		o, err := s.Create(1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		staged = append(staged, o)
	}
	release := hog(t, 0)
	more, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := more.WriteAt([]byte("x"), 0); err != nil {
		t.Errorf("with idle files to close: %v", err)
	}
	for i, o := range append(staged, more) {
		if _, err := s.Publish(o, "d/"+string(rune('a'+i))); err != nil {
			t.Errorf("object %d: %v", i, err)
		}
	}
	release()
	if entries, err := os.ReadDir(filepath.Join(root, "d")); err != nil || len(entries) != 21 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

// TestExhaustedByOthers: when others have all descriptors, an operation waits until one is free.
func TestExhaustedByOthers(t *testing.T) {
	s, root := limited(t, 100)
	o, err := s.Create(1)
	if err != nil {
		t.Fatal(err)
	}
	release := hog(t, 0)
	s.files.patience = 0
	if _, err := o.WriteAt([]byte("x"), 0); !isExhausted(err) {
		t.Errorf("without patience: %v", err)
	}
	s.files.patience = time.Hour
	done := make(chan error)
	go func() {
		_, err := o.WriteAt([]byte("x"), 0)
		if err == nil {
			_, err = s.Publish(o, "d/x")
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("did not wait: %v", err)
	default:
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "d", "x")); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestPatienceEnds: a folder that Publish opens itself, and that has to be closed again each time, does not keep it
// busy: it waits, and in the end it tells that there are too few descriptors.
func TestPatienceEnds(t *testing.T) {
	failed := 0
	for n := range 8 {
		s, err := New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Publish(written(t, s, "old"), "d/e/x"); err != nil {
			t.Fatal(err)
		}
		o := written(t, s, "new")
		s.folders.closeIdle() // it has to be opened anew
		s.files.patience = 20 * time.Millisecond
		tries, closeIdle := 0, s.files.more
		s.files.more = func() {
			if tries++; tries > 100 {
				s.files.patience = 0
			}
			closeIdle()
		}
		release := hog(t, n)
		_, err = s.Publish(o, "d/e/x")
		release()
		if tries > 100 {
			t.Errorf("%d descriptors: it tries without end", n)
		}
		if err != nil {
			failed++
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if failed == 0 {
		t.Error("there were always enough descriptors")
	}
}

// TestPublishWithFewDescriptors: however many there are left, Publish either succeeds or changes nothing.
func TestPublishWithFewDescriptors(t *testing.T) {
	failed := 0
	for n := range 8 {
		root := t.TempDir()
		s, err := New(root)
		if err != nil {
			t.Fatal(err)
		}
		publish := func(content string) error {
			o, err := s.Create(1)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Discard()
			if _, err := o.WriteAt([]byte(content), 0); err != nil {
				t.Fatal(err)
			}
			if content == "old" {
				_, err = s.Publish(o, "d/e/x")
				return err
			}
			s.folders.closeIdle() // it has to be opened anew
			defer hog(t, n)()
			s.files.patience = 0
			_, err = s.Publish(o, "d/e/x")
			return err
		}
		if err := publish("old"); err != nil {
			t.Fatal(err)
		}
		err = publish("new")
		want := "new"
		if err != nil {
			failed++
			want = "old"
		}
		if got, readErr := os.ReadFile(filepath.Join(root, "d", "e", "x")); readErr != nil || string(got) != want {
			t.Errorf("%d descriptors, %v: %q, %v", n, err, got, readErr)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if failed == 0 || failed == 8 {
		t.Errorf("%d of 8 failed: the test shows nothing", failed)
	}
}
