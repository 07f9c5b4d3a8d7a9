package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Standard output of `utp receive -` carries bytes: an error that is told as JSON there would become part of a file.
func TestUTPReceiveKeepsStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(path + ".err")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer stderr.Close()
	if code := run([]string{"utp", "receive", "--from", "127.0.0.1:none", "-"}, out, stderr); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	if b, err := os.ReadFile(path); err != nil || len(b) > 0 {
		t.Errorf("standard output has %q, %v", b, err)
	}
	if b, err := os.ReadFile(path + ".err"); err != nil || len(b) == 0 {
		t.Errorf("nothing is said: %v", err)
	}
}
