//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPublishWhereNothingMayChange: when the rename or the opening of the folder fails, the error says so, the older
// file is still there, and the object can be published elsewhere.
func TestPublishWhereNothingMayChange(t *testing.T) {
	for name, mode := range map[string]os.FileMode{
		"may be read":    0o555,
		"may be changed": 0o333,
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			unprivileged(t, root)
			s, err := New(root)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Publish(written(t, s, "old"), "d/x"); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(root, "d"), mode); err != nil {
				t.Fatal(err)
			}
			s.folders.closeIdle() // it has to be opened anew
			o := written(t, s, "new")
			_, err = s.Publish(o, "d/x")
			if err := os.Chmod(filepath.Join(root, "d"), 0o777); err != nil {
				t.Fatal(err)
			}
			if !errors.Is(err, os.ErrPermission) {
				t.Errorf("Publish: %v, want permission denied", err)
			}
			if got := read(t, root, "d", "x"); got != "old" {
				t.Errorf("d/x = %q after %v", got, err)
			}
			if _, err := s.Publish(o, "d/y"); err != nil {
				t.Error(err)
			}
			if got := read(t, root, "d", "y"); got != "new" {
				t.Errorf("d/y = %q", got)
			}
		})
	}
}

// unprivileged makes the test somebody to whom permissions mean something, who owns root.
func unprivileged(t *testing.T, root string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	if err := errors.Join(os.Chown(root, nobody, nobody), os.Chmod(filepath.Dir(root), 0o755)); err != nil {
		t.Skip(err)
	}
	if err := syscall.Seteuid(nobody); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := syscall.Seteuid(0); err != nil {
			panic(err) // all other tests would run as nobody
		}
	})
}

// TestNewFails: what cannot be a root is refused.
func TestNewFails(t *testing.T) {
	root := t.TempDir()
	unprivileged(t, root)
	for _, mode := range []os.FileMode{0o555, 0o444, 0} { // no stage, no entries, nothing
		dir := filepath.Join(root, mode.String())
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if s, err := New(dir); !errors.Is(err, os.ErrPermission) {
			t.Errorf("mode %v: %v, %v", mode, s, err)
		}
	}
}
