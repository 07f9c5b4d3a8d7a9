//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package file

import "os"

// processLimit returns how many descriptors the process may have.
func processLimit() int { return unknownLimit }

// isUnlinked would report whether an open file has no name left.
func isUnlinked(*os.File) bool { return false }

// isStale would report an error with which NFS says that a file was removed.
func isStale(error) bool { return false }
