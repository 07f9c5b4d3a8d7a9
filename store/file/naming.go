package file

import (
	"path"
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/panicked"
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

	ended chan struct{}    // closed when the fields around it are valid; nil: they are when the round is done
	crash *panicked.Passed // with which that ended
}

// slowFolder is for how long the files of a round wait for those that are named in another folder.
const slowFolder = 100 * time.Millisecond

// wait waits until it is known what has become of n.
func (n *naming) wait() {
	if n.ended == nil {
		return
	}
	<-n.ended
	if n.crash != nil {
		panic(n.crash)
	}
}

// nameAll gives the files of a round, which are of one Store, their names. What it leaves undone is to be done for each
// file. It does not wait for long for a folder that hangs, such as one on a network: of its files naming.wait tells.
func nameAll(all []*naming) {
	groups := byFolder(all)
	if len(groups) < 2 {
		nameIn(all)
		return
	}
	queue := make(chan []*naming, len(groups))
	for _, g := range groups {
		ended := make(chan struct{})
		for _, n := range g {
			n.ended = ended
		}
		queue <- g
	}
	close(queue)
	work := func() {
		for g := range queue {
			nameGroup(g)
		}
	}
	go work()
	limit := time.NewTimer(slowFolder)
	defer limit.Stop()
	for _, g := range groups {
		select {
		case <-g[0].ended:
		case <-limit.C:
			go work() // goes on beside the one that hangs
		}
		limit.Reset(slowFolder)
	}
}

// byFolder returns the files of each folder.
func byFolder(all []*naming) (groups [][]*naming) {
	at := map[string]int{}
	for _, n := range all {
		dir := path.Dir(n.name)
		i, known := at[dir]
		if !known {
			i = len(groups)
			at[dir], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// nameGroup is nameIn for files that are waited for. A panic is that of the first one's caller.
func nameGroup(all []*naming) {
	defer close(all[0].ended)
	defer func() {
		if v := recover(); v != nil {
			all[0].crash = panicked.Of(v)
		}
	}()
	nameIn(all)
}

// nameIn gives files their names, and syncs their folders.
func nameIn(all []*naming) {
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
