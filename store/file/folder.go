package file

import (
	"io/fs"
	"os"
	"sync"
)

// folders are the folders into which files are being published. Publications into one folder that run at the same time
// share it, and its syncs.
type folders struct {
	mu   sync.Mutex
	open map[string]*folder // by path below the root; with the last publication it goes
}

// folder is an open folder.
type folder struct {
	file  *os.File
	info  fs.FileInfo
	users int // guarded by folders.mu

	turn sync.Mutex // held by who syncs
	mu   sync.Mutex
	next *folderSync // that has not begun; nil: nobody waits
}

// folderSync is one sync of a folder, for all who wait when it begins.
type folderSync struct {
	ended bool // guarded by folder.turn, as is err
	err   error
}

// enter opens the folder dir of g, which info is of, for one publication. leave has to be called.
func (f *folders) enter(g *ground, dir string, info fs.FileInfo) (*folder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.open[dir]; d != nil && os.SameFile(d.info, info) {
		d.users++
		return d, nil
	}
	file, err := g.root.Open(dir)
	if err != nil {
		return nil, err
	}
	// Another folder may have taken the place of the one that info is of: what was opened is what will be synced.
	if info, err = file.Stat(); err != nil {
		_ = file.Close()
		return nil, err
	}
	d := &folder{file: file, info: info, users: 1}
	if f.open == nil {
		f.open = map[string]*folder{}
	}
	f.open[dir] = d // one that was removed meanwhile is left to those who are in it
	return d, nil
}

// leave ends the publication of one who has entered dir.
func (f *folders) leave(d *folder, dir string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.users--; d.users > 0 {
		return
	}
	if f.open[dir] == d {
		delete(f.open, dir)
	}
	_ = d.file.Close() // nothing was written
}

// commit makes durable what was changed in the folder before. Who comes while a sync runs waits for the next one, which
// is for all of them.
func (d *folder) commit(sync func(*os.File) error) error {
	d.mu.Lock()
	if d.next == nil {
		d.next = &folderSync{}
	}
	s := d.next
	d.mu.Unlock()
	d.turn.Lock()
	defer d.turn.Unlock()
	if s.ended {
		return s.err
	}
	d.mu.Lock()
	d.next = nil // what is changed from here on, this one may miss
	d.mu.Unlock()
	s.err = sync(d.file)
	s.ended = true
	return s.err
}
