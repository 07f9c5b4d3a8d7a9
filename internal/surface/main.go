// Command surface counts the exported names of the public packages: what an embedder has to read, and what a release
// has to keep. Methods and fields are not counted, nor are packages that nobody outside can import.
//
//	go run ./internal/surface          list the counts
//	go run ./internal/surface -check   fail if a count is above its ceiling
//	go run ./internal/surface -lower   lower the ceilings to the counts
//
// A package should have fewer than 30 names, all of them together fewer than 300. What has more today has a ceiling in
// ceilings.txt, which is lowered with each name that goes, and never raised.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const ceilingsFile = "internal/surface/ceilings.txt"

func main() {
	check := flag.Bool("check", false, "fail if a count is above its ceiling")
	lower := flag.Bool("lower", false, "lower the ceilings to the counts")
	flag.Parse()
	if err := run(*check, *lower); err != nil {
		fmt.Fprintln(os.Stderr, "surface:", err)
		os.Exit(1)
	}
}

func run(check, lower bool) error {
	counts, err := countTree(".")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(ceilingsFile)
	if err != nil {
		return err
	}
	limits, err := parseCeilings(string(text))
	if err != nil {
		return err
	}
	for _, name := range sorted(counts) {
		fmt.Printf("%5d  %s\n", counts[name], name)
	}
	if lower {
		return os.WriteFile(ceilingsFile, []byte(limits.lowered(counts).String()), 0o666)
	}
	if check {
		return limits.check(counts)
	}
	return nil
}

// countTree counts the exported names of each public package below root, by its path, and of all of them as "total".
func countTree(root string) (map[string]int, error) {
	counts := map[string]int{total: 0}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && private(d.Name()) {
			return fs.SkipDir
		}
		n, err := countPackage(dir)
		if n > 0 {
			rel, _ := filepath.Rel(root, dir)
			counts[filepath.ToSlash(rel)] = n
			counts[total] += n
		}
		return err
	})
	return counts, err
}

// private reports whether a folder of that name holds no package that others import.
func private(name string) bool {
	return name[0] == '.' || name[0] == '_' || slices.Contains(
		[]string{"cmd", "docs", "examples", "integration", "internal", "interop", "testdata", "tools"}, name)
}

// countPackage counts the exported names of the package in dir, 0 if there is none.
func countPackage(dir string) (int, error) {
	pkg, err := build.ImportDir(dir, 0)
	if _, none := err.(*build.NoGoError); none { //nolint:errorlint // it is returned as it is
		return 0, nil
	}
	if err != nil || pkg.Name == "main" {
		return 0, err
	}
	n := 0
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return 0, err
		}
		n += countFile(file)
	}
	return n, nil
}

func countFile(file *ast.File) (n int) {
	count := func(name *ast.Ident) {
		if name.IsExported() {
			n++
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				count(d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					count(s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						count(name)
					}
				}
			}
		}
	}
	return n
}

// sorted returns the names of counts, the total last.
func sorted(counts map[string]int) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if (a == total) != (b == total) {
			if a == total {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return names
}
