package source

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Name returns the name of a path that was given, with slashes; empty: what is below it has no folder.
func (o *Options) Name(given string) (string, error) {
	p := filepath.Clean(given)
	if o.FullNames {
		p = strings.TrimLeft(filepath.ToSlash(p[len(filepath.VolumeName(p)):]), "/")
		for p == ".." || strings.HasPrefix(p, "../") {
			p = strings.TrimPrefix(p[2:], "/")
		}
	} else {
		if filepath.Base(p) == ".." {
			abs, err := filepath.Abs(p)
			if err != nil {
				return "", err
			}
			p = abs
		}
		p = filepath.ToSlash(filepath.Base(p))
	}
	if p == "." || p == "/" {
		return "", nil
	}
	return p, nil
}

// Location returns the Content-Location for a name with slashes: file:///a%20b for "a b". What a URI has another
// meaning for, such as # and ?, is percent-encoded. A URI, such as https://example.org/a, stays as it is.
func Location(name string) string {
	if scheme, rest, ok := strings.Cut(name, "://"); ok && scheme != "" && rest != "" &&
		!strings.Contains(scheme, "/") {
		return name
	}
	return location(name)
}

// location returns the Content-Location for the name of a file.
func location(name string) string {
	return (&url.URL{Scheme: "file", Path: "/" + name}).String()
}

// ErrClash reports that two files would have one name. Errors wrap it.
var ErrClash = errors.New("source: names clash")

// names are those of the files so far, each with the path of its file.
type names struct {
	paths map[string]string
	clash error
}

func newNames() *names { return &names{paths: map[string]string{}} }

// add takes a name, and reports whether it is a new one. Two files of one name are a clash.
func (n *names) add(name, at string) bool {
	at = filepath.Clean(at)
	other, taken := n.paths[name]
	if !taken {
		n.paths[name] = at
		return true
	}
	if other != at && n.clash == nil {
		n.clash = fmt.Errorf("%w: %s and %s would both be sent as %q", ErrClash, other, at, name)
	}
	return false
}

// check returns the first clash: two files of one name, or a file with the name of a folder that another is in.
func (n *names) check() error {
	if n.clash != nil {
		return n.clash
	}
	for _, name := range slices.Sorted(maps.Keys(n.paths)) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if file, taken := n.paths[dir]; taken {
				return fmt.Errorf("%w: %s would be sent as %q, and %s as %q", ErrClash, file, dir, n.paths[name], name)
			}
		}
	}
	return nil
}

// cause returns the error of a file without its path, which stands beside it.
func cause(err error) string {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
