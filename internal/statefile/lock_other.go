//go:build !unix

package statefile

import "os"

// lock locks nothing.
func lock(string) (*os.File, error) { return nil, nil }

// syncDir does nothing: a folder cannot be synced here.
func syncDir(string) error { return nil }
