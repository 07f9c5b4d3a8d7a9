package source

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// folder is a folder that was given. The files below it that are open share its descriptor: it costs none in between,
// and its path may lead to another folder later.
type folder struct {
	path  string
	plain atomic.Bool // this system knows no openat2

	mu   sync.Mutex
	dir  *dir // that files share; nil: none is open
	kept bool // dir stays, whatever the path leads to
}

// dir is an open folder.
type dir struct {
	folder *folder
	fd     int
	stamp  stamp
	users  int // of the folder's lock
}

// open opens a file below the folder, with one call however deep it lies (openat2, RESOLVE_BENEATH): no link leads out
// of the folder then, even if somebody puts one in the place of a folder at that moment.
func (f *folder) open(name string) (*handle, error) {
	if !f.plain.Load() {
		if d := f.use(); d != nil {
			fd, err := unix.Openat2(d.fd, name, &unix.OpenHow{
				Flags: uint64(readOnly | unix.O_CLOEXEC | unix.O_LARGEFILE), Resolve: unix.RESOLVE_BENEATH,
			})
			if err == nil {
				return newHandle(fd, filepath.Join(f.path, name), d)
			}
			d.end()
			f.plain.Store(errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM))
		}
	}
	return handleOf(openIn(f.path, name)) // does without openat2, and tells what else is the matter
}

// keep has the folder stay open until end is called.
func (f *folder) keep() (end func()) {
	d := f.use()
	if d == nil {
		return func() {}
	}
	f.mu.Lock()
	f.kept = true
	f.mu.Unlock()
	return func() {
		f.mu.Lock()
		f.kept = false
		f.mu.Unlock()
		d.end()
	}
}

// use returns the folder that the path leads to; nil: it cannot be opened. The caller ends its use.
func (f *folder) use() *dir {
	if d, sure := f.shared(); d != nil {
		if sure || d.isAt(f.path) {
			return d
		}
		d.end()
	}
	fd, err := again(func() (int, error) {
		return unix.Open(f.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_LARGEFILE, 0)
	})
	if err != nil {
		return nil
	}
	s, _, err := stampOfDescriptor(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil
	}
	d := &dir{folder: f, fd: fd, stamp: s, users: 1}
	f.mu.Lock()
	f.dir = d
	f.mu.Unlock()
	return d
}

// shared returns what files share, and whether that is to be used in any case.
func (f *folder) shared() (d *dir, sure bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dir != nil {
		f.dir.users++
	}
	return f.dir, f.kept
}

// isAt reports whether the path leads to d.
func (d *dir) isAt(path string) bool {
	var st unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Stat(path, &st) })
	return err == nil && int64(st.Dev) == d.stamp.device && st.Ino == d.stamp.inode
}

// end ends a use. The last one closes the descriptor.
func (d *dir) end() {
	d.folder.mu.Lock()
	d.users--
	last := d.users == 0
	if last && d.folder.dir == d {
		d.folder.dir = nil
	}
	d.folder.mu.Unlock()
	if last {
		_ = unix.Close(d.fd)
	}
}
