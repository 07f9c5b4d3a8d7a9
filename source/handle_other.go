//go:build !linux

package source

import (
	"os"

	"github.com/flute-node/flute-node/flute/sender"
)

// handle is an open file.
type handle struct {
	*os.File
	versions
}

// openPath opens the file at a path.
func openPath(path string) (*handle, error) { return handleOf(os.OpenFile(path, readOnly, 0)) }

// handleOf returns the handle of what was opened, if it is a file.
func handleOf(f *os.File, err error) (*handle, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(f.Name())
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &handle{f, versions{now: stampOf(info), fresh: true}}, nil
}

// Version implements [sender.Opened].
func (h *handle) Version() (sender.Version, error) {
	if h.fresh {
		h.fresh = false
		return h.tell(h.now), nil
	}
	info, err := h.Stat()
	if err != nil {
		return sender.Version{}, err
	}
	return h.tell(stampOf(info)), nil
}

// folder is a folder that was given. It is opened for each file: it costs no descriptor in between, and its path may
// lead to another one later.
type folder struct{ path string }

// open opens a file below the folder.
func (f *folder) open(name string) (*handle, error) { return handleOf(openIn(f.path, name)) }

// keep is of use where open files share the descriptor of their folder.
func (*folder) keep() (end func()) { return func() {} }
