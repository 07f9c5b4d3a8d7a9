package streamfiles

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// script is a peer that says what it says, whatever it hears.
type script struct{ io.Reader }

func (s script) Write(p []byte) (int, error) { return len(p), nil }

// fuzzed are the files of a sender whose receiver is a script.
var fuzzed = map[string]string{"a": "", "folder/b": "some bytes", "c": "other bytes"}

func fuzzedFiles() (files []File) {
	for _, name := range []string{"a", "folder/b", "c"} {
		files = append(files, File{Name: name, Size: int64(len(fuzzed[name])), Open: func() (io.ReadSeekCloser, error) {
			return nopCloser{bytes.NewReader([]byte(fuzzed[name]))}, nil
		}})
	}
	return files
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// FuzzReceive: whatever a sender says, nothing is written outside of the folder, and a file that is told to be whole
// has as many bytes as were offered.
func FuzzReceive(f *testing.F) {
	a, b := connect(1 << 20)
	sent := make(chan error, 1)
	go func() { sent <- Send(a, fuzzedFiles(), Progress{}) }()
	root, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	var honest bytes.Buffer // what a sender says
	whole, err := Receive(struct {
		io.Reader
		io.Writer
	}{io.TeeReader(b, &honest), b}, root, Progress{})
	if err = errors.Join(err, <-sent, root.Close()); err != nil || whole != len(fuzzed) {
		f.Fatal(whole, err)
	}
	f.Add(honest.Bytes())
	f.Add([]byte(greeting + "\n{\"name\":\"../x\",\"size\":1}\n{\"from\":0}\nx{\"sha256\":\"\"}\n{\"end\":true}\n"))
	f.Add([]byte(greeting + "\n{\"name\":\"x\",\"size\":9000000000000}\n{\"from\":9000000000000}\n{\"sha256\":\"\"}\n"))
	f.Add([]byte(greeting + "\n{\"name\":\"x\",\"size\":0}\n{\"from\":0}\n{\"sha256\":\"" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n{\"end\":true}\n"))
	bound := allocbound.Bound{PerByte: 2 << 10, Fixed: 512 << 10}
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Check(t, len(b), func() {
			parent := t.TempDir()
			dir := filepath.Join(parent, "in")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			ended := 0
			whole, _ := Receive(script{bytes.NewReader(b)}, root, Progress{
				Ended: func(name string, size, _ int64, err error) {
					if err != nil {
						return
					}
					ended++
					info, err := root.Stat(filepath.FromSlash(name))
					if err != nil || info.Mode().IsRegular() && info.Size() != size {
						t.Errorf("%q is whole: %v, %v; want %d bytes", name, info, err, size)
					}
				},
			})
			if whole > ended {
				t.Errorf("%d files are whole, %d were told", whole, ended)
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
				t.Errorf("beside the folder: %v, %v", entries, err)
			}
		})
	})
}

// FuzzReplies: whatever a receiver says, each file has one end at most, and Send one.
func FuzzReplies(f *testing.F) {
	f.Add([]byte("{\"have\":0}\n{\"have\":5,\"sha256\":\"\"}\n{\"have\":0}\n" +
		"{\"done\":true}\n{\"done\":true}\n{\"done\":true}\n"))
	f.Add([]byte("{\"have\":-1}\n{\"error\":\"no\"}\n{\"have\":99}\n{\"error\":\"\"}\n{\"have\":0}\n{}\n"))
	f.Add([]byte("{\"done\":true}\n"))
	f.Add(bytes.Repeat([]byte("{\"have\":0}\n"), 9))
	bound := allocbound.Bound{PerByte: 256, Fixed: 2 << 20} // the buffers for bytes
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Check(t, len(b), func() {
			ends := map[string]int{}
			err := Send(script{bytes.NewReader(b)}, fuzzedFiles(), Progress{
				Ended: func(name string, _, _ int64, _ error) { ends[name]++ },
			})
			for name, n := range ends {
				if n != 1 {
					t.Errorf("%q has %d ends", name, n)
				}
			}
			if err == nil && len(ends) != len(fuzzed) {
				t.Errorf("%d of %d files have an end", len(ends), len(fuzzed))
			}
		})
	})
}
