package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestExisting: what becomes of an object whose name is that of a file, and of the file.
func TestExisting(t *testing.T) {
	for _, noSync := range []bool{false, true} {
		for how, want := range map[string]struct {
			path string
			err  error
			text map[string]string
		}{
			replace: {"d/a", nil, map[string]string{"d/a": "new"}},
			keep:    {"d/a", store.ErrKept, map[string]string{"d/a": "old"}},
			version: {"d/a.2", nil, map[string]string{"d/a": "old", "d/a.1": "other", "d/a.2": "new"}},
			refuse:  {"", store.ErrExists, map[string]string{"d/a": "old"}},
		} {
			t.Run(fmt.Sprint(how, noSync), func(t *testing.T) {
				root := t.TempDir()
				s, err := Options{Existing: how, NoSync: noSync}.New(root)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if _, err := s.Publish(written(t, s, "old"), "d/a"); err != nil {
					t.Fatal(err)
				}
				if how == version {
					if err := os.WriteFile(filepath.Join(root, "d", "a.1"), []byte("other"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				o := written(t, s, "new")
				path, err := s.Publish(o, "d/a")
				if path != want.path || !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
					t.Errorf("%q, %v; want %q, %v", path, err, want.path, want.err)
				}
				for name, text := range want.text {
					if got := read(t, root, filepath.FromSlash(name)); got != text {
						t.Errorf("%s holds %q, want %q", name, got, text)
					}
				}
				if all, err := os.ReadDir(filepath.Join(root, "d")); err != nil || len(all) != len(want.text) {
					t.Errorf("%v, %v; want %v", all, err, want.text)
				}
				if err == nil {
					return
				}
				if got, err := s.Publish(o, "d/b"); got != "d/b" || err != nil { // it remains to be published
					t.Errorf("%q, %v", got, err)
				}
			})
		}
	}
}

// TestVersionsOfLongNames: a name that has no place for a number is cut between characters.
func TestVersionsOfLongNames(t *testing.T) {
	for _, leaf := range []string{strings.Repeat("x", 255), strings.Repeat("é", 127), "a"} {
		got := nameOfVersion("d/"+leaf, 10)
		if err := store.CheckName(got); err != nil || !strings.HasSuffix(got, ".10") ||
			strings.ContainsRune(got, '\uFFFD') {
			t.Errorf("%q: %v", got, err)
		}
	}
}

// TestVersionsRace: of several objects that are published under one name at the same time none is lost.
func TestVersionsRace(t *testing.T) {
	root, errs := t.TempDir(), make(chan error)
	const each = 20
	for range 2 { // as two processes do
		s, err := Options{Existing: version, NoSync: true}.New(root)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for range 2 {
			go func() {
				for range each {
					o, err := s.Create(1)
					if err == nil {
						_, err = o.WriteAt([]byte("x"), 0)
					}
					if err == nil {
						_, err = s.Publish(o, "a")
					}
					errs <- err
				}
			}()
		}
	}
	for range 4 * each {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	all, err := filepath.Glob(filepath.Join(root, "a*"))
	if err != nil || len(all) != 4*each {
		t.Errorf("%d files, %v; want %d", len(all), err, 4*each)
	}
}

// TestLastVersion: so many versions of a file are kept, and none more: then the object fails, and stays.
func TestLastVersion(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{Existing: version, NoSync: true}, root)
	defer s.Close()
	if err := os.WriteFile(filepath.Join(root, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < maxVersions; n++ { // all but the last
		name := filepath.Join(root, nameOfVersion("a", n))
		if err := os.Link(filepath.Join(root, "a"), name); err != nil {
			t.Skip(err)
		}
	}
	if name, err := s.Publish(written(t, s, "x"), "a"); err != nil || name != nameOfVersion("a", maxVersions) {
		t.Errorf("%q, %v", name, err)
	}
	o := written(t, s, "y")
	if name, err := s.Publish(o, "a"); !errors.Is(err, store.ErrExists) || name != "" {
		t.Errorf("one version more: %q, %v", name, err)
	}
	if name, err := s.Publish(o, "b"); err != nil || name != "b" {
		t.Errorf("%q, %v", name, err)
	}
}
