package file_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

const stageName = ".flute-node"

func open(t *testing.T, root string) *file.Store {
	t.Helper()
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func create(t *testing.T, st *file.Store, content string) store.Object {
	t.Helper()
	o, err := st.Create(uint64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt([]byte(content), 0); err != nil {
		t.Fatal(err)
	}
	return o
}

// tree returns the content of all files below dir by path; folders end in "/", symbolic links show where they lead.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		name = filepath.ToSlash(name)
		switch {
		case d.IsDir():
			m[name+"/"] = ""
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			m[name] = "-> " + to
			return err
		default:
			b, err := os.ReadFile(p)
			m[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPublish(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new", "root")
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name, content string
		want          error
	}{
		{"a", "one", nil},
		{"a", "two", nil}, // replaces
		{"a/b", "below a file", store.ErrName},
		{"a/b/c", "deep below a file", store.ErrName},
		{"d/e/f", "three", nil},
		{"d", "a file for a folder", store.ErrName},
		{"d/e", "a file for a folder", store.ErrName},
		{"d/e/g", "four", nil},
		{"empty", "", nil},
		{"hello world?x=1#y.txt", "five", nil},
		{"", "x", store.ErrName},
		{".", "x", store.ErrName},
		{"..", "x", store.ErrName},
		{"../x", "x", store.ErrName},
		{"d/../x", "x", store.ErrName},
		{"/x", "x", store.ErrName},
		{"a\x00b", "x", store.ErrName},
		{stageName, "x", store.ErrName},
		{stageName + "/x", "x", store.ErrName},
		{".FLUTE-node/x", "x", store.ErrName},
		{strings.Repeat("x", 256), "x", store.ErrName},
	} {
		o := create(t, st, step.content)
		path, err := st.Publish(o, step.name)
		if !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			t.Errorf("Publish(%q): %v, want %v", step.name, err, step.want)
		}
		if err == nil && path != step.name {
			t.Errorf("Publish(%q) = %q", step.name, path)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
		if err := o.Discard(); err != nil {
			t.Error(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"a": "two", "d/": "", "d/e/": "", "d/e/f": "three", "d/e/g": "four", "empty": "", "hello world?x=1#y.txt": "five",
	}
	if diff := cmp.Diff(want, tree(t, root)); diff != "" {
		t.Errorf("tree after Close (-want +got):\n%s", diff)
	}
}

// TestStagedIsHidden: before Publish there is nothing to see, and nobody else may look.
func TestStagedIsHidden(t *testing.T) {
	root := t.TempDir()
	st := open(t, root)
	o := create(t, st, "secret")
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 || entries[0].Name() != stageName {
		t.Fatalf("root holds %v, %v", entries, err)
	}
	if runtime.GOOS != "windows" {
		for _, dir := range []string{root + "/" + stageName, glob(t, root+"/"+stageName+"/*[^k]")} {
			if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o700 {
				t.Errorf("%s: %v, %v", dir, info.Mode(), err)
			}
		}
	}
	// The file that is replaced is there, whole, until the last moment.
	if err := os.WriteFile(root+"/a", []byte("older"), 0o666); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(root + "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := st.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if b := make([]byte, 5); true {
		if _, err := old.ReadAt(b, 0); err != nil || string(b) != "older" {
			t.Errorf("the replaced file was written to: %q, %v", b, err)
		}
	}
	for _, err := range []error{second(o.WriteAt([]byte("X"), 0)), second(o.ReadAt(make([]byte, 1), 0)), o.Truncate(0), o.Sync()} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("after Publish: %v, want ErrClosed", err)
		}
	}
	if _, err := st.Publish(o, "b"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("second Publish: %v, want ErrClosed", err)
	}
	if err := o.Discard(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(root + "/a"); err != nil || string(b) != "secret" {
		t.Errorf("a = %q, %v", b, err)
	}
}

func second(_ int, err error) error { return err }

func glob(t *testing.T, pattern string) string {
	t.Helper()
	m, err := filepath.Glob(pattern)
	if err != nil || len(m) != 1 {
		t.Fatalf("%s matches %q, %v", pattern, m, err)
	}
	return m[0]
}

// TestPublishRetry: an object whose name was refused can have another one.
func TestPublishRetry(t *testing.T) {
	root := t.TempDir()
	st := open(t, root)
	o := create(t, st, "content")
	if err := os.Mkdir(root+"/folder", 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Publish(o, "folder"); !errors.Is(err, store.ErrName) {
		t.Fatal(err)
	}
	if _, err := st.Publish(o, "other"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(root + "/other"); err != nil || string(b) != "content" {
		t.Errorf("other = %q, %v", b, err)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions")
	}
	root := t.TempDir()
	st, err := file.Options{NoSync: true, FileMode: 0o640, DirMode: 0o750}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Publish(create(t, st, "x"), "d/x"); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]fs.FileMode{"d": fs.ModeDir | 0o750, "d/x": 0o640} {
		if info, err := os.Stat(filepath.Join(root, p)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", p, info.Mode(), err, want)
		}
	}
}

func TestClosed(t *testing.T) {
	root := t.TempDir()
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	o := create(t, st, "lost")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Create(1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Create: %v", err)
	}
	if _, err := st.Publish(o, "x"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
	if err := second(o.WriteAt([]byte("x"), 0)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("WriteAt: %v", err)
	}
	if err := o.Discard(); err != nil {
		t.Errorf("Discard: %v", err)
	}
	if diff := cmp.Diff(map[string]string{}, tree(t, root)); diff != "" {
		t.Errorf("left in the root (-want +got):\n%s", diff)
	}
}

func TestMisuse(t *testing.T) {
	st, other := open(t, t.TempDir()), open(t, t.TempDir())
	if _, err := other.Publish(create(t, st, "x"), "x"); err == nil {
		t.Error("an object of another store was published")
	}
	if _, err := st.Create(1 << 63); err == nil {
		t.Error("Create(2^63)")
	}
	if o, err := st.Create(1<<63 - 1); err != nil { // a claim
		t.Error(err)
	} else if err := o.Discard(); err != nil {
		t.Error(err)
	}
	root := t.TempDir() + "/file"
	if err := os.WriteFile(root, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := file.New(root); err == nil {
		t.Error("New below a file")
	}
	root = t.TempDir()
	if err := os.WriteFile(filepath.Join(root, stageName), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := file.New(root); err == nil {
		t.Error("New with a file for the staging folder")
	}
}

// TestConcurrent publishes from many goroutines to few names: each is whole at any time.
func TestConcurrent(t *testing.T) {
	root := t.TempDir()
	st := open(t, root)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				o, err := st.Create(0)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = o.WriteAt(bytes.Repeat([]byte{byte(g)}, 5000), 0)
				if i%3 == 0 {
					if err := o.Discard(); err != nil {
						t.Error(err)
					}
					continue
				}
				if _, err := st.Publish(o, "p/q"+strconv.Itoa(i%5)+"/x"); err != nil {
					t.Error(err)
				}
				if b, err := os.ReadFile(root + "/p/q1/x"); err == nil && !bytes.Equal(b, bytes.Repeat(b[:1], 5000)) {
					t.Errorf("a file of %d bytes is a part or a mix", len(b))
				}
			}
		})
	}
	wg.Wait()
	if staged := tree(t, glob(t, root+"/"+stageName+"/*[^k]")); len(staged) != 0 {
		t.Errorf("staged: %v", staged)
	}
}

func Example() {
	root, err := os.MkdirTemp("", "received")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	st, err := file.New(root)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer st.Close()

	o, err := st.Create(11)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err1 := o.WriteAt([]byte(" world"), 5) // in any order
	_, err2 := o.WriteAt([]byte("hello"), 0)
	path, err3 := st.Publish(o, "greetings/hello.txt")
	content, err4 := os.ReadFile(filepath.Join(root, path))
	fmt.Println(path, string(content), errors.Join(err1, err2, err3, err4))
	// Output: greetings/hello.txt hello world <nil>
}

func BenchmarkPublish(b *testing.B) {
	for _, noSync := range []bool{false, true} {
		b.Run("NoSync="+strconv.FormatBool(noSync), func(b *testing.B) {
			st, err := file.Options{NoSync: noSync}.New(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer st.Close()
			content := make([]byte, 4096)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				o, err := st.Create(4096)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = o.WriteAt(content, 0)
				if _, err := st.Publish(o, "d/"+strconv.Itoa(i%1000)); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkBuffer(b *testing.B) {
	const symbol, size = 1400, 256 << 20
	st, err := file.Options{NoSync: true}.New(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	o, err := st.Create(size)
	if err != nil {
		b.Fatal(err)
	}
	for _, through := range []struct {
		name string
		w    interface {
			WriteAt(p []byte, off int64) (int, error)
		}
	}{{"pages", store.NewBuffer(o, nil)}, {"symbols", o}} {
		b.Run(through.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(symbol)
			p := make([]byte, symbol)
			off := int64(0)
			for b.Loop() {
				if _, err := through.w.WriteAt(p, off%size); err != nil {
					b.Fatal(err)
				}
				off += symbol
			}
		})
	}
}
