//go:build linux

package api

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSocketOfOneThatHangs: a socket whose process takes no connections any more, so that as many wait as may, is not
// taken away from it. A client is told that it hangs, and not that there is none.
func TestSocketOfOneThatHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	full := false
	for range 10 {
		c, err := net.Dial("unix", path)
		if full = err != nil; full {
			break
		}
		defer func() { _ = c.Close() }()
	}
	if !full {
		t.Fatal("it takes any number")
	}
	before, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := newSocket(path, nil); err == nil {
		_ = s.Close()
		t.Error("the socket was taken away from it")
	} else if !strings.Contains(err.Error(), "takes no connections") {
		t.Error(err)
	}
	if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("%v %v", after, err)
	}
	c, err := NewClient("unix:"+path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), "GET", "/v1/state", nil)
	if err == nil || !strings.Contains(err.Error(), "as if it hangs") {
		t.Error(err)
	}
}

// TestSocketOfAnotherUser: a socket that this user may not open is left alone: who listens there is not known.
func TestSocketOfAnotherUser(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may open each")
	}
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if s, err := newSocket(path, nil); err == nil {
		_ = s.Close()
		t.Error("the socket was taken away")
	} else if !strings.Contains(err.Error(), "may not open it") {
		t.Error(err)
	}
}

// TestSocketOfAnotherKind: a socket that refuses streams since it is none of streams has a process, too.
func TestSocketOfAnotherKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if s, err := newSocket(path, nil); err == nil {
		_ = s.Close()
		t.Error("the socket was taken away from it")
	} else if !errors.Is(err, syscall.EPROTOTYPE) {
		t.Error(err)
	}
}
