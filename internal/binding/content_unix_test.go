//go:build unix

package binding

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe that nobody writes to is refused, and not waited for.
func TestAddFileRefusesAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	s, err := NewSender("", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	refused := make(chan error, 1)
	go func() {
		_, err := s.AddFile(path, "", nil)
		refused <- err
	}()
	select {
	case err := <-refused:
		if CodeOf(err) != Value || !strings.Contains(TextOf(err), "no regular file") {
			t.Errorf("%d %v", CodeOf(err), err)
		}
	case <-time.After(time.Minute):
		t.Error("it waits for a writer")
		w, _ := os.OpenFile(path, os.O_WRONLY, 0)
		<-refused
		_ = w.Close()
	}
}
