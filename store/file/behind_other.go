//go:build !linux

package file

import "os"

// beginWriting is nil: the system decides by itself when it writes.
var beginWriting func(f *os.File, off, n int64) error
