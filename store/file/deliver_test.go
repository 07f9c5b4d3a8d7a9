package file

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// TestDeliveredIsBounded: however many files a process publishes, what it notes of them stays bounded. The latest are
// known to the next process, unless they have changed; a line that was damaged costs its own file.
func TestDeliveredIsBounded(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	publish := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const files = 10
	pad := bytes.Repeat([]byte{'x'}, maxDelivered/files)
	for i := range byte(2 * files) {
		name := string('a' + i)
		publish(name)
		if err := s.Deliver(name, append([]byte(name), pad...)); err != nil {
			t.Fatal(err)
		}
		info, err := s.current().home.files.Lstat(deliveredName)
		if err != nil || info.Size() > maxDelivered {
			t.Fatalf("after %d files: %d bytes, %v", i+1, info.Size(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte("it is longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	notes, err := s.Delivered()
	if err != nil {
		t.Fatal(err)
	}
	known := map[byte]bool{}
	for _, n := range notes {
		known[n[0]] = true
	}
	if !known['t'] || !known['r'] || known['s'] || known['a'] || len(known) < 2 {
		t.Errorf("known: %v", known)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDeliveredOutlivesClose: a Store that was closed in order leaves what it has noted of published files to the next
// one; when none of them is there any more, nothing is left in the root.
func TestDeliveredOutlivesClose(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []int{0, 1, 1, 0} {
		if i == 3 {
			if err := os.Remove(filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
		}
		s, err := New(dir)
		if err != nil {
			t.Fatal(err)
		}
		notes, err := s.Delivered()
		if err != nil || len(notes) != want || want > 0 && string(notes[0]) != "note" {
			t.Errorf("process %d: %q, %v", i, notes, err)
		}
		if i == 0 {
			if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Deliver("a", []byte("note")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, stageName)); !os.IsNotExist(err) {
		t.Errorf("the staging folder is still there: %v", err)
	}
}

// TestCloseReadsLittle: to learn whether anything is noted of published files, a Store that is closed does not read
// all that is.
func TestCloseReadsLittle(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	note := bytes.Repeat([]byte{'x'}, 1<<10)
	for range 4000 {
		if err := s.Deliver("a", note); err != nil {
			t.Fatal(err)
		}
	}
	allocbound.Bound{Fixed: 256 << 10}.Check(t, 0, func() {
		if g := s.current(); !hasDelivered(g.root, path.Join(g.home.dir, deliveredName)) {
			t.Error("nothing is noted")
		}
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDeliveryLine: a line is what encoding/json makes of it, whatever is in it, and costs no memory of its own.
func TestDeliveryLine(t *testing.T) {
	at := time.Date(2026, 11, 30, 3, 4, 5, 678900000, time.FixedZone("", 5400))
	for _, d := range []delivery{
		{},
		{Path: "a/b.bin", Size: 12, Time: at, Note: []byte(`{"x":1}`)},
		{Path: "quote\" \\ <tag> & é \x01 \xff\u2028", Size: -1, Time: at.UTC(), Note: []byte{}},
		{Path: "\""},
		{Path: "\\"},
		{Path: "<"},
		{Path: ">"},
		{Path: "&"},
		{Path: "\x1f"},
		{Path: "\x7f"},
		{Path: " ~"},
		{Path: "z", Size: math.MaxInt64, Time: time.Unix(0, 1), Note: bytes.Repeat([]byte{0xff}, 100)},
	} {
		document, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("kept%08x %s\n", crc32.Checksum(document, castagnoli), document)
		if got, err := d.appendLine([]byte("kept")); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	d := delivery{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if got, err := d.appendLine([]byte("kept")); err == nil || string(got) != "kept" {
		t.Errorf("a time that JSON does not have: %q, %v", got, err)
	}
	d = delivery{Path: "a/b.bin", Time: at, Note: make([]byte, 600)}
	line := make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() { line, _ = d.appendLine(line[:0]) }); n != 0 {
		t.Errorf("%v allocations for a line", n)
	}
}

// TestDeliverLooks: the file is looked at in the folder that is open, or by its path if it is no file there.
func TestDeliverLooks(t *testing.T) {
	root := t.TempDir()
	s, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "content"), "d/x"); err != nil { // opens d
		t.Fatal(err)
	}
	if err := os.Symlink("x", filepath.Join(root, "d", "link")); err != nil {
		t.Skip(err)
	}
	if err := s.Deliver("d/x", []byte("before")); err != nil { // the later one stands
		t.Error(err)
	}
	for name, ok := range map[string]bool{"d/x": true, "d/nothing": false, "nothing/x": false, "d/link": true} {
		if err := s.Deliver(name, []byte(name)); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	notes, err := s.Delivered()
	if err != nil || len(notes) != 2 {
		t.Errorf("%q, %v", notes, err)
	}
	for _, n := range notes {
		if string(n) != "d/x" && string(n) != "d/link" {
			t.Errorf("%q", n)
		}
	}
}
