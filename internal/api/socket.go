package api

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// lookTime is how often the socket is looked for: cleaners of temporary folders remove what nobody has opened for days.
const lookTime = 5 * time.Second

// socket is a Unix socket that is made again when it is removed. Connections outlive that.
type socket struct {
	path    string
	warn    func(text string)
	closing chan struct{}
	looking sync.WaitGroup

	mu       sync.Mutex
	listener *net.UnixListener
	info     fs.FileInfo // of the file that listener has made
	closed   bool

	missing bool // of look: it has told that the socket cannot be made again
}

// listenUnix makes a socket that only the user has access to, and watches it until Close.
func listenUnix(path string, warn func(text string)) (*socket, error) {
	s, err := newSocket(path, warn)
	if err == nil {
		s.looking.Go(s.watch)
	}
	return s, err
}

// newSocket is listenUnix, but look is up to the caller.
func newSocket(path string, warn func(text string)) (*socket, error) {
	l, info, err := makeSocket(path)
	if err != nil {
		return nil, err
	}
	return &socket{path: path, warn: warn, closing: make(chan struct{}), listener: l, info: info}, nil
}

// makeSocket makes a socket that only the user has access to. One that a process has left behind is replaced.
func makeSocket(path string) (*net.UnixListener, fs.FileInfo, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, nil, fmt.Errorf("api %s: it is there, and is no socket", path)
		}
		if err := isLeft(path); err != nil {
			return nil, nil, err
		}
		if err := os.Remove(path); err != nil {
			return nil, nil, fmt.Errorf("api: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		dir := cmp.Or(os.Getenv("XDG_RUNTIME_DIR"), os.TempDir())
		return nil, nil, fmt.Errorf("api: %w: set node.api to a place where this user may write, such as unix:%s",
			err, filepath.Join(dir, "flute-node.sock"))
	case err != nil:
		return nil, nil, fmt.Errorf("api: %w", err)
	}
	l.SetUnlinkOnClose(false) // by then the name may be another process's
	info, err := os.Lstat(path)
	if err = errors.Join(err, os.Chmod(path, 0o600)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("api: %w", err), l.Close())
	}
	return l, info, nil
}

// isLeft returns nil if no process has the socket at a path any more.
func isLeft(path string) error {
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		_ = c.Close()
		return fmt.Errorf("api %s: another process answers there", path)
	case errors.Is(err, syscall.EAGAIN): // unix(7) on Linux: as many wait as may
		return fmt.Errorf("api %s: another process has it, and takes no connections, as if it hangs: end that first",
			path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("api %s: another user has made it, and this one may not open it: remove it, or give "+
			"node.api another place", path)
	case !errors.Is(err, syscall.ECONNREFUSED) && runtime.GOOS != "windows": // as if this process has too many files
		return fmt.Errorf("api %s: whether another process has it is not known: %w", path, err)
	}
	return nil
}

// watch looks for the socket until Close.
func (s *socket) watch() {
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-tick.C:
			s.look()
		}
	}
}

// look makes the socket again if it is not there any more, with its folder. It tells that once, also if it cannot.
func (s *socket) look() {
	if s.isThere() {
		s.missing = false
		return
	}
	_ = os.Mkdir(filepath.Dir(s.path), 0o700) // if it cannot, the socket cannot be made either
	l, info, err := makeSocket(s.path)
	if err != nil {
		if !s.missing {
			s.warn("the socket of the API was removed, and cannot be made again yet: " + err.Error())
		}
		s.missing = true
		return
	}
	s.mu.Lock()
	before := s.listener
	s.listener, s.info = l, info
	s.mu.Unlock()
	_ = before.Close() // nobody reaches it any more
	s.missing = false
	s.warn("the socket of the API was removed: it is made again at " + s.path)
}

// isThere reports whether the file at path is the one that the listener has made.
func (s *socket) isThere() bool {
	info, err := os.Lstat(s.path)
	return err == nil && os.SameFile(info, s.info)
}

// Accept implements net.Listener.
func (s *socket) Accept() (net.Conn, error) {
	for {
		s.mu.Lock()
		l := s.listener
		s.mu.Unlock()
		c, err := l.Accept()
		if err == nil {
			return c, nil
		}
		s.mu.Lock()
		again := l != s.listener && !s.closed
		s.mu.Unlock()
		if !again {
			return nil, err
		}
	}
}

// Addr implements net.Listener.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Name: s.path, Net: "unix"} }

// Close implements net.Listener. It removes the socket, unless another one is in its place.
func (s *socket) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	s.looking.Wait()
	if s.isThere() {
		_ = os.Remove(s.path)
	}
	return s.listener.Close()
}
