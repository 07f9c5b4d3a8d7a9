//go:build !linux

package file

import "os"

// syncAllOf returns nil: a sync of a file system tells of no errors here.
func syncAllOf(*os.File) func() error { return nil }
