package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

// openedStore is a store that the node opened, for all receptions into one folder: their files share the names in it.
type openedStore struct {
	*file.Store
	path string
	info os.FileInfo
}

// openStore returns the store of cfg, opened by the node if cfg names a folder.
func (n *Node) openStore(cfg ReceiveConfig) (store.Store, error) {
	switch {
	case cfg.Store != nil && cfg.Dir != "":
		return nil, errors.New("node: ReceiveConfig has both Dir and Store")
	case cfg.Store != nil:
		return cfg.Store, nil
	case cfg.Dir == "":
		return nil, errors.New("node: ReceiveConfig needs Dir or Store")
	}
	st, err := n.openFolder(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return nil, errors.Join(ErrStopped, st.Close())
	}
	for _, other := range n.stores {
		if other.path == st.path || os.SameFile(other.info, st.info) {
			return other.Store, st.Close()
		}
	}
	n.stores = append(n.stores, st)
	return st.Store, nil
}

// openFolder opens a folder as a store, whose warnings become events.
func (n *Node) openFolder(dir string) (openedStore, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return openedStore{}, err
	}
	st, err := file.Options{Warn: func(text string) {
		n.send(hubName, hub.Publish{Event: notice.Warning{Text: text}})
	}}.New(path)
	if err != nil {
		return openedStore{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return openedStore{}, errors.Join(err, st.Close())
	}
	return openedStore{st, path, info}, nil
}
