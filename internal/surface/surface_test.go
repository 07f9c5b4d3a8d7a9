package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTree(t *testing.T) {
	const sentence = "// Package p holds pipes. This package is plumbing of the\n" +
		"// node: embedders do not need it, and its names may change.\npackage p\n"
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/a.go": "package a\nconst A, b, C = 1, 2, 3\nvar ( D int; e int )\ntype F struct{ G int }\n" +
			"func H() {}\nfunc (F) I() {}\n",
		"a/more.go":       "package a\nimport \"fmt\"\ntype ( J = int; k int )\nvar _ = fmt.Sprint\n",
		"a/a_test.go":     "package a\nfunc TestX() {}\n",
		"a/internal/i.go": "package i\nfunc X() {}\n",
		"a/b/b.go":        "package b\nfunc B() {}\n",
		"cmd/c/c.go":      "package main\nfunc X() {}\n",
		"d/generate.go":   "//go:build ignore\n\npackage main\nfunc X() {}\n",
		"main/m.go":       "package main\nfunc X() {}\n",
		".hidden/h.go":    "package h\nfunc X() {}\n",
		"p/doc.go":        sentence,
		"p/p.go":          "package p\ntype P int\nfunc Q() {}\n",
	} {
		write(t, root, name, text)
	}
	packages, err := readTree(root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"a": 6, "a/b": 1, "p": 2, plumbing: 2, total: 7}, count(packages)); diff != "" {
		t.Error(diff)
	}
	if err := mentions(packages); err != nil {
		t.Error(err)
	}
}

// What embedders need must not lead them to plumbing.
func TestMentions(t *testing.T) {
	const plumbing = "// This package is plumbing of package u: embedders do not need it, and its names may change.\n"
	for _, test := range []struct{ file, text, want string }{
		{"a/a.go", "package a\nimport \"x/p\"\nvar v p.P\ntype T struct{ f p.P }\nfunc F() { p.Q() }\n", ""},
		{"a/a.go", "package a\nimport \"x/p\"\ntype T struct{ F p.P }\n", "a: T mentions p"},
		{"a/a.go", "package a\nimport other \"x/p\"\nfunc F(x other.P) {}\n", "a: F mentions p"},
		{"a/a.go", "package a\nimport \"x/p\"\ntype T int\nfunc (T) M() p.P { return 0 }\n", "a: M mentions p"},
		{"a/a.go", "package a\nimport \"x/p\"\nconst C = p.C\n", "a: C mentions p"},
		{"p/q/q.go", plumbing + "package q\nimport \"x/p\"\nconst C = p.C\n", ""},
		{"examples/e/main.go", "package main\nimport \"x/p\"\nfunc main() { p.Q() }\n", "examples/e imports p"},
		{"examples/e/main.go", "package main\nimport \"x/more/pp\"\nfunc main() { pp.Q() }\n", ""},
	} {
		root := t.TempDir()
		write(t, root, "p/p.go", plumbing+"package p\ntype P int\nfunc Q() {}\nconst C = 1\n")
		write(t, root, test.file, test.text)
		packages, err := readTree(root)
		if err != nil {
			t.Fatal(err)
		}
		err = mentions(packages)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.text, err, test.want)
		}
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestCeilings(t *testing.T) {
	c, err := parseCeilings("# why\n\na 40\nplumbing 150\ntotal 310\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		counts map[string]int
		want   string // parts of the error
	}{
		{map[string]int{"a": 40, "b": 29, plumbing: 150, total: 310}, ""},
		{
			map[string]int{"a": 41, "b": 30, plumbing: 151, total: 311},
			"a: 41 exported names, at most 40; b: 30 exported names, at most 29; plumbing: 151; total: 311",
		},
		{map[string]int{"a": 39, plumbing: 150, total: 310}, "a: a ceiling of 40 for 39"},
		{map[string]int{"a": 40, plumbing: 149, total: 310}, "plumbing: a ceiling of 150 for 149"},
		{map[string]int{"a": 40, plumbing: 150, total: 200}, "total: a ceiling of 310 for 200"},
		{map[string]int{plumbing: 150, total: 310}, "a: a ceiling of 40 for 0"},
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
	got := c.lowered(map[string]int{"a": 35, "b": 50, plumbing: 140, total: 400}).String()
	if _, text, _ := strings.Cut(got, "why.\n"); text != "a 35\nplumbing 140\ntotal 310\n" {
		t.Errorf("lowered to %q", text)
	}
	again, err := parseCeilings(got)
	if diff := cmp.Diff(ceilings{"a": 35, plumbing: 140, total: 310}, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
