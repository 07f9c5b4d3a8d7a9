package outbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestCloseOfHungDisk: a disk that hangs, or a sink that does not end with its context, does not keep a process from
// its end.
func TestCloseOfHungDisk(t *testing.T) {
	for _, what := range []string{"disk", "sink"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			o := w.open()
			hang := make(chan struct{})
			if what == "disk" {
				go o.write(func(*bolt.Tx) error { <-hang; return nil }, nil)
			} else {
				o.Set("deaf", &taker{do: func(context.Context, *File) error { <-hang; return nil }}, terms)
				w.receive(o, []string{"deaf"}, 1)
			}
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			err := o.Close(ctx)
			if took := time.Since(began); !errors.Is(err, errLeft) || took > time.Second+writePatience {
				t.Errorf("%s: %v after %v", what, err, took)
			}
			close(hang)
		})
	}
}

// TestSearchThatIsBrokenOff: a file whose digest could not be computed, since the process ends, is not another one: its
// intent has to stay for the next start.
func TestSearchThatIsBrokenOff(t *testing.T) {
	dir := t.TempDir()
	at := filepath.Join(dir, "f")
	if err := os.WriteFile(at, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := &intent{File: File{Dir: dir, Size: 3, Digest: "md5:900150983cd24fb0d6963f7d28e17f72"}}
	if f, is, err := in.isAt(t.Context(), dir, at); err != nil || !is || f.Name != "f" {
		t.Errorf("%+v %v %v", f, is, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, is, err := in.isAt(ended, dir, at); err == nil || is {
		t.Errorf("%v %v", is, err)
	}
}
