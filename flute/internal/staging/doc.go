// Package staging keeps the staged object of a store.Store between a session, which never waits for a disk, and the
// Works that do.
//
//	session ── Use ─► Work ── Open ─► store.Object
//	                      └── Leave
//
// # Limitations
//
// A store that hangs in Discard keeps the goroutine of the Work that called it.
package staging
