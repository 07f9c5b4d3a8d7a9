package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/flute-node/flute-node/internal/settings"
)

const (
	// maxValues bounds the values of a file: aliases of aliases would multiply them.
	maxValues = 100_000
	// maxDepth bounds how deep values stand in each other. The deepest that means something is 4.
	maxDepth = 16
)

// origin is where a section stands, and each of its keys.
type origin struct {
	place

	keys map[string]place
}

// of returns where a key stands; where the section begins if it has no such key.
func (o *origin) of(key string) place {
	if p, ok := o.keys[key]; ok {
		return p
	}
	return o.place
}

// located is a section that keeps its origin.
type located interface{ locate(origin) }

// decoder puts the values of one file into a Config.
type decoder struct {
	file    string
	lookup  Lookup
	anchors map[string]ast.Node
	values  int
	faults  *faults
}

func (d *decoder) at(n ast.Node) place {
	p := place{file: d.file}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key // the token of a mapping is its first colon
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		n = v.Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.line, p.column = t.Position.Line, t.Position.Column
	}
	return p
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
				d.fault(n, "*%.40s: there is no such anchor before", name)
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
func (d *decoder) document(n ast.Node, cfg *Config) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case errTooMany:
			d.faults.add(place{file: d.file}, "%v: at most %d", errTooMany, maxValues)
		default:
			panic(r)
		}
	}()
	d.value(n, reflect.ValueOf(cfg).Elem(), "", 0)
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

// scalar returns the text of a value that stands alone. plain tells that it may be a number or true: it was not quoted,
// or the environment has a part in it.
func (d *decoder) scalar(n ast.Node, name string) (text string, plain, ok bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		text = v.Value
	case *ast.LiteralNode:
		text = v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true, true
	case *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, false, true
	case *ast.NullNode:
		d.fault(n, "%s has no value", name)
		return "", false, false
	case *ast.SequenceNode:
		d.fault(n, "%s takes one value, and no list", name)
		return "", false, false
	default:
		d.fault(n, "%s takes one value, and no keys: put a value with : into quotes", name)
		return "", false, false
	}
	if len(text) > maxValue {
		d.fault(n, "%s: the value has more than %d bytes", name, maxValue)
		return "", false, false
	}
	text, plain, err := expand(text, d.lookup)
	if err != nil {
		d.fault(n, "%s: %v", name, err)
		return "", false, false
	}
	return text, plain, true
}

var typeDuration = reflect.TypeFor[time.Duration]()

// set puts a text into to.
func set(to reflect.Value, text string, plain bool) error {
	if to.Type() == typeDuration {
		v, err := settings.ParseDuration(text, false)
		to.SetInt(int64(v))
		return err
	}
	if u, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch to.Kind() {
	case reflect.String:
		if plain && (text == "true" || text == "false") {
			return fmt.Errorf("%s is no text: put it in quotes if it is meant as one", text)
		}
		to.SetString(text)
	case reflect.Bool:
		if !plain || text != "true" && text != "false" {
			return fmt.Errorf("%.40q is neither true nor false", text)
		}
		to.SetBool(text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(text, 10, to.Type().Bits())
		if err != nil || !plain {
			return noNumber(text, err)
		}
		to.SetInt(v)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v, err := strconv.ParseUint(text, 10, to.Type().Bits())
		if err != nil || !plain {
			return noNumber(text, err)
		}
		to.SetUint(v)
	default:
		panic("config: a field of a type that is not known: " + to.Type().String())
	}
	return nil
}

func noNumber(text string, err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%.40s is out of range", text)
	}
	return fmt.Errorf("%.40q is no whole number", text)
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

// each calls do with each key of a mapping; what is merged (<<) first.
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
		d.fault(n, "%s takes keys with values", nameOr(name, "the file"))
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

func nameOr(name, standby string) string {
	if name == "" {
		return standby
	}
	return name
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

// isText reports whether values of a type are read from text.
func isText(t reflect.Type) bool {
	return t == typeDuration || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// suggest returns a hint to the key that was meant.
func suggest(key string, known map[string]reflect.Value) string {
	best, least := "", 3
	for k := range known {
		if n := distance(key, k); n < least || n == least && best != "" && k < best {
			best, least = k, n
		}
	}
	if flat := strings.ReplaceAll(key, "-", "_"); flat != key {
		if _, ok := known[flat]; ok {
			best = flat
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %s?", best)
}

// distance returns how many letters must be changed, put in or left out to make b of a (Levenshtein); of long words a
// large number.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
