package file

import (
	"slices"
	"time"
)

// naming is a file that is to get its name as soon as its bytes are durable, and a note after that. Whoever syncs a
// round does so for all files of it: hundreds of goroutines that take turns for it would cost more than the calls.
type naming struct {
	object *object // its caller has made it busy, and waits
	name   string
	note   []byte // for Deliver; nil: none

	folder *folder // that it was moved to
	done   bool    // it has its name, and that is durable
	noted  bool    // the note was given to the stage
}

// nameAll gives the files of a round, which are of one Store, their names. What it leaves undone is to be done for each
// file.
func nameAll(all []*naming) {
	if len(all) == 0 {
		return
	}
	s := all[0].object.store
	var folders []*folder // those that have changed
	begin := time.Now()
	for _, n := range all {
		since := begin // a folder is found once, and again when that was some time ago
		if before := time.Now().Add(-lately); before.After(since) {
			since = before
		}
		if n.folder = n.object.moveNow(n.name, since); n.folder != nil && !slices.Contains(folders, n.folder) {
			folders = append(folders, n.folder)
		}
	}
	for _, d := range folders {
		if err := d.commit(s.sync); err != nil {
			s.unsynced.Store(true)
			for _, n := range all {
				if n.folder == d {
					s.warnUnsynced(n.name, err)
				}
			}
		}
	}
	for _, n := range all {
		if n.folder != nil {
			n.done = true
			s.folders.leave(n.folder)
		}
	}
	s.noteAll(all)
}

// noteAll notes the files that have their names.
func (s *Store) noteAll(all []*naming) {
	var list []delivery
	for _, n := range all {
		if !n.done || n.note == nil {
			continue
		}
		if info, err := n.object.file.Stat(); err == nil {
			list = append(list, delivery{Path: n.name, Size: info.Size(), Time: info.ModTime(), Note: n.note})
			n.noted = true
		}
	}
	if len(list) == 0 || s.current().home.deliver(list...) == nil {
		return
	}
	for _, n := range all {
		n.noted = false // each tries it again
	}
}
