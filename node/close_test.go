package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// descriptors returns how many the process has open; 0 where that cannot be counted.
func descriptors() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}

// goroutines returns how many goroutines run code of this module. The runtime has some of its own, which come and go.
func goroutines() int {
	buf := make([]byte, 1<<20)
	n := 0
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(stack, "github.com/flute-node/flute-node/") {
			n++
		}
	}
	return n
}

// TestReceptionsLeaveNothing: a reception that was closed has closed its store, and no goroutine is left of it.
func TestReceptionsLeaveNothing(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		dir := t.TempDir()
		synctest.Wait()
		files, routines := descriptors(), goroutines()
		for i := range 50 {
			r := w.receive(simnet.Link{}, ReceiveConfig{Dir: filepath.Join(dir, string(rune('a'+i%25)))})
			if err := r.Close(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := descriptors(); n > files {
			t.Errorf("%d descriptors before, %d after", files, n)
		}
		if n := goroutines(); n > routines {
			t.Errorf("%d goroutines before, %d after", routines, n)
		}
	})
}

// TestSharedStore: receptions into one folder share a store, which is there until the last of them is closed.
func TestSharedStore(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		dir := t.TempDir()
		first := w.receive(simnet.Link{}, ReceiveConfig{Dir: dir})
		second := w.receive(simnet.Link{}, ReceiveConfig{Dir: dir})
		for range 2 {
			if err := first.Close(w.ctx); err != nil {
				t.Error(err)
			}
		}
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 2, 50_000)
		w.finish(s)
		time.Sleep(time.Second)
		if err := second.Close(w.ctx); err != nil {
			t.Error(err)
		}
		for name, end := range w.ends() {
			if end != "completed" {
				t.Errorf("%s: %s", name, end)
			}
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Error(err)
			}
		}
		if len(w.ends()) != 2 {
			t.Errorf("%d objects have ended", len(w.ends()))
		}
	})
}

// TestCloseWaits: Close returns when what is whole was published, and the rest has failed; other receptions go on.
func TestCloseWaits(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		slow := slowStore(w.store, 10*time.Second)
		r := w.receive(simnet.Link{}, ReceiveConfig{Store: slow})
		other := w.receive(simnet.Link{}, ReceiveConfig{Store: slow})
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 1, 50_000)
		w.finish(s)
		partial := w.send(2, 8_000, sender.Config{})
		w.add(partial, 1, 50_000)
		time.Sleep(time.Second)
		w.within("Close", r.Close)
		ends := func() (open, ended int) {
			for _, e := range w.take() {
				switch e.(type) {
				case event.ObjectCompleted, event.ObjectFailed:
					if !event.IsSending(e) {
						ended++
					}
				case event.SessionOpened:
					open++
				}
			}
			return open, ended
		}
		if _, n := ends(); n > 1 {
			t.Errorf("%d objects had their end after a second", n)
		}
		if err := r.Close(w.ctx); err != nil {
			t.Error(err)
		}
		// Of this reception both objects; of the other one that which is whole, since both stores take as long.
		if _, n := ends(); n != 3 {
			t.Errorf("%d objects have ended after Close, want 3", n)
		}
		if len(w.node.receptions) != 1 {
			t.Errorf("%d receptions are left", len(w.node.receptions))
		}
		_ = partial.Close(w.ctx)
		if err := other.Close(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseAfterStop: closing what Stop has closed is no error.
func TestCloseAfterStop(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{}, ReceiveConfig{Dir: t.TempDir()})
		w.stop()
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestStoreThatCannotBeOpened: the error of Receive names the folder, and nothing is left.
func TestStoreThatCannotBeOpened(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		source := w.net.Join(simnet.JoinConfig{Group: simGroup})
		_, err := w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Dir: path}, source, nil)
		if err == nil || !strings.Contains(err.Error(), path) || errors.Is(err, ErrStopped) {
			t.Errorf("%v", err)
		}
	})
}
