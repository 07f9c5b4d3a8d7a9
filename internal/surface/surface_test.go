package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCountTree(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a.go":          "package a\nconst A, b, C = 1, 2, 3\nvar ( D int; e int )\ntype F struct{ G int }\nfunc H() {}\nfunc (F) I() {}\n",
		"a/more.go":       "package a\nimport \"fmt\"\ntype ( J = int; k int )\nvar _ = fmt.Sprint\n",
		"a/a_test.go":     "package a\nfunc TestX() {}\n",
		"a/internal/i.go": "package i\nfunc X() {}\n",
		"a/b/b.go":        "package b\nfunc B() {}\n",
		"cmd/c/c.go":      "package main\nfunc X() {}\n",
		"d/generate.go":   "//go:build ignore\n\npackage main\nfunc X() {}\n",
		"main/m.go":       "package main\nfunc X() {}\n",
		".hidden/h.go":    "package h\nfunc X() {}\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := countTree(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 6, "a/b": 1, "total": 7}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCeilings(t *testing.T) {
	c, err := parseCeilings("# why\n\na 40\nold 33\ntotal 310\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		counts map[string]int
		want   string // parts of the error
	}{
		{map[string]int{"a": 40, "b": 29, "total": 310}, ""},
		{map[string]int{"a": 41, "b": 30, "total": 311}, "a: 41 exported names, at most 40; b: 30 exported names, at most 29; total: 311"},
	} {
		err := c.check(test.counts)
		if (err == nil) != (test.want == "") {
			t.Errorf("%v: %v", test.counts, err)
		}
		for part := range strings.SplitSeq(test.want, "; ") {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%v: %v, want %q", test.counts, err, part)
			}
		}
	}
	got := c.lowered(map[string]int{"a": 35, "b": 50, "total": 400}).String()
	if _, text, _ := strings.Cut(got, "raised.\n"); text != "a 35\ntotal 310\n" {
		t.Errorf("lowered to %q", text)
	}
	again, err := parseCeilings(got)
	if diff := cmp.Diff(ceilings{"a": 35, "total": 310}, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
