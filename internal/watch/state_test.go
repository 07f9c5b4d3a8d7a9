package watch

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzState: no state file makes it panic, and one that is taken is read again as it was saved.
func FuzzState(f *testing.F) {
	c := Config{Folder: "/a", State: filepath.Join(f.TempDir(), "state")}
	if err := c.save(map[string]stamp{"a/b": {size: 1, time: 2}, "c": {size: 1 << 62, time: -1}}); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(c.State)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"folder":"/a"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := Config{Folder: "/a", State: filepath.Join(t.TempDir(), "state")}
		if err := os.WriteFile(c.State, text, 0o600); err != nil {
			t.Fatal(err)
		}
		sent, err := c.load()
		if err != nil {
			return
		}
		if err := c.save(sent); err != nil {
			t.Fatal(err)
		}
		if again, err := c.load(); err != nil || !reflect.DeepEqual(again, sent) {
			t.Errorf("%v, %v; want %v", again, err, sent)
		}
	})
}
