package mem

import (
	"errors"
	"io/fs"
	"testing"
)

// TestNothingIsLeft: a store from which every file was removed remembers none of their folders.
func TestNothingIsLeft(t *testing.T) {
	st := New()
	for _, name := range []string{"a/b/c", "a/b/d", "a/e"} {
		o, err := st.Create(0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Publish(o, name); err != nil {
			t.Fatal(err)
		}
	}
	if len(st.folders) != 2 {
		t.Errorf("%v are remembered of two folders", st.folders)
	}
	for _, name := range st.Files() {
		st.Remove(name)
	}
	if len(st.folders) != 0 {
		t.Errorf("%v are remembered", st.folders)
	}
}

// TestReadOfWhatIsFreed: a file that is removed between its look-up and the read is not there.
func TestReadOfWhatIsFreed(t *testing.T) {
	st := New()
	so, err := st.Create(0)
	if err != nil {
		t.Fatal(err)
	}
	o := so.(*object)
	if _, err := o.WriteAt([]byte("content"), 0); err != nil {
		t.Fatal(err)
	}
	if n, size, err := o.readPublished(make([]byte, 5), 0); n != 0 || size != 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it is published: %d of %d bytes, %v", n, size, err)
	}
	if _, err := st.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if n, size, err := o.readPublished(make([]byte, 5), 0); n != 5 || size != 7 || err != nil {
		t.Errorf("published: %d of %d bytes, %v", n, size, err)
	}
	st.Remove("a")
	if n, size, err := o.readPublished(make([]byte, 5), 0); n != 0 || size != 0 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %d of %d bytes, %v", n, size, err)
	}
}
