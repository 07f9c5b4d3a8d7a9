package node

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/file"
)

// TestExistingFiles: a file is there under the name of one that comes. What becomes of both, and what is told, is as
// the reception says; another object of the session is as always.
func TestExistingFiles(t *testing.T) {
	for how, want := range map[string]struct{ told, files string }{
		"replace": {"completed a", "a=new b=new"},
		"keep":    {"kept a", "a=old b=new"},
		"version": {"completed a.1", "a=old a.1=new b=new"},
		"refuse":  {"exists", "a=old b=new"},
	} {
		inWorld(t, Config{}, func(w *world) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			w.receive(simnet.Link{}, ReceiveConfig{Dir: dir, Files: file.Options{Existing: how}})
			s := w.send(7, 8_000_000, sender.Config{})
			for _, name := range []string{"a", "b"} {
				if _, err := s.Add(w.ctx, sender.File{
					ContentLocation: "file:///" + name, Content: bytes.NewReader([]byte("new")), Size: 3,
				}, nil); err != nil {
					t.Fatal(err)
				}
			}
			w.finish(s)
			told := map[string]string{}
			for _, e := range w.take() {
				switch e := e.(type) {
				case event.ObjectCompleted:
					if !e.Sending {
						told[e.ContentLocation] = "completed " + e.Path
					}
					if e.Kept {
						told[e.ContentLocation] = "kept " + e.Path
					}
				case event.ObjectFailed:
					told[e.ContentLocation] = string(e.Reason)
					if !strings.Contains(e.Detail, `"a"`) {
						t.Errorf("%q does not name the file", e.Detail)
					}
				}
			}
			if got := told["file:///a"]; got != want.told || told["file:///b"] != "completed b" {
				t.Errorf("%v: %v, want %q", how, told, want.told)
			}
			w.stop()
			files := []string{}
			for _, name := range []string{"a", "a.1", "a.2", "b"} {
				if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
					files = append(files, fmt.Sprintf("%s=%s", name, b))
				}
			}
			if got := strings.Join(files, " "); got != want.files {
				t.Errorf("%v: %s, want %s", how, got, want.files)
			}
		})
	}
}

// TestFullFolder: what a folder has no place for fails with the reason, and the rest arrives.
func TestFullFolder(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		dir := t.TempDir()
		w.receive(simnet.Link{}, ReceiveConfig{Dir: dir, Files: file.Options{MaxBytes: 30_000}})
		s := w.send(7, 8_000_000, sender.Config{})
		w.add(s, 1, 10_000)
		w.addNamed(s, "large", 2, 40_000)
		w.addNamed(s, "last", 3, 10_000)
		w.finish(s)
		want := map[string]string{"7/1": "completed", "7/large": "store", "7/last": "completed"}
		if ends := w.ends(); !maps.Equal(ends, want) {
			t.Errorf("%v", ends)
		}
		for _, e := range w.take() {
			if e, ok := e.(event.ObjectFailed); ok && !strings.Contains(e.Detail, "the maximum is 30000") {
				t.Errorf("%+v", e)
			}
		}
	})
}

// TestFolderWithOtherOptions: two receptions cannot want one folder in two ways.
func TestFolderWithOtherOptions(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		dir := t.TempDir()
		w.receive(simnet.Link{}, ReceiveConfig{Dir: dir, Files: file.Options{Existing: "keep"}})
		w.receive(simnet.Link{}, ReceiveConfig{Dir: dir, Files: file.Options{Existing: "keep"}})
		r, err := w.node.receive(w.ctx, ReceiveConfig{Dir: dir, Group: simGroup},
			w.net.Join(simnet.JoinConfig{Group: simGroup}), nil)
		if err == nil || !strings.Contains(err.Error(), "ReceiveConfig.Files") {
			t.Errorf("%v, %v", r, err)
		}
	})
}
