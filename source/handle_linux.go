package source

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/flute/sender"
)

// handle is an open file. Unlike an [os.File] it is not offered to the runtime's poller, which refuses files, and
// needs no memory to be looked at. A Close during a ReadAt lets that end first.
type handle struct {
	versions
	held
	path    string       // for errors
	users   atomic.Int32 // calls under way; below zero: closed
	cleanup runtime.Cleanup
}

// held is what a handle gives back.
type held struct {
	fd  int
	dir *dir // whose descriptor it shares; nil: none
}

func (h held) release() {
	_ = unix.Close(h.fd)
	if h.dir != nil {
		h.dir.end()
	}
}

// handleClosed is what Close adds to users.
const handleClosed = math.MinInt32 / 2

// openPath opens the file at a path.
func openPath(path string) (*handle, error) {
	fd, err := again(func() (int, error) { return unix.Open(path, readOnly|unix.O_CLOEXEC|unix.O_LARGEFILE, 0) })
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return newHandle(fd, path, nil)
}

// handleOf returns the handle of what was opened, if it is a file.
func handleOf(f *os.File, err error) (*handle, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "dup", Path: f.Name(), Err: err}
	}
	return newHandle(fd, f.Name(), nil)
}

// newHandle returns the handle of a descriptor below d, which may be nil, if it is that of a file. Else it gives back
// both.
func newHandle(fd int, path string, d *dir) (*handle, error) {
	holds := held{fd, d}
	now, regular, err := stampOfDescriptor(fd)
	if err != nil || !regular {
		holds.release()
		if err != nil {
			return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
		}
		return nil, notRegular(path)
	}
	h := &handle{path: path, held: holds, versions: versions{now: now, fresh: true}}
	h.cleanup = runtime.AddCleanup(h, held.release, holds) // who forgets to close it, loses no descriptor
	return h, nil
}

// stampOfDescriptor returns the stamp of what is open, and whether that is a file.
func stampOfDescriptor(fd int) (s stamp, regular bool, err error) {
	var st unix.Stat_t
	_, err = again(func() (int, error) { return 0, unix.Fstat(fd, &st) })
	s = stamp{known: true, device: int64(st.Dev), inode: st.Ino, size: st.Size, nanoseconds: st.Mtim.Nano()}
	return s, st.Mode&unix.S_IFMT == unix.S_IFREG, err
}

// again repeats a call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// ReadAt implements [io.ReaderAt].
func (h *handle) ReadAt(p []byte, off int64) (n int, err error) {
	if !h.begin() {
		return 0, &fs.PathError{Op: "read", Path: h.path, Err: fs.ErrClosed}
	}
	defer h.end()
	for n < len(p) {
		m, err := again(func() (int, error) { return unix.Pread(h.fd, p[n:], off+int64(n)) })
		if err != nil {
			return n, &fs.PathError{Op: "read", Path: h.path, Err: err}
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// Version implements [sender.Opened].
func (h *handle) Version() (sender.Version, error) {
	if !h.begin() {
		return sender.Version{}, &fs.PathError{Op: "stat", Path: h.path, Err: fs.ErrClosed}
	}
	defer h.end()
	if h.fresh {
		h.fresh = false
		return h.tell(h.now), nil
	}
	now, _, err := stampOfDescriptor(h.fd)
	if err != nil {
		return sender.Version{}, &fs.PathError{Op: "stat", Path: h.path, Err: err}
	}
	return h.tell(now), nil
}

// Close implements [io.Closer].
func (h *handle) Close() error {
	for {
		n := h.users.Load()
		if n < 0 {
			return &fs.PathError{Op: "close", Path: h.path, Err: fs.ErrClosed}
		}
		if h.users.CompareAndSwap(n, n+1+handleClosed) { // the last user closes the descriptor, it may be this one
			break
		}
	}
	h.cleanup.Stop()
	h.end()
	return nil
}

// begin reports whether the descriptor is open. It is then until end.
func (h *handle) begin() bool {
	for {
		n := h.users.Load()
		if n < 0 || h.users.CompareAndSwap(n, n+1) {
			return n >= 0
		}
	}
}

func (h *handle) end() {
	if h.users.Add(-1) == handleClosed {
		h.release()
	}
}
