package eventline

import (
	"encoding/json"
	"reflect"
	"time"
)

// Append appends an event to b, without a line feed: a JSON object of its name, its time in RFC 3339 and the fields of
// v, a struct. What JSON cannot say of v is left out.
func Append(b []byte, name string, at time.Time, v any) []byte {
	head, _ := json.Marshal(struct {
		Event string    `json:"event"`
		Time  time.Time `json:"time"`
	}{name, at})
	if fields := Marshal(v); len(fields) > 2 && fields[0] == '{' {
		head = append(append(head[:len(head)-1], ','), fields[1:]...)
	}
	return append(b, head...)
}

// Marshal returns a struct as JSON, its lists that are nil as [] and its maps as {}; {} if JSON cannot say it.
func Marshal(v any) []byte {
	b, err := json.Marshal(withoutNil(v))
	if err != nil {
		return []byte("{}")
	}
	return b
}

// withoutNil returns a copy of a struct in which no field is a nil list or map.
func withoutNil(v any) any {
	if v == nil || reflect.TypeOf(v).Kind() != reflect.Struct {
		return v
	}
	c := reflect.New(reflect.TypeOf(v)).Elem()
	c.Set(reflect.ValueOf(v))
	for _, f := range c.Fields() {
		switch {
		case !f.CanSet():
		case f.Kind() == reflect.Slice && f.IsNil():
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		case f.Kind() == reflect.Map && f.IsNil():
			f.Set(reflect.MakeMap(f.Type()))
		}
	}
	return c.Interface()
}
