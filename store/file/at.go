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
	d := o.moveNow(name, time.Now())
	if d == nil {
		return false
	}
	defer o.store.folders.leave(d)
	o.store.commit(d, name)
	return true
}

// moveNow moves the staged file to its name by folders that are open, and returns the one it is in now, which is to be
// synced and left. That folder was seen at its path at the time since, or later. nil: nothing has changed.
func (o *object) moveNow(name string, since time.Time) *folder {
	s, g := o.store, o.ground
	if !canBeAt || s.opts.Existing != replace || !s.syncsFolders() || s.unsynced.Load() {
		return nil
	}
	if g.isApart() || g != s.current() {
		return nil
	}
	d := s.folders.find(g, name, since)
	if d == nil {
		return nil
	}
	undo, err := s.quota.admit(g.root, name, o.grown)
	if err == nil {
		g.stage.turn.Lock()
		if err = moveAt(g.stage.at, o.name, d.file, path.Base(name)); err != nil {
			undo()
		}
		g.stage.turn.Unlock()
	}
	if err != nil {
		s.folders.leave(d)
		return nil
	}
	return d
}
