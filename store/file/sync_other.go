//go:build !unix

package file

import "os"

// syncDir: folders cannot be synced here.
func (s *Store) syncDir(string) error { return nil }

// lockFile: a folder that a process uses cannot be removed here anyway, since its files are open.
func lockFile(*os.File) error { return nil }
