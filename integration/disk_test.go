package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTinyFilesReachTheDisk sends 20,000 files of some bytes at 100 Mbit/s onto a real disk: each costs a create, a
// sync and a rename, and none of them may cost a datagram.
func TestTinyFilesReachTheDisk(t *testing.T) {
	t.Parallel() // it waits, for the disk or the clock
	const files = 20_000
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	for i := range files {
		name := filepath.Join(from, "d", fmt.Sprintf("%05d", i))
		if i == 0 {
			write(t, from, "d/00000", 6)
			continue
		}
		if err := os.WriteFile(name, fmt.Appendf(nil, "%06d", i), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", fmt.Sprint(files),
		"--timeout", "4m", to)
	listening(t, group)
	sending := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "100Mbit", "--fec", "no-code",
		filepath.Join(from, "d"))
	if code := sending.waitFor(4 * time.Minute); code != 0 { // it takes turns with all else on the machine
		t.Fatalf("exit code %d: %s", code, tail(sending.stderr.String()))
	}
	if code := r.waitFor(5 * time.Minute); code != 0 { // each file is synced: a slow disk may take minutes
		t.Fatalf("exit code %d: %s", code, tail(r.stderr.String()))
	}
	for i := range files {
		name := fmt.Sprintf("d/%05d", i)
		want, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %q, want %q: %v", name, got, want, err)
		}
	}
}
