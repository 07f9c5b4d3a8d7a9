//go:build unix

package replace

import (
	"errors"
	"os"
)

// syncDir has the names in a folder reach the disk.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
