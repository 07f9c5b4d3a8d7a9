package source

import (
	"os"
	"testing"
	"time"
)

// BenchmarkTransfer is what a source has to do for the transfer of one small file of a folder, among others that are
// open: it is opened, looked at, read, looked at twice, and closed.
func BenchmarkTransfer(b *testing.B) {
	b.Chdir(b.TempDir())
	for _, name := range []string{"d", "d/x"} {
		if err := os.Mkdir(name, 0o777); err != nil {
			b.Fatal(err)
		}
	}
	past := time.Now().Add(-time.Hour)
	for _, name := range []string{"d/x/a", "d/x/b"} {
		if err := os.WriteFile(name, make([]byte, 1000), 0o666); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(name, past, past); err != nil {
			b.Fatal(err)
		}
	}
	list, err := Find([]string{"d"}, Options{})
	if err != nil || len(list.Files) != 2 {
		b.Fatal(list, err)
	}
	other, err := list.Files[1].Source.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer other.Close()
	buffer := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		o, err := list.Files[0].Source.Open()
		if err != nil {
			b.Fatal(err)
		}
		for range 3 {
			if _, err := o.Version(); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := o.ReadAt(buffer, 0); err != nil {
			b.Fatal(err)
		}
		if err := o.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
