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
func File(path string) sender.Source { return file{name: path} }

// In returns the file with a name with slashes below a folder as content to send. It is looked up each time that it is
// opened; links may not lead out of the folder.
func In(folderPath, name string) sender.Source { return file{&folder{path: folderPath}, name} }

// file is a file to be opened.
type file struct {
	folder *folder // nil: name is a path
	name   string  // with slashes
}

// Open implements [sender.Source].
func (f file) Open() (sender.Opened, error) {
	h, err := f.open()
	if err != nil {
		return nil, err
	}
	if age := time.Since(h.now.changed()); age >= 0 && age < settle {
		time.Sleep(settle - age)
		h.fresh = false
	}
	return h, nil
}

// open opens the file, if it is one.
func (f file) open() (*handle, error) {
	if f.folder == nil {
		return openPath(f.name)
	}
	return f.folder.open(f.name)
}

// notRegular is the error about what is no file.
func notRegular(path string) error { return fmt.Errorf("%s: %w", path, errNotRegular) }

// Version returns what the version of a file is told by: its size, time of modification and, where there are, device
// and inode.
func Version(info fs.FileInfo) sender.Version {
	s := stampOf(info)
	return s.version()
}

// stamp is what the version of a file is told by.
type stamp struct {
	known       bool // device and inode
	device      int64
	inode       uint64
	size        int64
	nanoseconds int64 // of the time of modification
}

// changed returns the time of modification.
func (s *stamp) changed() time.Time { return time.Unix(0, s.nanoseconds) }

// version returns the stamp for the sender.
func (s *stamp) version() sender.Version {
	var text [64]byte
	tag := text[:0]
	if s.known {
		tag = append(strconv.AppendInt(tag, s.device, 10), ':')
		tag = append(strconv.AppendUint(tag, s.inode, 10), ':')
	}
	return sender.Version{Size: uint64(s.size), Tag: string(strconv.AppendInt(tag, s.nanoseconds, 10))}
}

// versions tells the version of an open file from its stamps.
type versions struct {
	now   stamp
	told  sender.Version // of the stamp before
	fresh bool           // now is that of the moment when the file was opened, and Version has not told it
}

// tell returns the version with a stamp.
func (v *versions) tell(s stamp) sender.Version {
	if s != v.now || v.told.Tag == "" {
		v.now, v.told = s, s.version()
	}
	return v.told
}

// openIn opens a file below a folder. It needs no descriptor in between.
func openIn(folder, name string) (*os.File, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	return root.OpenFile(filepath.FromSlash(name), readOnly, 0)
}
