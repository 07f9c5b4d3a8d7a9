package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// isPlumbing matches the sentence by which a doc.go takes its package out of what embedders need.
var isPlumbing = regexp.MustCompile(
	`This package is plumbing of (the node|package \w+): embedders do not need it, and its names may change\.`)

// pack is a package: the public ones, and the examples, which count nothing.
type pack struct {
	dir      string
	names    int
	plumbing bool
	imports  []string            // paths
	mentions map[string][]string // path of an import → exported declarations that mention it
}

// readTree reads the packages below root that others can import, and the examples.
func readTree(root string) (packages []pack, err error) {
	err = filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, dir)
		rel = filepath.ToSlash(rel)
		if dir != root && !strings.HasPrefix(rel, "examples") && private(d.Name()) {
			return fs.SkipDir
		}
		p, err := readPackage(dir)
		if p.imports != nil {
			p.dir = rel
			packages = append(packages, p)
		}
		return err
	})
	return packages, err
}

// private reports whether a folder of that name holds no package that others import.
func private(name string) bool {
	return name[0] == '.' || name[0] == '_' || slices.Contains(
		[]string{"cmd", "docs", "integration", "internal", "interop", "testdata", "tools"}, name)
}

// readPackage reads the package in dir. Without one, it has no imports, not even an empty list.
func readPackage(dir string) (p pack, err error) {
	pkg, err := build.ImportDir(dir, 0)
	if _, none := err.(*build.NoGoError); none { //nolint:errorlint // it is returned as it is
		return pack{}, nil
	}
	if err != nil {
		return pack{}, err
	}
	p.imports, p.mentions = append([]string{}, pkg.Imports...), map[string][]string{}
	if pkg.Name == "main" {
		return p, nil
	}
	for _, name := range pkg.GoFiles {
		const mode = parser.SkipObjectResolution | parser.ParseComments
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, mode)
		if err != nil {
			return pack{}, err
		}
		p.readFile(file)
	}
	return p, nil
}

func (p *pack) readFile(file *ast.File) {
	if file.Doc != nil && isPlumbing.MatchString(strings.Join(strings.Fields(file.Doc.Text()), " ")) {
		p.plumbing = true
	}
	local := map[string]string{} // name in this file → path
	for _, s := range file.Imports {
		imported := strings.Trim(s.Path.Value, `"`)
		name := path.Base(imported)
		if s.Name != nil {
			name = s.Name.Name
		}
		local[name] = imported
	}
	exported := func(name *ast.Ident, counts bool, parts ...ast.Node) {
		if !name.IsExported() {
			return
		}
		if counts {
			p.names++
		}
		for _, part := range parts {
			p.look(name.Name, part, local)
		}
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			exported(d.Name, d.Recv == nil, d.Type)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					exported(s.Name, true, s.Type)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						exported(name, true, s)
					}
				}
			}
		}
	}
}

// look notes the imports that the part of an exported declaration mentions. What nobody outside sees is left out.
func (p *pack) look(name string, part ast.Node, local map[string]string) {
	ast.Inspect(part, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field: // of a struct, or a parameter
			return len(n.Names) == 0 || slices.ContainsFunc(n.Names, (*ast.Ident).IsExported) || !isStructField(part)
		case *ast.BlockStmt:
			return false
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				if imported, ok := local[x.Name]; ok {
					p.mentions[imported] = append(p.mentions[imported], name)
				}
			}
		}
		return true
	})
}

func isStructField(part ast.Node) bool {
	_, ok := part.(*ast.StructType)
	return ok
}

// mentions returns an error for each example that imports plumbing, and for each exported declaration that mentions it.
func mentions(packages []pack) error {
	var all []error
	for _, inner := range packages {
		if !inner.plumbing {
			continue
		}
		is := func(imported string) bool {
			return imported == inner.dir || strings.HasSuffix(imported, "/"+inner.dir)
		}
		for _, p := range packages {
			if p.plumbing {
				continue
			}
			if strings.HasPrefix(p.dir, "examples/") && slices.ContainsFunc(p.imports, is) {
				all = append(all, fmt.Errorf("%s imports %s, which is plumbing", p.dir, inner.dir))
			}
			for imported, names := range p.mentions {
				if is(imported) {
					all = append(all, fmt.Errorf("%s: %s mentions %s, which is plumbing",
						p.dir, strings.Join(names, ", "), inner.dir))
				}
			}
		}
	}
	return errors.Join(all...)
}
