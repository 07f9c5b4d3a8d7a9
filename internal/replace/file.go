package replace

import (
	"errors"
	"os"
	"path/filepath"
)

// File puts b into the place of the file at path, which need not exist. It is on the disk when File returns. After an
// error the file has its old content, or, if the folder could not be synced, the new one.
func File(path string, b []byte) (err error) {
	// Hidden: somebody may watch the folder.
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(t.Name())
		}
	}()
	if _, err = t.Write(b); err == nil {
		err = t.Sync()
	}
	if err = errors.Join(err, t.Close()); err != nil {
		return err
	}
	if err = os.Rename(t.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
