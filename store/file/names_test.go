package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestLook: what is there decides which names are left.
func TestLook(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"file", "d/e/f"} {
		if _, err := s.Publish(written(t, s, "x"), name); err != nil {
			t.Fatal(err)
		}
	}
	for at, to := range map[string]string{
		"out": outside, "in": "d", "dangling": "nowhere", "loop": "loop", "alias": "file", "stage": stageName,
	} {
		if err := os.Symlink(to, filepath.Join(root, at)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]store.Kind{
		"nothing": store.Absent, "nothing/x": store.Absent, "d/x": store.Absent, "in/x": store.Absent,
		"file": store.File, "d/e/f": store.File, "in/e/f": store.File, "alias": store.File,
		"out": store.File, "dangling": store.File, "loop": store.File, // a link at the name itself is replaced
		"d": store.Folder, "d/e": store.Folder, "in": store.Folder,
		"file/x": store.Blocked, "d/e/f/g/h": store.Blocked, "alias/x": store.Blocked, "out/x": store.Blocked,
		"loop/x": store.Blocked, "dangling/x": store.Blocked, "dangling/x/y": store.Blocked,
		stageName: store.Blocked, stageName + "/x": store.Blocked, ".FLUTE-node": store.Blocked,
		"stage/x": store.Blocked, "../x": store.Blocked,
	} {
		if got := s.look(name); got != want {
			t.Errorf("look(%q) = %d, want %d", name, got, want)
		}
	}
}

// TestNamesOnDisk: locations that collide keep their files in later processes, in whatever order they come; what cannot
// be a folder is avoided.
func TestNamesOnDisk(t *testing.T) {
	root := t.TempDir()
	locations := []string{
		"http://a/x.bin", "http://b/x.bin", "http://a/live", "http://a/live/1.mp4", "http://a/live/2.mp4", "http://b/live",
		"http://a/.flute-node", "http://a/.flute-node/x", "http://a/out/x", "http://a/dangling/x/y",
	}
	for at, to := range map[string]string{"out": t.TempDir(), "dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, at)); err != nil {
			t.Skip(err)
		}
	}
	names := map[string]string{}
	for round := range 3 {
		s, err := New(root)
		if err != nil {
			t.Fatal(err)
		}
		for i := range locations {
			location := locations[(i+round)%len(locations)]
			if round == 2 {
				location = locations[len(locations)-1-i]
			}
			c, err := s.Names().Claim("", location, "s")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Publish(written(t, s, location), c.Name); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			if was, ok := names[location]; ok && was != c.Name {
				t.Errorf("round %d: %q is %q, was %q", round, location, c.Name, was)
			}
			names[location] = c.Name
		}
		for location, name := range names {
			if got := read(t, root, name); got != location {
				t.Errorf("round %d: %q holds %q, want %q", round, name, got, location)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
