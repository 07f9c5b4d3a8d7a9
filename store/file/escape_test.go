package file_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

// surroundings makes a folder with a file, and a root beside it.
func surroundings(t *testing.T) (outside, root string) {
	t.Helper()
	top := t.TempDir()
	outside, root = filepath.Join(top, "outside"), filepath.Join(top, "a", "root")
	for _, dir := range []string{outside, root} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "victim"), []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	return outside, root
}

// TestEscapeSymlinks lays symbolic links in the way of Publish.
func TestEscapeSymlinks(t *testing.T) {
	outside, root := surroundings(t)
	st := open(t, root)
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(root, at)); err != nil {
			t.Skip(err)
		}
	}
	link(outside, "absolute")
	link("../../outside", "relative")
	link("missing", "dangling")
	link(".", "self")
	link("loop", "loop")
	link(stageName, "stage")
	link(outside+"/victim", "file")
	link("../../outside/victim", "file2")
	before := tree(t, outside)
	for _, tc := range []struct {
		name string
		ok   bool
	}{
		{"absolute/x", false},
		{"absolute/victim", false},
		{"relative/x", false},
		{"relative/deep/x", false},
		{"relative/victim", false},
		{"dangling/x", false},
		{"loop/x", false},
		{"stage/x", false},
		{"file/x", false},
		{"self/inside", true}, // a link within the root is followed
		{"self/relative/x", false},
		{"file", true}, // a link at the name itself is replaced
		{"file2", true},
		{"absolute", true},
		{"loop", true},
	} {
		o := create(t, st, "new")
		_, err := st.Publish(o, tc.name)
		if (err == nil) != tc.ok {
			t.Errorf("Publish(%q): %v", tc.name, err)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
		t.Errorf("outside of the root (-before +after):\n%s", diff)
	}
	got := tree(t, root)
	for _, name := range []string{"inside", "file", "file2", "absolute", "loop"} {
		if got[name] != "new" {
			t.Errorf("%s = %q", name, got[name])
		}
	}
	for name, content := range got {
		if strings.HasPrefix(name, stageName) && content == "new" {
			t.Errorf("left staged: %s", name)
		}
	}
}

// TestEscapeStageSymlink: New does not stage through a link.
func TestEscapeStageSymlink(t *testing.T) {
	outside, root := surroundings(t)
	for _, to := range []string{outside, "../../outside", "."} {
		at := filepath.Join(root, stageName)
		if err := os.Symlink(to, at); err != nil {
			t.Skip(err)
		}
		before := tree(t, outside)
		if st, err := file.New(root); err == nil {
			t.Errorf("New through a staging folder that leads to %s", to)
			_ = st.Close()
		}
		if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
			t.Errorf("outside of the root (-before +after):\n%s", diff)
		}
		if err := os.Remove(at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEscapeNames publishes under hostile names, as they are and as store.Name makes them. Nothing outside changes, and
// what was published is found below the root.
func TestEscapeNames(t *testing.T) {
	outside, root := surroundings(t)
	st, err := file.Options{NoSync: true}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	parts := []string{
		"/", "//", `\`, ".", "..", "../", "../../", "%2e%2e", "%2f", "%5c", "%00", "\x00", "%", "?", "#", ":", "file:", "http://",
		"C:", "a", "b", "outside", "victim", "CON", " ", "\n", "\u202e", "\xff", "ä", stageName, outside,
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	before := tree(t, outside)
	published := map[string]bool{}
	for range 500 {
		var b strings.Builder
		for range 1 + rnd.IntN(8) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		for _, name := range []string{b.String(), nameOf(b.String())} {
			o := create(t, st, name)
			path, err := st.Publish(o, name)
			if err == nil {
				published[path] = true
				if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != name {
					t.Errorf("Publish(%q): reads %q, %v", name, got, err)
				}
			} else if !errors.Is(err, store.ErrName) {
				t.Errorf("Publish(%q): %v", name, err)
			}
			if err := o.Discard(); err != nil {
				t.Error(err)
			}
		}
	}
	if len(published) < 100 {
		t.Errorf("only %d names were published", len(published))
	}
	if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
		t.Errorf("outside of the root (-before +after):\n%s", diff)
	}
	entries, err := os.ReadDir(filepath.Dir(filepath.Dir(root)))
	if err != nil || len(entries) != 2 {
		t.Errorf("beside the root: %v, %v", entries, err)
	}
}

func nameOf(location string) string {
	name, err := store.Name(location)
	if err != nil {
		return ""
	}
	return name
}
