package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// Section reads the text of one section, as YAML or JSON, for a program that has no file: a Send of {tsi: 7, fec: rs}.
// Nothing in it is replaced by variables of the environment, and it opens no file. The keys of without are refused:
// they mean nothing to the program. Whether the values make sense together, their settings tell.
func Section[S Receive | Send | Node](text string, without ...string) (*S, error) {
	var s S
	if len(text) > maxFile {
		return nil, &Error{Text: fmt.Sprintf("the configuration has more than %d bytes", maxFile)}
	}
	all := &faults{}
	file, err := parseYAML([]byte(text))
	if err != nil {
		at, format, arg := syntax("", []byte(text), err)
		all.add(at, format, arg)
		return nil, all.err()
	}
	d := decoder{anchors: map[string]ast.Node{}, faults: all}
	for i, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case i > 0:
			d.fault(doc.Body, "a configuration has one document only")
		default:
			d.whole(doc.Body, reflect.ValueOf(&s).Elem())
		}
	}
	var o *origin
	switch s := any(&s).(type) {
	case *Receive:
		o = &s.origin
	case *Send:
		o = &s.origin
	case *Node:
		o = &s.origin
	}
	for key, at := range o.keys {
		if slices.Contains(without, key) {
			all.add(at, "%s means nothing here", key)
		}
	}
	k := checker{faults: all}
	k.enums(reflect.ValueOf(&s).Elem(), o, "")
	if err := all.err(); err != nil {
		return nil, err
	}
	return &s, nil
}
