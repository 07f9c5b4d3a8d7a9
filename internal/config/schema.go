package config

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// Schema returns the JSON Schema (2020-12) of the file. It is made of the same fields that Load reads.
func Schema() ([]byte, error) {
	root := section(reflect.TypeFor[Config]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Configuration of a FLUTE node"
	root["$defs"] = map[string]any{"environment": map[string]any{
		"description": "A variable of the environment: ${NAME} or ${NAME:-default}.",
		"type":        "string", "pattern": `\$\{`,
	}}
	return json.MarshalIndent(root, "", "  ")
}

// required are the keys that a section cannot be without, whatever else it has.
var required = map[reflect.Type][]string{
	reflect.TypeFor[Receive](): {"name"},
	reflect.TypeFor[Send]():    {"name", "to"},
	reflect.TypeFor[UTP]():     {"name", "listen", "dir"},
	reflect.TypeFor[Sink]():    {"name"},
}

// section returns the schema of a struct.
func section(t reflect.Type) map[string]any {
	properties := map[string]any{}
	describe(t, properties)
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if keys := required[t]; keys != nil {
		s["required"] = keys
	}
	return s
}

// describe adds the keys of a struct, those of embedded structs included.
func describe(t reflect.Type, properties map[string]any) {
	for f := range t.Fields() {
		key := f.Tag.Get("yaml")
		if key == "" {
			if f.Anonymous && f.IsExported() && f.Type.Kind() == reflect.Struct {
				describe(f.Type, properties)
			}
			continue
		}
		s := form(f.Type)
		if choices := f.Tag.Get("enum"); choices != "" {
			s = orVariable(map[string]any{"enum": strings.Split(choices, ",")})
		}
		s["description"] = f.Tag.Get("help")
		properties[key] = s
	}
}

// orVariable returns the schema of a value that may also come from the environment.
func orVariable(s map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{s, map[string]any{"$ref": "#/$defs/environment"}}}
}

// form returns the schema of values of a type.
func form(t reflect.Type) map[string]any {
	if t.Kind() == reflect.Pointer {
		return form(t.Elem())
	}
	if isText(t) {
		return map[string]any{"type": []string{"string", "number"}}
	}
	switch t.Kind() {
	case reflect.Struct:
		return section(t)
	case reflect.Slice:
		item := form(t.Elem())
		list := map[string]any{"type": "array", "items": item}
		if t.Elem().Kind() == reflect.Struct && !isText(t.Elem()) {
			return list
		}
		return map[string]any{"anyOf": []any{item, list}}
	case reflect.Map:
		return map[string]any{
			"type": "object", "propertyNames": map[string]any{"pattern": `^-?\d+$`}, "additionalProperties": form(t.Elem()),
		}
	case reflect.Bool:
		return orVariable(map[string]any{"type": "boolean"})
	case reflect.String:
		return map[string]any{"type": []string{"string", "number"}}
	default:
	}
	least, most := 0.0, math.Pow(2, float64(t.Bits()))-1
	if t.Kind() <= reflect.Int64 {
		least, most = -math.Pow(2, float64(t.Bits()-1)), math.Pow(2, float64(t.Bits()-1))-1
	}
	return orVariable(map[string]any{"type": "integer", "minimum": least, "maximum": most})
}
