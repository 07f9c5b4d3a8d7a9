package file

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/store/names"
)

// TestFold: names that a file system takes for the same fold to one, and others do not.
func TestFold(t *testing.T) {
	const composed, decomposed = "caf\u00e9", "cafe\u0301"
	for _, c := range []struct {
		a, b                string
		cases, forms, equal bool
	}{
		{composed, decomposed, false, false, false},
		{composed, decomposed, true, false, false},
		{composed, decomposed, false, true, true},
		{"CAFE\u0301", composed, false, true, false},
		{"CAFE\u0301", composed, true, true, true},
		{"\u212b", "a\u030a", true, true, true}, // the sign of the unit Ångström
		{"A", "a", false, true, false},
		{"A", "a", true, false, true},
		{"cafe", composed, true, true, false},
	} {
		fold := foldOf(c.cases, c.forms)
		if got := fold(c.a) == fold(c.b); got != c.equal {
			t.Errorf("%+q and %+q, cases %v, forms %v: one name: %v", c.a, c.b, c.cases, c.forms, got)
		}
	}
}

// TestNamesOfOneFile: on a file system that makes no difference between two names, two locations that differ in that
// only get two names, and a newer version of one takes the place of its own.
func TestNamesOfOneFile(t *testing.T) {
	names := names.New(nil, foldOf(true, true))
	seen := map[string]string{}
	for _, location := range []string{"d/caf%C3%A9", "d/cafe%CC%81", "D/CAFE%CC%81", "d/caf%C3%A9"} {
		c, err := names.Claim("", location, "")
		if err != nil {
			t.Fatal(err)
		}
		key := foldOf(true, true)(c.Name)
		if other, ok := seen[key]; ok && other != location {
			t.Errorf("%q holds %s and %s", c.Name, other, location)
		}
		seen[key] = location
	}
	if len(seen) != 3 {
		t.Errorf("%d names: %v", len(seen), seen)
	}
}

// TestLookWhileAFolderIsMade: a name is free, whether its folder is there or not, also while that is being made.
func TestLookWhileAFolderIsMade(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{NoSync: true}, root)
	defer s.Close()
	made := make(chan struct{})
	var making sync.WaitGroup
	defer making.Wait()
	making.Go(func() {
		defer close(made)
		for range 2000 {
			if err := os.Mkdir(filepath.Join(root, "d"), 0o777); err != nil {
				t.Error(err)
			}
			if err := os.Remove(filepath.Join(root, "d")); err != nil {
				t.Error(err)
			}
		}
	})
	for {
		if kind := s.look("d/one"); kind != names.Absent {
			t.Errorf("%v, want %v", kind, names.Absent)
			return
		}
		select {
		case <-made:
			return
		default:
		}
	}
}
