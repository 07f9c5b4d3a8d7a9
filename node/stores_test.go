package node

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// collide sends files whose names collide, from two sources, to two receptions into one folder, and returns the
// completed objects by Content-Location.
func collide(w *world, cfg ReceiveConfig) map[string]map[string][]byte {
	cfg.Dir = w.t.TempDir()
	w.receive(simnet.Link{}, cfg)
	w.receive(simnet.Link{}, cfg)
	want := map[string][]byte{}
	for i, source := range []string{"10.0.0.1:0", "10.0.0.2:0"} {
		from := netip.MustParseAddrPort(source)
		s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 7, Rate: 8_000_000}, w.net.Dial(from, simGroup),
			from.Addr())
		if err != nil {
			w.t.Fatal(err)
		}
		for j, location := range []string{
			"http://h/live", "http://h/live/1.mp4", "http://h" + source[:8] + "/x.bin", "http://h/firmware.bin",
		} {
			data := randomBytes(uint64(10*i+j), 5000)
			want[from.Addr().String()+" "+location] = data
			if _, err := s.Add(w.ctx, sender.File{
				ContentLocation: location, Content: bytes.NewReader(data), Size: uint64(len(data)),
			}, nil); err != nil {
				w.t.Fatal(err)
			}
		}
		w.finish(s)
		time.Sleep(time.Minute)
	}
	got := map[string]map[string][]byte{} // by source and location: path, content
	for _, e := range w.take() {
		c, ok := e.(event.ObjectCompleted)
		if !ok || c.Sending {
			continue
		}
		data, err := os.ReadFile(filepath.Join(cfg.Dir, filepath.FromSlash(c.Path)))
		if err != nil {
			w.t.Error(err)
		}
		id := c.Session.Source.String() + " " + c.ContentLocation
		if got[id] == nil {
			got[id] = map[string][]byte{}
		}
		got[id][c.Path] = data
		if c.Session.Source.String() == "10.0.0.2" && !bytes.Equal(data, want[id]) {
			w.t.Errorf("%s: other bytes in %s", id, c.Path)
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("%d of %d locations arrived", len(got), len(want))
	}
	return got
}

// TestNamesAcrossSources: in one folder, two locations are two files whoever sends them, in whatever reception; the
// same location replaces its file, with a Warning when another source had it.
func TestNamesAcrossSources(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		got := collide(w, ReceiveConfig{})
		paths := map[string]string{} // location by path
		for id, files := range got {
			_, location, _ := strings.Cut(id, " ")
			if len(files) != 1 {
				t.Errorf("%s is published as %d files", id, len(files))
			}
			for path := range files {
				if other, ok := paths[path]; ok && other != location {
					t.Errorf("%s holds %s and %s", path, other, location)
				}
				paths[path] = location
			}
		}
		if len(paths) != 5 {
			t.Errorf("%d files: %v", len(paths), paths)
		}
		replaced := 0
		for _, e := range w.take() {
			if e, ok := e.(event.Warning); ok && strings.Contains(e.Text, "replaces the file that session 10.0.0.1") {
				replaced++
			}
		}
		if replaced != 3 {
			t.Errorf("%d warnings of replaced files, want 3", replaced)
		}
	})
}

// TestLayoutSource: each source has its folder.
func TestLayoutSource(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		for id, files := range collide(w, ReceiveConfig{Session: receiver.Config{Layout: "source"}}) {
			source, _, _ := strings.Cut(id, " ")
			for path := range files {
				if !strings.HasPrefix(path, source+"/") {
					t.Errorf("%s is %s", id, path)
				}
			}
		}
	})
}
