package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/outgoing"
)

// TestList: each line is a file or a folder, with a name and words of its own; what is wrong is told with its line.
func TestList(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(t.TempDir(), "list")
	read := func(text string) ([]*outgoing.Item, error) {
		if err := os.WriteFile(list, []byte(strings.ReplaceAll(text, "DIR", filepath.ToSlash(folder))),
			0o600); err != nil {
			t.Fatal(err)
		}
		items, _, err := (&fileFlags{List: list}).find(t.Context(), false)
		return items, err
	}
	items, err := read(`{"path": "DIR/a", "name": "x y", "priority": 3}` + "\n\n" + `{"path": "DIR", "repeat": 2}`)
	if err != nil || len(items) != 3 {
		t.Fatal(items, err)
	}
	if f := items[0]; f.ContentLocation != "file:///x%20y" || *f.Words.Priority != 3 || f.Line != 1 {
		t.Errorf("%+v", f)
	}
	if f := items[2]; !strings.HasSuffix(f.ContentLocation, "/b") || f.Words.Repeat != 2 || f.Line != 3 {
		t.Errorf("%+v", f)
	}
	for text, want := range map[string]string{
		`{"path": "DIR/a"}` + "\n" + `{`:                            "line 2: unexpected EOF",
		`{"name": "x"}`:                                             "line 1: path is missing",
		`{"path": "DIR/none"}`:                                      "line 1: ",
		`{"path": "DIR", "name": "x"}`:                              `line 1: name "x"`,
		`{"path": "DIR", "colour": "x"}`:                            "colour",
		`{"path": "DIR"} {"path": "DIR"}`:                           "line 1: more than one object",
		`{"path": "` + strings.Repeat("x", outgoing.MaxLine) + `"}`: "too long",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
	}
}
