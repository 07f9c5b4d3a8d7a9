package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/flute-node/flute-node/source"
)

// maxFiles bounds the files and folders that are looked at.
const maxFiles = 1 << 20

// scan is one look through a folder.
type scan struct {
	files   map[string]stamp       // by name below the folder, with slashes
	hidden  map[string]bool        // ids of files that are left alone
	folders []string               // all of them, the folder itself included
	odd     map[string]fs.FileMode // what is neither a file nor a folder, the first maxWarnings of them
	moreOdd bool                   // there are more of these
	lost    []string               // names of folders and files that could not be looked at
	err     error                  // about the first of them
}

// look looks through the folder. The error says that it cannot be read at all.
func (c *Config) look() (*scan, error) {
	s := &scan{files: map[string]stamp{}, hidden: map[string]bool{}, odd: map[string]fs.FileMode{}}
	entries := 0
	err := fs.WalkDir(os.DirFS(c.Folder), ".", func(name string, d fs.DirEntry, err error) error {
		if entries++; entries > maxFiles {
			return fmt.Errorf("watch: %s: more than %d files and folders", c.Folder, maxFiles)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != ".": // it is gone meanwhile
			return nil
		case err != nil && name == ".":
			return err
		case err != nil:
			s.fail(name, err)
			return nil
		case d.IsDir():
			if name != "." && isHidden(name) {
				return fs.SkipDir
			}
			s.folders = append(s.folders, filepath.Join(c.Folder, filepath.FromSlash(name)))
			return nil
		case !d.Type().IsRegular():
			switch {
			case !c.wants(name):
			case len(s.odd) < maxWarnings:
				s.odd[name] = d.Type()
			default:
				s.moreOdd = true
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				s.fail(name, err)
			}
			return nil
		}
		v := stampOf(info)
		if !c.wants(name) {
			s.hidden[v.id] = true
			return nil
		}
		s.files[name] = v
		return nil
	})
	return s, err
}

func (s *scan) fail(name string, err error) {
	s.lost = append(s.lost, name)
	if s.err == nil {
		s.err = err
	}
}

// isLost reports whether a file, or a folder that it is in, could not be looked at.
func (s *scan) isLost(name string) bool {
	for _, l := range s.lost {
		if name == l || strings.HasPrefix(name, l+"/") {
			return true
		}
	}
	return false
}

// stampOf returns the stamp of a file.
func stampOf(info fs.FileInfo) stamp {
	tag := source.Version(info).Tag // ends with the time
	return stamp{size: info.Size(), time: info.ModTime().UnixNano(), id: tag[:strings.LastIndexByte(tag, ':')+1]}
}

// wants reports whether the file with this name is to be sent.
func (c *Config) wants(name string) bool {
	if isHidden(name) || matches(c.Exclude, name) {
		return false
	}
	return len(c.Include) == 0 || matches(c.Include, name)
}

// isHidden reports whether the last element of a name is left alone.
func isHidden(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasSuffix(base, ".part")
}

// matches reports whether one of the patterns matches a name, or its last elements.
func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
			if ok, _ := path.Match(p, rest); ok {
				return true
			}
		}
	}
	return false
}
