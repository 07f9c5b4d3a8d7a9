//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// syncDir makes the entries of a folder durable.
func (s *Store) syncDir(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}

// lockFile takes the lock of f, which ends with the process. It fails at once if another holds it.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
