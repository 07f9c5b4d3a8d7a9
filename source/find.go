package source

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/flute-node/flute-node/flute/sender"
)

// maxEntries bounds what Find looks at: with links that are followed a few folders may seem to hold any number of
// files.
const maxEntries = 1 << 20

// Links tells what to do with symbolic links below the given paths.
type Links string

// How links are treated. FollowLinks also leads outside of the given paths, wherever the links do.
const (
	SkipLinks   Links = "skip" // they are left out
	FollowLinks Links = "follow"
	RefuseLinks Links = "error" // there may be none
)

// Options configures Find. The zero value is its defaults.
type Options struct {
	Links     Links // empty: SkipLinks
	FullNames bool  // names are paths as they were given
}

// List is the result of [Find].
type List struct {
	// Files have their Source, their name as the ContentLocation, a ContentType, and their Size at the moment.
	Files   []sender.File
	Skipped []Skipped
}

// Skipped is an entry of a folder that is left out.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
	Failed bool   `json:"failed,omitempty"` // it was to be sent, but cannot be read
}

// Failed returns how many entries were to be sent, but cannot be read.
func (l *List) Failed() (n int) {
	for _, s := range l.Skipped {
		if s.Failed {
			n++
		}
	}
	return n
}

// Find lists the files at and below the given paths. A path that cannot be read is an error, an entry below it is not.
func Find(paths []string, o Options) (*List, error) {
	f := &finder{Options: o, names: newNames()}
	for _, p := range paths {
		if err := f.add(p); err != nil {
			return nil, err
		}
	}
	if err := f.names.check(); err != nil {
		return nil, err
	}
	return &f.List, nil
}

type finder struct {
	Options
	List
	names   *names
	entries int
}

// add lists what is at and below a path that was given.
func (f *finder) add(given string) error {
	info, err := os.Stat(given)
	if err != nil {
		return err
	}
	name, err := f.Name(given)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: %w", given, errNotRegular)
		}
		return f.take(given, name, file{name: given})
	}
	root, err := os.OpenRoot(given)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	w := walk{finder: f, path: given, name: name, above: []fs.FileInfo{info}, fs: root.FS()}
	w.folder = &folder{path: given}
	defer w.folder.keep()()
	return w.run()
}

// take lists a file. It is opened, since that alone tells whether it can be read.
func (f *finder) take(at, name string, s file) error {
	h, err := s.open()
	if err != nil {
		return err
	}
	if f.names.add(name, at) { // it was not given twice
		if n := len(f.Files); n == cap(f.Files) {
			f.Files = slices.Grow(f.Files, max(n, 16)) // a list may be long, and a File is large
		}
		f.Files = append(f.Files, sender.File{
			ContentLocation: location(name), ContentType: ContentType(name, h), Source: s, Size: uint64(h.now.size),
		})
	}
	return h.Close()
}

func (f *finder) skip(at, reason string) {
	f.Skipped = append(f.Skipped, Skipped{Path: at, Reason: reason})
}

func (f *finder) fail(at string, err error) {
	f.Skipped = append(f.Skipped, Skipped{Path: at, Reason: cause(err), Failed: true})
}

// walk lists what is in a folder that was given, or that a link leads to.
type walk struct {
	*finder
	path   string        // of the folder
	name   string        // of the folder, to receivers
	above  []fs.FileInfo // the folder and those above it, as far as links lead through them
	fs     fs.FS
	folder *folder // nil: a link leads to it
}

func (w *walk) run() error {
	filled := map[string]bool{} // folders that hold anything
	var folders []string
	err := fs.WalkDir(w.fs, ".", func(name string, d fs.DirEntry, err error) error {
		if w.entries++; w.entries > maxEntries {
			return fmt.Errorf("%s: more than %d files and folders", w.path, maxEntries)
		}
		at := filepath.Join(w.path, filepath.FromSlash(name))
		if name != "." {
			filled[path.Dir(name)] = true
		}
		switch {
		case err != nil && name == "." && len(w.above) == 1:
			return err // it was given
		case err != nil:
			filled[name] = true // who knows
			w.fail(at, err)
			return nil
		case d.IsDir():
			folders = append(folders, name)
			return nil
		}
		return w.entry(at, name, d.Type())
	})
	for _, name := range folders {
		if !filled[name] {
			w.skip(filepath.Join(w.path, filepath.FromSlash(name)), "empty folder")
		}
	}
	return err
}

// entry lists what is no folder.
func (w *walk) entry(at, name string, mode fs.FileMode) error {
	switch {
	case mode.IsRegular():
		if w.folder != nil {
			w.regular(at, name, file{w.folder, name})
		} else {
			w.regular(at, name, file{name: at})
		}
	case mode&fs.ModeSymlink != 0 && w.Links == FollowLinks:
		return w.follow(at, name)
	case mode&fs.ModeSymlink != 0 && w.Links == RefuseLinks:
		return fmt.Errorf("%s is a symbolic link", at)
	default:
		w.skip(at, kind(mode))
	}
	return nil
}

func (w *walk) regular(at, name string, s file) {
	if err := w.take(at, path.Join(w.name, name), s); err != nil {
		w.fail(at, err)
	}
}

// follow lists what a link leads to.
func (w *walk) follow(at, name string) error {
	info, err := os.Stat(at)
	switch {
	case err != nil:
		w.fail(at, fmt.Errorf("symbolic link: %s", cause(err)))
		return nil
	case info.Mode().IsRegular():
		w.regular(at, name, file{name: at})
		return nil
	case !info.IsDir():
		w.skip(at, "symbolic link to a "+kind(info.Mode()))
		return nil
	}
	above, err := w.loop(name, info)
	if err != nil {
		w.fail(at, err)
		return nil
	}
	if above == nil {
		w.skip(at, "symbolic link to a folder above it")
		return nil
	}
	inner := walk{finder: w.finder, path: at, name: path.Join(w.name, name), above: above, fs: os.DirFS(at)}
	return inner.run()
}

// loop returns the folders above what is in the folder to, that the link name leads to; nil: to is one of those above
// the link.
func (w *walk) loop(name string, to fs.FileInfo) ([]fs.FileInfo, error) {
	above := slices.Clone(w.above)
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		info, err := os.Stat(filepath.Join(w.path, filepath.FromSlash(dir)))
		if err != nil {
			return nil, err
		}
		above = append(above, info)
	}
	for _, a := range above {
		if os.SameFile(a, to) {
			return nil, nil
		}
	}
	return append(above, to), nil
}

// kind says what an entry is that is not sent.
func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "no regular file"
}
