package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

// folders are the stores that the node has opened: one for each folder, since all files in it share their names. The
// zero value is ready to use.
type folders struct {
	mu   sync.Mutex
	list []*folder
}

// folder is a store that the node has opened.
type folder struct {
	*file.Store
	path string
	opts file.Options // without Warn
	info os.FileInfo
	uses int // receptions; guarded by folders.mu
}

// openStore returns the store of cfg, and what gives it back. It is opened by the node if cfg names a folder.
func (n *Node) openStore(cfg ReceiveConfig) (st store.Store, release func() error, err error) {
	switch {
	case cfg.Store != nil && cfg.Dir != "":
		return nil, nil, errors.New("node: ReceiveConfig has both Dir and Store")
	case cfg.Store != nil:
		return cfg.Store, func() error { return nil }, nil
	case cfg.Dir == "":
		return nil, nil, errors.New("node: ReceiveConfig needs Dir or Store")
	}
	opened, err := n.openFolder(cfg.Dir, cfg.Files)
	if err != nil {
		return nil, nil, fmt.Errorf("node: %w", err)
	}
	f, err := n.folders.use(opened)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("node: %w", err), n.folders.release(f))
	}
	return f.Store, func() error { return n.folders.release(f) }, nil
}

// use returns the store of the folder: opened, or in its place another one of the same folder, which is in use. The
// error is that of closing the one that is not needed.
func (fs *folders) use(opened *folder) (*folder, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.list {
		if f.path == opened.path || os.SameFile(f.info, opened.info) {
			f.uses++
			if !reflect.DeepEqual(f.opts, opened.opts) {
				return f, errors.Join(fmt.Errorf("ReceiveConfig.Files: another reception uses %s with other options",
					f.path), opened.Close())
			}
			return f, opened.Close()
		}
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
func (n *Node) openFolder(dir string, opts file.Options) (*folder, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
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
