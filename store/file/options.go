package file

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// keepFor is the default of Options.KeepFor: a receiver may be off for a weekend.
const keepFor = 7 * 24 * time.Hour

// Options configures a Store. The zero value is the default.
type Options struct {
	// Existing says what becomes of an object whose name is that of a file:
	//
	//	replace  it takes the place of the file, atomically; the default
	//	keep     the file stays, and the object is not wanted: store.ErrKept
	//	version  the file stays, and the object gets the first free one of the names name.1, name.2, …
	//	refuse   the file stays, and the object fails: store.ErrExists
	Existing string
	// NoSync leaves it to the operating system when files reach the disk. Publication stays atomic for other processes,
	// but after a loss of power published files may be empty or missing.
	NoSync bool
	// FileMode and DirMode are the permissions of published files and of new folders. Zero is 0666 and 0777 less the
	// umask. The staging folder is 0700 in any case.
	FileMode, DirMode fs.FileMode
	// UID and GID are whom published files and new folders belong to, by number. Only root can give files away. Nil is
	// the process.
	UID, GID *int
	// PublishTime gives a file the time of its publication as that of its last change. Otherwise this is when its last
	// byte was staged, which may be long before it could be seen. FLUTE tells nothing of the sender's.
	PublishTime bool
	// MaxFiles and MaxBytes bound what is below the root, whoever put it there, with what is being received: an object
	// that would exceed them fails with [store.ErrFull]. Zero is no bound.
	MaxFiles int
	MaxBytes uint64
	// MinFree is how many bytes of the disk stay free: an object that would take them fails with [store.ErrFull].
	MinFree uint64
	// Preallocate has the disk reserve the whole length of an object with its first byte, so that it fails at once
	// where there is no room, and lies in few pieces. It takes the sender's word for the length. False: staged files
	// have holes, which take no room; on an ext4 with more than 2 GiB free, up to 80 MiB behind what comes in order are
	// reserved, unless MaxBytes or MinFree is set.
	Preallocate bool
	// MaxOpen bounds the staged files that are open at the same time. Zero is a quarter of the descriptors that the
	// process may have, 4096 at most.
	MaxOpen int
	// KeepFor is how long staged objects with notes, which an earlier process has left, are kept for [Store.Recover].
	// Zero is 7 days.
	KeepFor time.Duration
	// KeepBytes bounds what those objects take on the disk together: the oldest are removed first. Zero is no bound.
	KeepBytes uint64
	// Stage is a folder in which objects are staged, in place of one in the root; it is made if it does not exist. It
	// may be on another file system: then what is published is copied into the root first. Empty: the root.
	Stage string
	// Warn is told what the Store has mended, and what an operator should know, such as that the root was removed. It
	// is called by any goroutine, with no lock held, and must not block. May be nil.
	Warn func(text string)
}

// The values of Options.Existing.
const (
	replace = "replace"
	keep    = "keep"
	version = "version"
	refuse  = "refuse"
)

// owner returns what chown takes; false: owners stay as they are.
func (opts *Options) owner() (uid, gid int, any bool) {
	uid, gid = -1, -1
	if opts.UID != nil {
		uid = *opts.UID
	}
	if opts.GID != nil {
		gid = *opts.GID
	}
	return uid, gid, uid >= 0 || gid >= 0
}

// validated returns opts with its defaults. The error begins with the name of the field.
func (opts Options) validated() (Options, error) {
	const bits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	switch {
	case !slices.Contains([]string{"", replace, keep, version, refuse}, opts.Existing):
		return opts, fmt.Errorf("%s %q: take replace, keep, version or refuse", "Existing", opts.Existing)
	case opts.FileMode&^fs.ModePerm != 0:
		return opts, fmt.Errorf("FileMode %v is more than permissions", opts.FileMode)
	case opts.FileMode != 0 && opts.FileMode&0o600 != 0o600:
		return opts, fmt.Errorf("FileMode %v keeps the owner from reading and writing", opts.FileMode)
	case opts.DirMode&^bits != 0:
		return opts, fmt.Errorf("DirMode %v is more than permissions", opts.DirMode)
	case opts.DirMode != 0 && opts.DirMode&0o700 != 0o700:
		return opts, fmt.Errorf("DirMode %v keeps the owner out", opts.DirMode)
	case opts.UID != nil && *opts.UID < 0:
		return opts, fmt.Errorf("UID %d is negative", *opts.UID)
	case opts.GID != nil && *opts.GID < 0:
		return opts, fmt.Errorf("GID %d is negative", *opts.GID)
	case opts.MaxFiles < 0:
		return opts, fmt.Errorf("MaxFiles %d is negative", opts.MaxFiles)
	case opts.KeepFor < 0:
		return opts, fmt.Errorf("KeepFor %v is negative", opts.KeepFor)
	case opts.Preallocate && !canAllocate:
		return opts, fmt.Errorf("%s: %w", "Preallocate", errors.ErrUnsupported)
	case opts.MinFree > 0 && !canTellFree:
		return opts, fmt.Errorf("%s: %w", "MinFree", errors.ErrUnsupported)
	}
	opts.Existing = cmp.Or(opts.Existing, replace)
	if opts.MaxOpen <= 0 {
		opts.MaxOpen = defaultMaxOpen()
	}
	if opts.KeepFor == 0 {
		opts.KeepFor = keepFor
	}
	return opts, nil
}

// fileMode and dirMode are what files and folders are made with.
func (opts *Options) fileMode() fs.FileMode {
	if opts.FileMode != 0 {
		return opts.FileMode
	}
	return 0o666
}

func (opts *Options) dirMode() fs.FileMode {
	if opts.DirMode != 0 {
		return opts.DirMode.Perm()
	}
	return 0o777
}
