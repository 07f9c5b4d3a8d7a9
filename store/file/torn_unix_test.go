//go:build unix

package file

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTornLine: of the lines that a full disk takes a part of, only the one that it cuts is lost, and none that follow.
func TestTornLine(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := s.current().home
	if err := s.Deliver("a", []byte("a")); err != nil {
		t.Fatal(err)
	}
	whole := home.delivered
	r, full, err := os.Pipe() // a write to a pipe that nobody reads ends like one to a disk that is full
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	first := make([]byte, 1)
	begun := make(chan error, 1)
	go func() { // a part of the line is there
		_, err := io.ReadFull(r, first)
		begun <- errors.Join(err, full.SetWriteDeadline(time.Now()))
	}()
	home.delivered = full
	if err := s.Deliver("b", make([]byte, 1<<20)); err == nil {
		t.Fatal("the disk was not full")
	}
	_ = full.Close()
	rest, err := io.ReadAll(r)
	if err := errors.Join(err, <-begun); err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Write(append(first, rest...)); err != nil {
		t.Fatal(err)
	}
	home.delivered = whole
	for _, name := range []string{"c", "b"} {
		if err := s.Deliver(name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	notes, err := s.Delivered()
	if err != nil || string(bytes.Join(notes, nil)) != "acb" {
		t.Errorf("%q, %v; want a, c and b", notes, err)
	}
	if info, err := whole.Stat(); err != nil || info.Size() != home.noted {
		t.Errorf("%d bytes, %v; counted are %d", info.Size(), err, home.noted)
	}
}
