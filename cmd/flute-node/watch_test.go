package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestVanished: a file of a watched folder that is gone was removed, which is no failure; one that is there and could
// not be sent is one.
func TestVanished(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a folder")
	if err := os.MkdirAll(filepath.Join(folder, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "below", "there"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{folder, folder + "/.", "."} {
		prefix := "a%20folder/"
		if given == "." {
			t.Chdir(folder)
			prefix = ""
		}
		f := watchFlags{Watch: given}
		there, gone := "file:///"+prefix+"below/there", "file:///"+prefix+"below/gone"
		if f.vanished(there) || !f.vanished(gone) {
			t.Errorf("%s: there %v, gone %v", given, f.vanished(there), f.vanished(gone))
		}
		ended := errors.New("the session has ended")
		failed := func(location string) error {
			return &sender.FileError{ContentLocation: location, Err: errors.New("not sent")}
		}
		if err := f.without(errors.Join(failed(gone), failed(gone))); err != nil {
			t.Errorf("%s: files that are gone: %v", given, err)
		}
		err := f.without(errors.Join(failed(gone), ended, failed(there)))
		if !errors.Is(err, ended) || err.Error() != errors.Join(ended, failed(there)).Error() {
			t.Errorf("%s: one that is there: %v", given, err)
		}
		if err := f.without(ended); !errors.Is(err, ended) {
			t.Errorf("%s: %v", given, err)
		}
	}
	if err := (&watchFlags{}).without(errors.Join(errors.New("a"))); err == nil {
		t.Error("no folder is watched")
	}
}
