package file_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
	"github.com/flute-node/flute-node/store/storetest"
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

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, storetest.Read) {
		root := filepath.Join(t.TempDir(), "new", "root")
		st, err := file.New(root)
		if err != nil {
			t.Fatal(err)
		}
		return st, func(path string) ([]byte, error) {
			return os.ReadFile(filepath.Join(
				root, filepath.FromSlash(path)))
		}
	})
}

// TestPublish: nothing but what was published is left, and nothing goes where objects are staged.
func TestPublish(t *testing.T) {
	root := filepath.Join(t.TempDir(), "new", "root")
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"a": nil, "d/e/f": nil, "empty": nil, "hello world?x=1#y.txt": nil,
		stageName: store.ErrName, stageName + "/x": store.ErrName, ".FLUTE-node/x": store.ErrName,
	} {
		o := create(t, st, name)
		if path, err := st.Publish(o, name); !errors.Is(err, want) || (err == nil) != (want == nil) ||
			err == nil && path != name {
			t.Errorf("Publish(%q) = %q, %v; want %v", name, path, err, want)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"a": "a", "d/": "", "d/e/": "", "d/e/f": "d/e/f", "empty": "empty",
		"hello world?x=1#y.txt": "hello world?x=1#y.txt",
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
	if b, err := os.ReadFile(root + "/a"); err != nil || string(b) != "secret" {
		t.Errorf("a = %q, %v", b, err)
	}
}

func glob(t *testing.T, pattern string) string {
	t.Helper()
	m, err := filepath.Glob(pattern)
	if err != nil || len(m) != 1 {
		t.Fatalf("%s matches %q, %v", pattern, m, err)
	}
	return m[0]
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

// TestClosed: nothing of what was staged is left.
func TestClosed(t *testing.T) {
	root := t.TempDir()
	st, err := file.New(root)
	if err != nil {
		t.Fatal(err)
	}
	_ = create(t, st, "lost")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{}, tree(t, root)); diff != "" {
		t.Errorf("left in the root (-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
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
	buffer := store.NewBuffer(nil)
	for _, through := range []struct {
		name string
		w    io.WriterAt
	}{{"pages", buffer}, {"symbols", o}} {
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
				if tail := buffer.Begin(); tail != nil {
					if err := tail.Write(o); err != nil {
						b.Fatal(err)
					}
					buffer.End(tail)
				}
			}
		})
	}
}
