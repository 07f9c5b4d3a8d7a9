package api

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// echo answers the connections of a listener with what they say.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}()
	}
}

// says has a connection say something and hear it.
func says(t *testing.T, c net.Conn) {
	t.Helper()
	b := []byte("x")
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
}

func dial(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestSocketRemoved: a socket that a cleaner removes, with its folder, is made again, for the same user only, and told.
// Connections outlive that.
func TestSocketRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "api.sock")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var warns []string
	s, err := newSocket(path, func(text string) { warns = append(warns, text) })
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { echo(s); close(ended) }()
	before := dial(t, path)
	says(t, before)
	if s.look(); len(warns) != 0 {
		t.Errorf("%q", warns)
	}
	for n := range 2 {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if s.look(); len(warns) != n+1 || !strings.Contains(warns[n], "made again at "+path) {
			t.Errorf("%q", warns)
		}
		says(t, before)
		says(t, dial(t, path))
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-ended
	if _, err := os.Lstat(path); err == nil {
		t.Error("it is still there")
	}
}

// TestSocketTaken: a socket that another process has put there is left alone, also at the end, and told of once. When
// that process has gone the place is taken again.
func TestSocketTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.sock")
	var warns []string
	s, err := newSocket(path, func(text string) { warns = append(warns, text) })
	if err != nil {
		t.Fatal(err)
	}
	go echo(s)
	take := func() net.Listener {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		other, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go echo(other)
		return other
	}
	other := take()
	s.look()
	if s.look(); len(warns) != 1 || !strings.Contains(warns[0], "another process answers there") {
		t.Errorf("%q", warns)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if s.look(); len(warns) != 2 {
		t.Errorf("%q", warns)
	}
	says(t, dial(t, path))
	other = take()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	says(t, dial(t, path))
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}
