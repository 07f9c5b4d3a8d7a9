package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Disk returns the size in bytes of the file system that path is on, or will be on once it is made.
func Disk(path string) (uint64, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	for {
		_, err := os.Stat(path)
		above := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || above == path {
			return sizeOf(path)
		}
		path = above
	}
}
