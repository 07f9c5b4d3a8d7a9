package file

import (
	"os"
	"path/filepath"
	"testing"

	registry "github.com/flute-node/flute-node/store/names"
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
	for name, want := range map[string]registry.Kind{
		"nothing": registry.Absent, "nothing/x": registry.Absent, "d/x": registry.Absent, "in/x": registry.Absent,
		"file": registry.File, "d/e/f": registry.File, "in/e/f": registry.File, "alias": registry.File,
		"out": registry.File, "dangling": registry.File, "loop": registry.File, // a link at the name itself is replaced
		"d": registry.Folder, "d/e": registry.Folder, "in": registry.Folder,
		"file/x": registry.Blocked, "d/e/f/g/h": registry.Blocked,
		"alias/x": registry.Blocked, "out/x": registry.Blocked,
		"loop/x": registry.Blocked, "dangling/x": registry.Blocked, "dangling/x/y": registry.Blocked,
		stageName: registry.Blocked, stageName + "/x": registry.Blocked, ".FLUTE-node": registry.Blocked,
		"stage/x": registry.Blocked, "../x": registry.Blocked,
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
			c, err := registry.Of(s).Claim("", location, "s")
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
