package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/internal/locks"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

// folders are the stores that the node has opened: one for each folder, since all files in it share their names. The
// zero value is ready to use.
type folders struct {
	mu      sync.Mutex
	list    []*folder
	opening locks.Locks // by path: held while a folder is opened
}

// folder is a store that the node has opened.
type folder struct {
	*file.Store
	path      string
	opts      file.Options // without Warn
	info      os.FileInfo
	takeovers takeovers
	uses      int // receptions; guarded by folders.mu
}

// using is a store for a reception.
type using struct {
	store.Store
	takeovers *takeovers
	release   func() error
}

// openStore returns the store of cfg. It is opened by the node if cfg names a folder.
func (n *Node) openStore(cfg *ReceiveConfig) (*using, error) {
	switch {
	case cfg.Store != nil && cfg.Dir != "":
		return nil, errors.New("node: ReceiveConfig has both Dir and Store")
	case cfg.Store != nil:
		return &using{cfg.Store, &takeovers{}, func() error { return nil }}, nil
	case cfg.Dir == "":
		return nil, errors.New("node: ReceiveConfig needs Dir or Store")
	}
	f, err := n.folder(cfg.Dir, cfg.Files)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	return &using{f.Store, &f.takeovers, func() error { return n.folders.release(f) }}, nil
}

// folder returns the store of a folder. Receptions that begin together do not open it each: to open it is to look
// through all that earlier processes have left there, and whoever does holds the lock of that, so that the others would
// find nothing.
func (n *Node) folder(dir string, opts file.Options) (*folder, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	defer n.folders.opening.Lock(path)()
	f := n.folders.find(path)
	if f == nil {
		opened, err := n.openFolder(path, opts)
		if err != nil {
			return nil, err
		}
		if f, err = n.folders.use(opened); err != nil {
			return nil, errors.Join(err, n.folders.release(f))
		}
	}
	opts.Warn = nil
	if !reflect.DeepEqual(f.opts, opts) {
		return nil, errors.Join(fmt.Errorf("ReceiveConfig.Files: another reception uses %s with other options", f.path),
			n.folders.release(f))
	}
	return f, nil
}

// find returns the folder with this path, perhaps by another name, if it is in use already; else nil.
func (fs *folders) find(path string) *folder {
	info, _ := os.Stat(path) // nil: it is not there
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.enter(path, info)
}

// enter returns the folder with this path, or with this info if there is one, after one use more; nil: none is in use.
// fs.mu is held.
func (fs *folders) enter(path string, info os.FileInfo) *folder {
	for _, f := range fs.list {
		if f.path == path || info != nil && os.SameFile(f.info, info) {
			f.uses++
			return f
		}
	}
	return nil
}

// use returns the store of the folder: opened, or in its place another one of the same folder, which is in use. The
// error is that of closing the one that is not needed.
func (fs *folders) use(opened *folder) (*folder, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.enter(opened.path, opened.info); f != nil {
		return f, opened.Close()
	}
	opened.uses = 1
	fs.list = append(fs.list, opened)
	return opened, nil
}

// release closes the store of the folder when nobody uses it any more.
func (fs *folders) release(f *folder) error {
	fs.mu.Lock()
	f.uses--
	last := f.uses == 0
	if last {
		fs.list = slices.DeleteFunc(fs.list, func(o *folder) bool { return o == f })
	}
	fs.mu.Unlock()
	if !last {
		return nil
	}
	return f.Close()
}

// openFolder opens a folder as a store, whose warnings become events.
func (n *Node) openFolder(path string, opts file.Options) (*folder, error) {
	own := opts
	own.Warn = n.warn
	st, err := own.New(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	opts.Warn = nil
	return &folder{Store: st, path: path, opts: opts, info: info}, nil
}
