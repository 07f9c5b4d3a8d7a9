package file

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/flute-node/flute-node/store/names"
)

// Names returns the registry of the store's names; see [names.Of].
func (s *Store) Names() any { return s.names }

// lookInTurn is look. Who looks at a folder that hangs takes a thread until it answers, and a process has not many: one
// at a time looks below a folder of the root, and a few in the root itself.
func (s *Store) lookInTurn(name string) names.Kind {
	if top, _, below := strings.Cut(name, "/"); below {
		defer s.looking.Lock(spelling(top))()
	} else {
		s.looks.enter()
		defer s.looks.leave()
	}
	return s.look(name)
}

// look tells what is under a name. An error that says nothing about the name is left to Publish to find.
func (s *Store) look(name string) names.Kind {
	if s.checkName(name) != nil {
		return names.Blocked
	}
	if e, ok := s.entryOf(name); ok && e.kind != names.Folder { // a folder may be the staging folder
		return e.kind
	}
	if s.isStaging(name) {
		return names.Blocked
	}
	root := s.current().root
	var info os.FileInfo
	err := s.files.patiently(func() (err error) {
		info, err = root.Lstat(name)
		return err
	})
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if to, err := root.Stat(name); err == nil {
			info = to
		}
	}
	var number syscall.Errno
	switch {
	case err == nil && info.IsDir():
		return names.Folder
	case err == nil:
		return names.File
	case errors.Is(err, os.ErrClosed):
		return names.Absent
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP), !errors.As(err, &number):
		return names.Blocked // the last: os.Root says that it leads outside
	}
	return belowFolder(root, name)
}

// belowFolder returns Absent if there is a folder for the name, or one can be made, else Blocked. One call tells what
// there is: between two, somebody makes the folder that the first has not found.
func belowFolder(root *os.Root, name string) names.Kind {
	for name = path.Dir(name); name != "."; name = path.Dir(name) {
		info, err := root.Lstat(name)
		if err != nil {
			continue
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			info, err = root.Stat(name)
		}
		if err != nil || !info.IsDir() { // a link to nothing, or a file
			return names.Blocked
		}
		return names.Absent
	}
	return names.Absent
}

// ignoresCase reports whether the file system takes names for the same that differ in case only.
func (s *stage) ignoresCase() bool { return sameFor(s.files, "case-A", "case-a") }

// ignoresForm reports whether the file system takes names for the same that differ only in how Unicode composes their
// characters, such as é of one or of two code points.
func (s *stage) ignoresForm() bool { return sameFor(s.files, "form-\u00e9", "form-e\u0301") }

// prober is a folder in which names are tried.
type prober interface {
	OpenFile(name string, flag int, perm os.FileMode) (*os.File, error)
	Lstat(name string) (os.FileInfo, error)
	Remove(name string) error
}

// sameFor reports whether a file that is made under one name is there under the other one. That it came with the first
// tells as much as the number of its inode, of which some file systems give each name its own: those of FUSE do.
func sameFor(files prober, one, other string) bool {
	_, err := files.Lstat(other)
	absent := errors.Is(err, fs.ErrNotExist)
	f, err := files.OpenFile(one, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return false
	}
	defer files.Remove(one) //nolint:errcheck // else with the stage
	mine, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return false
	}
	there, err := files.Lstat(other)
	return err == nil && (absent || os.SameFile(mine, there))
}

// foldOf returns a function that makes one name of those that a file system takes for the same.
func foldOf(ignoresCase, ignoresForm bool) func(name string) string {
	return func(name string) string {
		if ignoresForm { // case folding undoes no composition, but may make one possible
			name = norm.NFD.String(name)
		}
		if ignoresCase {
			name = foldCase(name)
		}
		if ignoresForm {
			name = norm.NFC.String(name)
		}
		return name
	}
}

// spelling returns one spelling of those that some file system takes for the same.
func spelling(name string) string { return foldOf(true, true)(name) }

// foldCase replaces each letter by the least that differs from it in case only.
func foldCase(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}
