package config

import (
	"fmt"
	"reflect"
	"slices"
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
	d := newDecoder("", nil, all)
	docs := d.parse([]byte(text))
	if err := all.err(); err != nil {
		return nil, err
	}
	for i, doc := range docs {
		switch {
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
