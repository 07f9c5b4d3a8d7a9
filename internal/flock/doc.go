// Package flock locks files against other processes. A lock ends with the process that has it, however that ends.
//
//	locked, err := flock.Try(f)
//
// # Limitations
//
// It waits for nobody. A lock is advice: it stops only those who ask for it. There is none on systems without a lock
// that ends with its process, nor on file systems that have no locks: Try returns an error there.
package flock
