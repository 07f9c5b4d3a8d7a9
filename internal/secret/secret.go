package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// Check returns an error if others than the owner have access to the file.
func Check(info fs.FileInfo) error {
	if p := info.Mode().Perm(); p&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("others than its owner have access to it (%04o)", p)
	}
	return nil
}

// ErrLong tells that there is more in a file than may be.
var ErrLong = errors.New("it is too long")

// Read returns what such a file holds, without the spaces around: at most so many bytes.
func Read(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err == nil {
		err = Check(info)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", err
	case int64(len(text)) > most:
		return "", fmt.Errorf("%s: %w: more than %d bytes", path, ErrLong, most)
	}
	return strings.TrimSpace(string(text)), nil
}
