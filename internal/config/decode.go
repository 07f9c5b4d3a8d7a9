package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

const (
	// maxValues bounds the values of a file: aliases of aliases would multiply them.
	maxValues = 100_000
	// maxDepth bounds how deep values stand in each other. The deepest that means something is 4.
	maxDepth = 16
)

// decoder puts the values of one file into a Config.
type decoder struct {
	source  source
	lookup  Lookup // nil: values are taken as they are
	anchors map[string]ast.Node
	values  int
	faults  *faults
}

func newDecoder(path string, lookup Lookup, all *faults) decoder {
	return decoder{source: source{path: path}, lookup: lookup, anchors: map[string]ast.Node{}, faults: all}
}

func (d *decoder) at(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key // the token of a mapping is its first colon
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		n = v.Key
	}
	return d.source.of(n.GetToken())
}

func (d *decoder) fault(n ast.Node, format string, args ...any) {
	d.faults.add(d.at(n), format, args...)
}

// errTooMany ends the reading of a file.
var errTooMany = errors.New("too many values")

// resolve follows anchors, aliases; nil: there was a fault.
func (d *decoder) resolve(n ast.Node) ast.Node {
	for depth := 0; ; depth++ {
		switch v := n.(type) {
		case *ast.AnchorNode:
			d.anchors[v.Name.GetToken().Value] = v.Value
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok || depth > maxDepth {
				d.fault(n, "*%.40s: there is no such anchor before: quote a value that begins with *", name)
				return nil
			}
			n = target
		case *ast.TagNode:
			d.fault(n, "%.40s: tags are not taken here", v.GetToken().Value)
			return nil
		default:
			return n
		}
	}
}

// document puts a file into cfg.
func (d *decoder) document(n ast.Node, cfg *Config) { d.whole(n, reflect.ValueOf(cfg).Elem()) }

// whole puts a document into to.
func (d *decoder) whole(n ast.Node, to reflect.Value) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case errTooMany:
			d.faults.add(place{file: d.source.path}, "%v: at most %d", errTooMany, maxValues)
		default:
			panic(r)
		}
	}()
	d.value(n, to, "", 0)
}

// value puts n into to. name is what errors call it.
func (d *decoder) value(n ast.Node, to reflect.Value, name string, depth int) {
	if d.values++; d.values > maxValues {
		panic(errTooMany)
	}
	if depth > maxDepth {
		d.fault(n, "%s: values stand too deep in each other", name)
		return
	}
	at := n
	if n = d.resolve(n); n == nil {
		return
	}
	if to.Kind() == reflect.Pointer {
		p := reflect.New(to.Type().Elem())
		d.value(n, p.Elem(), name, depth)
		to.Set(p)
		return
	}
	if _, ok := to.Addr().Interface().(encoding.TextUnmarshaler); !ok && to.Type() != typeDuration {
		switch to.Kind() {
		case reflect.Struct:
			d.section(n, to, name, depth)
			return
		case reflect.Slice:
			d.list(n, to, name, depth)
			return
		case reflect.Map:
			d.table(n, to, name, depth)
			return
		default:
		}
	}
	text, plain, ok := d.scalar(n, name)
	if !ok {
		return
	}
	if err := set(to, text, plain); err != nil {
		d.fault(at, "%s: %v", name, err)
	}
}

// list puts a sequence into a slice. A value that stands alone is a list of one.
func (d *decoder) list(n ast.Node, to reflect.Value, name string, depth int) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if to.Type().Elem().Kind() == reflect.Struct && !isText(to.Type().Elem()) {
			d.fault(n, "%s takes a list: begin each entry with -", name)
			return
		}
		one := reflect.New(to.Type().Elem()).Elem()
		d.value(n, one, name, depth+1)
		to.Set(reflect.Append(to, one))
		return
	}
	for i, v := range seq.Values {
		one := reflect.New(to.Type().Elem()).Elem()
		d.value(v, one, fmt.Sprintf("%s[%d]", name, i), depth+1)
		to.Set(reflect.Append(to, one))
	}
}

// table puts a mapping into a map, whose keys are numbers.
func (d *decoder) table(n ast.Node, to reflect.Value, name string, depth int) {
	to.Set(reflect.MakeMap(to.Type()))
	d.each(n, name, depth, func(key string, k, v ast.Node) {
		at := reflect.New(to.Type().Key()).Elem()
		if err := set(at, key, true); err != nil {
			d.fault(k, "%s: %v", name, err)
			return
		}
		one := reflect.New(to.Type().Elem()).Elem()
		d.value(v, one, name+"."+key, depth+1)
		to.SetMapIndex(at, one)
	})
}

// section puts a mapping into a struct.
func (d *decoder) section(n ast.Node, to reflect.Value, name string, depth int) {
	known := fields(to)
	here := origin{d.at(n), map[string]place{}}
	d.each(n, name, depth, func(key string, k, v ast.Node) {
		f, ok := known[key]
		if !ok {
			d.fault(k, "%s%.60q is not known%s", prefixOf(name), key, suggest(key, known))
			return
		}
		here.keys[key] = d.at(k)
		d.value(v, f, strings.TrimPrefix(name+"."+key, "."), depth+1)
	})
	if l, ok := to.Addr().Interface().(located); ok {
		l.locate(here)
	}
}

func prefixOf(name string) string {
	if name == "" {
		return "key "
	}
	return name + ": key "
}

// each calls do with each key of a mapping, and with those that are merged into it (<<), unless it has them itself.
func (d *decoder) each(n ast.Node, name string, depth int, do func(key string, k, v ast.Node)) {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return // a section without keys
	default:
		d.fault(n, "%s takes keys with values", cmp.Or(name, "the file"))
		return
	}
	own := map[string]bool{}
	for _, p := range pairs {
		if _, merge := p.Key.(*ast.MergeKeyNode); !merge {
			own[p.Key.GetToken().Value] = true
		}
	}
	for _, p := range pairs {
		if d.values++; d.values > maxValues {
			panic(errTooMany)
		}
		if _, merge := p.Key.(*ast.MergeKeyNode); !merge {
			do(p.Key.GetToken().Value, p.Key, p.Value)
			continue
		}
		if from := d.resolve(p.Value); from != nil && depth < maxDepth {
			d.each(from, name, depth+1, func(key string, k, v ast.Node) {
				if !own[key] {
					do(key, k, v)
				}
			})
		}
	}
}

// fields returns the fields of a struct by their keys; those of embedded structs are its own.
func fields(v reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch key := f.Tag.Get("yaml"); {
		case key != "":
			all[key] = v.Field(i)
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.IsExported():
			maps.Copy(all, fields(v.Field(i)))
		}
	}
	return all
}
