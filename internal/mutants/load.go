package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a package with its source and types, and all places that may be changed.
type pkg struct {
	ImportPath, Dir, Export, Name string
	GoFiles                       []string
	Module                        *struct{ Dir string }

	fset   *token.FileSet
	info   *types.Info
	source map[string][]byte // by absolute path
	sites  []*site
}

// load reads and checks a package. The types of what it imports come from export data.
func load(name string) (*pkg, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,Name,GoFiles,Module", name)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", name, err)
	}
	exports := map[string]string{}
	p := &pkg{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		q := pkg{}
		if err := dec.Decode(&q); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		exports[q.ImportPath] = q.Export
		*p = q // the last one is what was asked for
	}
	p.fset, p.source = token.NewFileSet(), map[string][]byte{}
	p.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	var files []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(p.fset, path, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.source[path] = source
		files = append(files, file)
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(p.fset, "gc", lookup)}
	checked, err := config.Check(p.ImportPath, p.fset, files, p.info)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		path := p.fset.Position(file.Pos()).Filename
		relative, _ := filepath.Rel(p.Module.Dir, path)
		f := finder{pkg: p, types: checked, file: file, relative: filepath.ToSlash(relative), source: p.source[path]}
		f.find()
	}
	same := map[string]int{}
	for _, s := range p.sites {
		key := s.key() // without a number yet
		same[key]++
		s.nth = same[key]
	}
	return p, nil
}

// sample chooses n sites by the seed, in the order of the source.
func (p *pkg) sample(n int, seed uint64) []*site {
	order := rand.New(rand.NewPCG(seed, uint64(len(p.sites)))).Perm(len(p.sites))
	order = order[:min(n, len(order))]
	slices.Sort(order)
	sites := make([]*site, len(order))
	for i, at := range order {
		sites[i] = p.sites[at]
	}
	return sites
}

// rewritten returns the files with sites in them, each site under its index plus one.
func (p *pkg) rewritten(sites []*site) map[string][]byte {
	edits := map[string][]edit{}
	for i, s := range sites {
		path := filepath.Join(p.Module.Dir, filepath.FromSlash(s.file))
		edits[path] = append(edits[path], s.edits(i+1)...)
	}
	files := map[string][]byte{}
	for path, list := range edits {
		slices.SortStableFunc(list, func(a, b edit) int {
			return cmp.Or(a.from-b.from, a.order-b.order)
		})
		var out strings.Builder
		at := 0
		for _, e := range list {
			out.Write(p.source[path][at:e.from])
			out.WriteString(e.text)
			at = e.to
		}
		out.Write(p.source[path][at:])
		files[path] = []byte(out.String())
	}
	return files
}

// suite is where tests are: a package, and its directory.
type suite struct{ importPath, dir string }

func (p *pkg) suite() suite { return suite{p.ImportPath, p.Dir} }
