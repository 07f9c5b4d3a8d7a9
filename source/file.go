package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// settle is how old the last change of a file must be for the next one to show in its time: above the step in which
// common systems count.
const settle = 20 * time.Millisecond

// errNotRegular reports a path that is neither a file nor a link to one. Errors wrap it.
var errNotRegular = errors.New("source: not a regular file")

// File returns the file at a path as content to send. Links are followed, each time that it is opened.
func File(path string) sender.Source {
	return file(func() (*os.File, error) { return os.OpenFile(path, readOnly, 0) })
}

// file opens a file, at once also where there is a pipe.
type file func() (*os.File, error)

// Open implements [sender.Source].
func (open file) Open() (sender.Opened, error) {
	f, info, err := open.stat()
	if err != nil {
		return nil, err
	}
	if age := time.Since(info.ModTime()); age >= 0 && age < settle {
		time.Sleep(settle - age)
	}
	return opened{f}, nil
}

// stat opens the file, if it is one.
func (open file) stat() (*os.File, fs.FileInfo, error) {
	f, err := open()
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", f.Name(), errNotRegular)
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// opened is an open file.
type opened struct{ *os.File }

// Version implements [sender.Opened].
func (o opened) Version() (sender.Version, error) {
	info, err := o.Stat()
	if err != nil {
		return sender.Version{}, err
	}
	return Version(info), nil
}

// Version returns what the version of a file is told by: its size, time of modification and, where there are, device
// and inode.
func Version(info fs.FileInfo) sender.Version {
	return sender.Version{
		Size: uint64(info.Size()), Tag: identity(info) + strconv.FormatInt(info.ModTime().UnixNano(), 10),
	}
}

// In returns the file with a name with slashes below a folder as content to send. It is looked up each time that it is
// opened; links may not lead out of the folder.
func In(folder, name string) sender.Source {
	return file(func() (*os.File, error) { return openIn(folder, name) })
}

// openIn opens a file below a folder. The folder is opened for each file: it costs no descriptor in between, and its
// path may lead to another one later.
func openIn(folder, name string) (*os.File, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	return root.OpenFile(filepath.FromSlash(name), readOnly, 0)
}
