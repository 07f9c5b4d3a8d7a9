package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/flute-node/flute-node/internal/settings"
)

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
	if d.lookup == nil {
		return text, false, true
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

// isText reports whether values of a type are read from text.
func isText(t reflect.Type) bool {
	return t == typeDuration || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
