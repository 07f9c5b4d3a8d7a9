// Package statefile keeps the numbers of a sending session in a small file, so that a sender that is started again goes
// on after what receivers know of it.
//
//	f, numbers, err := statefile.Open(path, key)
//	cfg.Resume, cfg.Keeper = numbers, f
//	...
//	f.Close()
//
// The file is one line of JSON with a version and a checksum. It is replaced as a whole: what is there after a crash or
// a power failure is what one Keep wrote, or the one before. A file that cannot be read as such is not believed: it is
// kept aside as path.bad, and the session begins anew. One of another session, or of a later version, is an error,
// since it is likely to be somebody else's. While it is open, no other process of this machine can open it, on systems
// that have locks.
//
// # Limitations
//
// Two machines that share the file do not notice each other.
package statefile
