package settings

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/store/file"
)

// Publication are the words that say how received files get into their folder.
type Publication struct {
	Existing string // existing: replace, keep, version or refuse; empty: replace
	Mode     string // mode: permissions of files, in octal; empty: 0666 less the umask
	DirMode  string // dir-mode: those of new folders; empty: 0777 less the umask
	Owner    string // owner: USER[:GROUP] or :GROUP, by name or number; empty: the process
	MTime    string // mtime: written or published; empty: written
	MaxFiles int    // max-files: below the folder; zero: no bound
	MaxBytes uint64 // max-bytes: below the folder; zero: no bound
	MinFree  uint64 // min-free: bytes of the disk that stay free
	Allocate string // allocate: sparse or full; empty: sparse
	Stage    string // stage: folder in which files are received; empty: one in theirs

	ResumeAge   time.Duration // resume-age: how long unfinished files of earlier processes are kept; zero: 7 days
	ResumeQuota uint64        // resume-quota: bytes of the disk for them; zero: no bound

	// LookupOwner returns the number of a user, or of a group, by its name; nil: owners are numbers.
	LookupOwner func(name string, group bool) (int, error)
}

// Options returns the configuration of the store. An error is an [*Error].
func (p *Publication) Options() (opts file.Options, err error) {
	if opts.Existing, err = oneOf(wordExisting, p.Existing, []choice[string]{
		{"replace", ""}, {"keep", "keep"}, {"version", "version"}, {"refuse", "refuse"},
	}); err != nil {
		return opts, err
	}
	if opts.FileMode, err = mode(wordMode, p.Mode, 0o600, fs.ModePerm); err != nil {
		return opts, err
	}
	const special = fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if opts.DirMode, err = mode(wordDirMode, p.DirMode, 0o700, fs.ModePerm|special); err != nil {
		return opts, err
	}
	if opts.UID, opts.GID, err = owner(p.Owner, p.LookupOwner); err != nil {
		return opts, err
	}
	if opts.PublishTime, err = oneOf(wordMTime, p.MTime,
		[]choice[bool]{{"written", false}, {"published", true}}); err != nil {
		return opts, err
	}
	if opts.Preallocate, err = oneOf(wordAllocate, p.Allocate,
		[]choice[bool]{{"sparse", false}, {"full", true}}); err != nil {
		return opts, err
	}
	if p.MaxFiles < 0 {
		return opts, errorf("%v %d is negative", wordMaxFiles, p.MaxFiles)
	}
	if p.ResumeAge < 0 {
		return opts, errorf("%v %v is negative", wordResumeAge, p.ResumeAge)
	}
	opts.Stage, opts.KeepFor, opts.KeepBytes = p.Stage, p.ResumeAge, p.ResumeQuota
	opts.MaxFiles, opts.MaxBytes, opts.MinFree = p.MaxFiles, p.MaxBytes, p.MinFree
	return opts, nil
}

// mode reads permissions in octal, which must have the bits least and no others than most; 0 if there are none.
func mode(w word, text string, least, most fs.FileMode) (fs.FileMode, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return 0, errorf("%v %q: take an octal number, such as 0640", w, text)
	}
	m := fs.FileMode(n).Perm()
	for _, bit := range []struct {
		n    uint64
		mode fs.FileMode
	}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}} {
		if n&bit.n != 0 {
			m |= bit.mode
		}
	}
	switch {
	case m&least != least:
		return 0, errorf("%v %q: the owner needs at least %04o", w, text, uint32(least))
	case m&^most != 0:
		return 0, errorf("%v %q has bits that files do not get", w, text)
	}
	return m, nil
}

// owner reads USER, USER:GROUP or :GROUP; nil is the process's.
func owner(text string, lookup func(name string, group bool) (int, error)) (uid, gid *int, err error) {
	if text == "" {
		return nil, nil, nil
	}
	user, group, _ := strings.Cut(text, ":")
	if user == "" && group == "" {
		return nil, nil, errorf("%v %q: take USER, USER:GROUP or :GROUP", wordOwner, text)
	}
	number := func(name string, group bool) (*int, error) {
		if name == "" {
			return nil, nil
		}
		if n, err := strconv.ParseUint(name, 10, 31); err == nil {
			return new(int(n)), nil
		}
		if lookup == nil {
			return nil, errorf("%v %q: take numbers", wordOwner, text)
		}
		n, err := lookup(name, group)
		if err != nil {
			return nil, errorf("%v %q: %v", wordOwner, text, err)
		}
		return &n, nil
	}
	if uid, err = number(user, false); err == nil {
		gid, err = number(group, true)
	}
	return uid, gid, err
}
