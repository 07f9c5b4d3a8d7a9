package file

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	// maxIdle bounds the folders that stay open though nothing is being published into them: those used last.
	maxIdle = 32
	// lately is how long ago a folder may have been found at its path for who only looks.
	lately = 10 * time.Millisecond
)

// folders are the folders into which files are being published, or were lately. Publications into one folder that run
// at the same time share it, and its syncs.
type folders struct {
	mu   sync.Mutex
	open map[string]*folder // by path below the root
	idle []*folder          // of these, with no users; the one used last is the last
	max  int                // of idle
}

// folder is an open folder.
type folder struct {
	ground *ground
	dir    string // below the root
	path   string // absolute
	file   *os.File
	info   fs.FileInfo
	users  int       // guarded by folders.mu
	found  time.Time // at its path; guarded by folders.mu

	turn sync.Mutex // held by who syncs
	mu   sync.Mutex
	next *folderSync // that has not begun; nil: nobody waits
}

// folderSync is one sync of a folder, for all who wait when it begins.
type folderSync struct {
	ended bool // guarded by folder.turn, as is err
	err   error
}

// enter opens the folder dir of g, which info is of. leave has to be called. Nobody waits for a folder that hangs but
// who enters it.
func (f *folders) enter(g *ground, dir string, info fs.FileInfo) (*folder, error) {
	f.mu.Lock()
	d := f.opened(dir, info)
	f.mu.Unlock()
	if d != nil {
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
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.opened(dir, info); d != nil { // by somebody else meanwhile
		_ = file.Close()
		return d, nil
	}
	f.forget(f.open[dir])
	full := filepath.Join(g.root.Name(), filepath.FromSlash(dir))
	d = &folder{ground: g, dir: dir, path: full, file: file, info: info, users: 1}
	if f.open == nil {
		f.open = map[string]*folder{}
	}
	f.open[dir] = d
	return d, nil
}

// opened returns the open folder dir that info is of, with one user more; nil: it is not open. f.mu is held.
func (f *folders) opened(dir string, info fs.FileInfo) *folder {
	d := f.open[dir]
	if d == nil || !os.SameFile(d.info, info) {
		return nil
	}
	f.use(d)
	return d
}

// find returns the folder of a name on g if it is open, and still where it was opened, or was so at the time since;
// nil: it is not. leave has to be called.
func (f *folders) find(g *ground, name string, since time.Time) *folder {
	f.mu.Lock()
	d := f.open[path.Dir(name)]
	if d == nil || d.ground != g {
		f.mu.Unlock()
		return nil
	}
	f.use(d)
	fresh := d.found.After(since)
	f.mu.Unlock()
	if fresh {
		return d
	}
	now := time.Now()
	// Whatever the path leads through: if it is the folder that was opened in the root, it has not moved.
	info, err := os.Stat(d.path)
	there := err == nil && os.SameFile(info, d.info)
	f.mu.Lock()
	if there {
		d.found = now
		f.mu.Unlock()
		return d
	}
	f.forget(d)
	f.mu.Unlock()
	f.leave(d)
	return nil
}

// use counts a user of d. f.mu is held.
func (f *folders) use(d *folder) {
	if d.users++; d.users == 1 {
		f.idle = slices.DeleteFunc(f.idle, func(o *folder) bool { return o == d })
	}
}

// forget leaves d, which is not there any more, to those who use it. f.mu is held.
func (f *folders) forget(d *folder) {
	if d == nil || f.open[d.dir] != d {
		return
	}
	delete(f.open, d.dir)
	if d.users == 0 {
		f.idle = slices.DeleteFunc(f.idle, func(o *folder) bool { return o == d })
		_ = d.file.Close() // nothing was written
	}
}

// leave ends a use of d.
func (f *folders) leave(d *folder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.users--; d.users > 0 {
		return
	}
	if f.open[d.dir] != d {
		_ = d.file.Close() // nothing was written
		return
	}
	f.idle = append(f.idle, d)
	if len(f.idle) > f.max {
		f.forget(f.idle[0])
	}
}

// closeIdle closes the folders that nobody uses.
func (f *folders) closeIdle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.idle) > 0 {
		f.forget(f.idle[len(f.idle)-1])
	}
}

// close closes the folders, each when nobody uses it any more.
func (f *folders) close() {
	f.mu.Lock()
	f.max = 0
	f.mu.Unlock()
	f.closeIdle()
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
	runtime.Gosched() // who is about to change something may join
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
