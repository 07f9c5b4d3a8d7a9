package source

import (
	"os"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

func version(t *testing.T, o sender.Opened) sender.Version {
	t.Helper()
	v, err := o.Version()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t *testing.T, s sender.Source) sender.Opened {
	t.Helper()
	o, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// However a file is changed, its version is another one; what is open stays what it was, unless it is changed in place.
func TestVersion(t *testing.T) {
	write := func(t *testing.T, name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		change  func(t *testing.T)
		changed bool // what is open too
	}{
		"nothing": {change: nil},
		"rename": {change: func(t *testing.T) {
			write(t, "new", "bbb")
			if err := os.Rename("new", "f"); err != nil {
				t.Fatal(err)
			}
		}},
		"rewrite":        {func(t *testing.T) { write(t, "f", "bbb") }, true},
		"rewrite longer": {func(t *testing.T) { write(t, "f", "bbbb") }, true},
		"append": {func(t *testing.T) {
			f, err := os.OpenFile("f", os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString("b"); err != nil {
				t.Fatal(err)
			}
		}, true},
		"truncate": {func(t *testing.T) {
			if err := os.Truncate("f", 1); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "f", "aaa")
			s := File("f")
			was := open(t, s)
			before := version(t, was)
			if test.change != nil {
				test.change(t)
			}
			if now := version(t, was); (now != before) != test.changed {
				t.Errorf("what is open: %v, before %v", now, before)
			}
			if now := version(t, open(t, s)); (now == before) != (test.change == nil) {
				t.Errorf("opened again: %v, before %v", now, before)
			}
		})
	}
}

// A file that was changed just now is given time, so that the next change shows.
func TestSettle(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 20 {
		if err := os.WriteFile("f", []byte("a"), 0o666); err != nil {
			t.Fatal(err)
		}
		o := open(t, File("f"))
		before := version(t, o)
		if err := os.WriteFile("f", []byte("b"), 0o666); err != nil {
			t.Fatal(err)
		}
		if version(t, o) == before {
			t.Fatal("the change does not show")
		}
	}
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes("f", future, future); err != nil {
		t.Fatal(err)
	}
	open(t, File("f")) // at once, or the test takes an hour
}
