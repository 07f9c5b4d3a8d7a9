package file

import (
	"errors"
	"path"
	"time"

	"github.com/flute-node/flute-node/store/names"
)

// entry is what lies in a folder.
type entry struct {
	kind    names.Kind
	size    int64
	changed time.Time
}

// errEntry reports an entry that is neither a file nor a folder.
var errEntry = errors.New("neither a file nor a folder")

// entryOf looks at a name in a folder that is open, and was found at its path lately: when the file is published, that
// is made sure again. False: it is to be looked at otherwise.
func (s *Store) entryOf(name string) (e entry, ok bool) {
	if !canBeAt {
		return entry{}, false
	}
	d := s.folders.find(s.current(), name, time.Now().Add(-lately))
	if d == nil {
		return entry{}, false
	}
	defer s.folders.leave(d)
	e, err := entryAt(d.file, path.Base(name))
	return e, err == nil
}

// placeAt moves the staged file to its name by folders that are open. False: nothing has changed, and it is to be done
// otherwise.
func (o *object) placeAt(name string) bool {
	s, g := o.store, o.ground
	if !canBeAt || s.opts.Existing != replace || !s.syncsFolders() || s.unsynced.Load() {
		return false
	}
	if g.isApart() || g != s.current() {
		return false
	}
	d := s.folders.find(g, name, time.Now())
	if d == nil {
		return false
	}
	defer s.folders.leave(d)
	undo, err := s.quota.admit(g.root, name, o.grown)
	if err != nil {
		return false
	}
	s.moving.Lock()
	err = moveAt(g.stage.at, o.name, d.file, path.Base(name))
	s.moving.Unlock()
	if err != nil {
		undo()
		return false
	}
	s.commit(d, name)
	return true
}
