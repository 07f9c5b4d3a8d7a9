package streamfiles

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tree writes files of the given sizes into a folder "in", and returns it.
func tree(t *testing.T, sizes ...int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	random := rand.New(rand.NewPCG(1, uint64(len(sizes))))
	for i, size := range sizes {
		at := filepath.Join(dir, fmt.Sprint("folder", i%3), fmt.Sprint("file", i))
		b := make([]byte, size)
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, b, 0o640),
			os.Chtimes(at, time.Time{}, time.Unix(1e9+int64(i), 0))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// end is one end of a connection that ends after so many bytes.
type end struct {
	r    *io.PipeReader
	w    *io.PipeWriter
	left int
}

// connect returns the two ends of a connection, the first of which may write limit bytes.
func connect(limit int) (a, b *end) {
	ra, wb := io.Pipe()
	rb, wa := io.Pipe()
	return &end{ra, wa, limit}, &end{rb, wb, 1 << 30}
}

func (e *end) Read(p []byte) (int, error) { return e.r.Read(p) }

func (e *end) Write(p []byte) (int, error) {
	if e.left < len(p) {
		n, _ := e.w.Write(p[:e.left])
		e.left = 0
		return n, errors.Join(io.ErrClosedPipe, e.Close())
	}
	e.left -= len(p)
	return e.w.Write(p)
}

func (e *end) Close() error { return errors.Join(e.r.Close(), e.w.Close()) }

// move sends a folder into another, over a connection that ends after limit bytes. sent is how many bytes of files were
// told to have been moved.
func move(t *testing.T, from, to string, limit int) (whole int, sent int64, errs error) {
	t.Helper()
	files, skipped, err := Find([]string{from})
	if err != nil || len(skipped) > 0 {
		t.Fatal(skipped, err)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	a, b := connect(limit)
	failed := make(chan error, 1)
	go func() {
		failed <- Send(a, files, Progress{
			Ended: func(_ string, size, from int64, err error) {
				if err == nil {
					sent += size - from
				}
			},
		})
		_ = a.Close()
	}()
	whole, err = Receive(b, root, Progress{})
	_ = b.Close()
	return whole, sent, errors.Join(err, <-failed)
}

// same fails unless each file below from is below to, with its time and permissions, and nothing else is.
func same(t *testing.T, from, to string) {
	t.Helper()
	seen := 0
	for dir, other := range map[string]string{from: filepath.Join(to, "in"), filepath.Join(to, "in"): from} {
		err := filepath.Walk(dir, func(at string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			rel, _ := filepath.Rel(dir, at)
			want, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			got, err := os.ReadFile(filepath.Join(other, rel))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, want %d: %v", rel, len(got), len(want), err)
			}
			there, err := os.Stat(filepath.Join(other, rel))
			if err != nil || there.Mode() != info.Mode() || !there.ModTime().Equal(info.ModTime()) {
				t.Errorf("%s: %v %v, want %v %v", rel, there.Mode(), there.ModTime(), info.Mode(), info.ModTime())
			}
			seen++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen == 0 {
		t.Error("no files")
	}
}

func TestFilesArrive(t *testing.T) {
	sizes := []int{0, 1, copySize, copySize + 1, 3*copySize - 1}
	for range 2 * maxAhead {
		sizes = append(sizes, 100)
	}
	from, to := tree(t, sizes...), t.TempDir()
	whole, sent, err := move(t, from, to, 1<<30)
	if err != nil || whole != len(sizes) || sent == 0 {
		t.Errorf("%d files, %d bytes: %v", whole, sent, err)
	}
	same(t, from, to)
	// Again: nothing but what tells that it is there.
	if whole, sent, err := move(t, from, to, 1<<30); err != nil || whole != len(sizes) || sent != 0 {
		t.Errorf("%d files, %d bytes a second time: %v", whole, sent, err)
	}
	same(t, from, to)
}

// TestResume: wherever the connection ends, no file is there in part, and the next try needs only what is missing.
func TestResume(t *testing.T) {
	from, to := tree(t, 2<<20, 3<<20, 1<<20), t.TempDir()
	total := int64(0)
	for try, limit := range []int{0, 10, 500, 1 << 20, 2 << 20, 2<<20 + 300, 1 << 19, 1 << 30} {
		_, sent, err := move(t, from, to, limit)
		total += sent
		if (err == nil) != (limit == 1<<30) {
			t.Fatalf("try %d: %v", try, err)
		}
		_ = filepath.Walk(to, func(at string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() && !strings.HasSuffix(at, partSuffix) {
				rel, _ := filepath.Rel(filepath.Join(to, "in"), at)
				if want, _ := os.Stat(filepath.Join(from, rel)); want == nil || want.Size() != info.Size() {
					t.Errorf("try %d: %s has %d bytes", try, rel, info.Size())
				}
			}
			return nil
		})
	}
	same(t, from, to)
	if total > 2<<20 {
		t.Errorf("the last try, and those before that have ended files, sent %d bytes", total)
	}
}

// TestOtherBeginning: a part that is not the beginning of the file is not used.
func TestOtherBeginning(t *testing.T) {
	from, to := tree(t, 100_000), t.TempDir()
	at := filepath.Join(to, "in", "folder0", ".file0"+partSuffix)
	err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o777), os.WriteFile(at, make([]byte, 5000), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if _, sent, err := move(t, from, to, 1<<30); err != nil || sent != 100_000 {
		t.Errorf("%d bytes: %v", sent, err)
	}
	same(t, from, to)
}

// TestHostileSenders: no name leads out of the folder, and what is not the protocol ends the connection.
func TestHostileSenders(t *testing.T) {
	const bytes = `{"from":0}` + "\nA" + `{"sha256":""}` + "\n" + `{"end":true}` + "\n"
	for name, c := range map[string]struct{ says, want string }{
		"above":      {`{"name":"../x","size":1}` + "\n" + bytes, "not a name"},
		"absolute":   {`{"name":"/x","size":1}` + "\n" + bytes, "not a name"},
		"part":       {`{"name":".x` + partSuffix + `","size":1}` + "\n" + bytes, "not a name"},
		"no digest":  {`{"name":"x","size":1}` + "\n" + bytes, "SHA-256"},
		"beyond":     {`{"name":"x","size":1}` + "\n" + `{"from":2}` + "\n", "not the protocol"},
		"negative":   {`{"name":"x","size":-1}` + "\n", "not the protocol"},
		"no offer":   {`{"from":0}` + "\n", "not the protocol"},
		"no JSON":    {"hello\n", "not the protocol"},
		"endless":    {strings.Repeat("a", 2*maxLine), "not the protocol"},
		"ends early": {`{"name":"x","size":10}` + "\n" + `{"from":0}` + "\nA", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			inner := filepath.Join(dir, "inner")
			if err := os.Mkdir(inner, 0o777); err != nil {
				t.Fatal(err)
			}
			root, err := os.OpenRoot(inner)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			_, err = Receive(struct {
				io.Reader
				io.Writer
			}{strings.NewReader(greeting + "\n" + c.says), io.Discard}, root, Progress{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			entries, _ := os.ReadDir(dir)
			inside, _ := os.ReadDir(inner)
			if len(entries) != 1 || len(inside) > 1 ||
				len(inside) == 1 && !strings.HasSuffix(inside[0].Name(), partSuffix) {
				t.Errorf("%v %v", entries, inside)
			}
		})
	}
}

// TestHostileReceivers: answers to what was not offered, and ends of files that were not sent, end the connection.
func TestHostileReceivers(t *testing.T) {
	const have, done = `{"have":0}` + "\n", `{"done":true}` + "\n"
	for name, says := range map[string]string{
		"ends":         have + strings.Repeat(done, 5),
		"answers":      strings.Repeat(have, 6),
		"end at first": done + strings.Repeat(have, 3),
		"no JSON":      "hello\n",
	} {
		t.Run(name, func(t *testing.T) {
			files, _, err := Find([]string{tree(t, 1000, 1000, 1000)})
			if err != nil {
				t.Fatal(err)
			}
			err = Send(struct {
				io.Reader
				io.Writer
			}{strings.NewReader(says), io.Discard}, files, Progress{})
			if !errors.Is(err, errLine) {
				t.Error(err)
			}
		})
	}
}

// TestFileChanges: one that becomes shorter while it is sent fails alone.
func TestFileChanges(t *testing.T) {
	from, to := tree(t, 1000, 1000), t.TempDir()
	files, _, err := Find([]string{from})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(from, "folder0", "file0"), 500); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	a, b := connect(1 << 30)
	failed := make(chan error, 1)
	go func() { failed <- Send(a, files, Progress{}) }()
	whole, err := Receive(b, root, Progress{})
	if whole != 1 || err == nil || !strings.Contains(err.Error(), "file0") {
		t.Errorf("%d files: %v", whole, err)
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "file0") {
		t.Error(err)
	}
}
