package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/flute-node/flute-node/internal/segment"
	"github.com/flute-node/flute-node/store"
)

// maxVersions bounds the versions of a file that are kept: each is looked for.
const maxVersions = 9999

// errTaken reports that there is a file under a name that shall stay.
var errTaken = errors.New("there is a file of that name")

// settleName gives the object its name, or another one if that is taken, as Options.Existing says.
func (o *object) settleName(name string) (string, error) {
	for n, candidate := 0, name; ; candidate = nameOfVersion(name, n) {
		if err := store.CheckName(candidate); err != nil {
			return "", err
		}
		err := o.place(candidate)
		if !errors.Is(err, errTaken) {
			return candidate, err
		}
		switch n++; {
		case o.store.opts.Existing == keep:
			return name, store.ErrKept
		case o.store.opts.Existing == refuse:
			return "", fmt.Errorf("%w: %q", store.ErrExists, name)
		case n > maxVersions:
			return "", fmt.Errorf("%w: %q has %d versions", store.ErrExists, name, maxVersions)
		}
	}
}

// nameOfVersion returns the name of the nth version of a file.
func nameOfVersion(name string, n int) string {
	dir, leaf := path.Split(name)
	suffix := fmt.Sprintf(".%d", n)
	return dir + segment.Cut(leaf, segment.Max-len(suffix)) + suffix
}

// move moves the staged file from to its name. If it shall not replace a file and there is one, the error is errTaken.
func (s *Store) move(root *os.Root, from, name string) error {
	if s.opts.Existing == replace {
		return root.Rename(from, name)
	}
	defer s.placing.Lock(spelling(path.Dir(name)))()
	switch err := root.Link(from, name); { // no other process can come between
	case err == nil:
		_ = root.Remove(from) // else the next Store does
		return nil
	case errors.Is(err, fs.ErrExist):
		return errTaken
	case !hasNoLinks(err):
		return err
	}
	if s.isTaken(root, name) {
		return errTaken
	}
	return root.Rename(from, name)
}

// isTaken reports whether there is a file under a name that shall stay.
func (s *Store) isTaken(root *os.Root, name string) bool {
	if s.opts.Existing == replace {
		return false
	}
	info, err := root.Lstat(name)
	return err == nil && !info.IsDir()
}

// hasNoLinks reports an error with which file systems say that a file cannot have two names.
func hasNoLinks(err error) bool {
	if errors.Is(err, errors.ErrUnsupported) {
		return true
	}
	for _, e := range []syscall.Errno{syscall.EPERM, syscall.EMLINK, syscall.EXDEV, syscall.EINVAL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
