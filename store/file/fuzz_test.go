package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// FuzzDelivered: what is read of the list of published files names files that are there, each once, and is read back as
// it is written.
func FuzzDelivered(f *testing.F) {
	dir := f.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		f.Fatal(err)
	}
	defer root.Close()
	var lines []byte
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			f.Fatal(err)
		}
		info, err := root.Lstat(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, note := range []string{"", "a note"} {
			d := delivery{Path: name, Size: info.Size(), Time: info.ModTime(), Note: []byte(note)}
			line, err := d.appendLine(nil)
			if err != nil {
				f.Fatal(err)
			}
			lines = append(lines, line...)
		}
	}
	f.Add(lines)
	f.Add(lines[:len(lines)-1])
	f.Add(bytes.Repeat([]byte("00000000 \n"), 20))
	outside := delivery{Path: "../" + filepath.Base(dir) + "/a", Size: 1}
	line, err := outside.appendLine(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	bound := allocbound.Bound{PerByte: 128, Fixed: 16 << 10}
	f.Fuzz(func(t *testing.T, b []byte) {
		read := func(b []byte) []delivery {
			if err := os.WriteFile(filepath.Join(dir, deliveredName), b, 0o600); err != nil {
				t.Fatal(err)
			}
			return readDelivered(root, deliveredName)
		}
		bound.Check(t, len(b), func() {
			seen := map[string]bool{}
			var again []byte
			list := read(b)
			for i := range list {
				d := &list[i]
				if _, err := root.Lstat(d.Path); err != nil || seen[d.Path] {
					t.Fatalf("%q is not there, or is there twice: %v", d.Path, err)
				}
				seen[d.Path] = true
				line, err := d.appendLine(nil)
				if err != nil {
					t.Fatal(err)
				}
				again = append(again, line...)
			}
			if n := len(read(again)); n != len(list) {
				t.Fatalf("%d of %d deliveries are read again", n, len(list))
			}
		})
	})
}
