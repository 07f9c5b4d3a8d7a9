//go:build unix

package source

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What would block or is no file is listed, and not opened.
func TestFindSpecialFiles(t *testing.T) {
	tree(t, "d/a", "d/closed/x", "d/locked", "fifo-to -> d/pipe")
	if err := syscall.Mkfifo("d/pipe", 0o666); err != nil {
		t.Skip(err)
	}
	s, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(s)
	if err := syscall.Bind(s, &syscall.SockaddrUnix{Name: "d/socket"}); err != nil {
		t.Fatal(err)
	}
	want := []string{"d/pipe: named pipe", "d/socket: socket"}
	if os.Getuid() != 0 {
		for _, name := range []string{"d/closed", "d/locked"} {
			if err := os.Chmod(name, 0); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(name, 0o777)
		}
		want = []string{
			"d/closed: permission denied (failed)", "d/locked: permission denied (failed)", want[0], want[1],
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		list, err := Find([]string{"d"}, Options{})
		if err != nil {
			t.Error(err)
			return
		}
		if _, skipped := found(t, list); !cmp.Equal(skipped, want) {
			t.Error(cmp.Diff(want, skipped))
		}
		for _, given := range []string{"d/pipe", "fifo-to"} {
			if _, err := Find([]string{given}, Options{}); err == nil {
				t.Errorf("%s: no error", given)
			}
			if _, err := File(given).Open(); err == nil {
				t.Errorf("%s was opened", given)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("a pipe blocks")
	}
}

// A link that is put in the place of a folder or a file after the walk does not lead outside.
func TestSwapAfterFind(t *testing.T) {
	for _, swapped := range []string{"d/sub", "d/sub/a"} {
		tree(t, "d/sub/a", "outside/a", "other")
		list, err := Find([]string{"d"}, Options{})
		if err != nil || len(list.Files) != 1 {
			t.Fatal(list, err)
		}
		if err := os.RemoveAll(swapped); err != nil {
			t.Fatal(err)
		}
		target := "../outside"
		if swapped == "d/sub/a" {
			target = "../../other"
		}
		if err := os.Symlink(target, swapped); err != nil {
			t.Fatal(err)
		}
		if r, err := list.Files[0].Source.Open(); err == nil {
			t.Errorf("%s: what the link leads to was opened", swapped)
			_ = r.Close()
		}
	}
}
