package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/settings"
)

// TestReadyText: who repeats a folder is told that its list of files is fixed.
func TestReadyText(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		repeat settings.Transfers
		paths  []string
		told   bool
	}{
		{1, []string{dir}, false},
		{2, []string{file, dir}, true},
		{-1, []string{dir}, true},
		{-1, []string{file}, false},
	} {
		c := &sendCommand{carouselFlags: carouselFlags{Repeat: test.repeat}, fileFlags: fileFlags{Paths: test.paths}}
		text := c.readyText(&readyToSend{Files: 2})
		told := strings.Contains(text, "files that are added to a folder from now on are not sent")
		if told != test.told {
			t.Errorf("%+v: %s", test, text)
		}
	}
}
