package receiver

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
)

// Records are plain data: there is nothing in them that only this process can give a meaning.
func TestRecordsArePlainData(t *testing.T) {
	for _, record := range []any{sessionRecord{}, instanceRecord{}, record{}} {
		for _, fault := range live(reflect.TypeOf(record)) {
			t.Error(fault)
		}
	}
	types := []reflect.Type{reflect.TypeFor[Ledger](), reflect.TypeFor[instance](), reflect.TypeFor[entry]()}
	for _, typ := range types {
		if len(live(typ)) == 0 {
			t.Errorf("nothing in %v is told to be live", typ)
		}
	}
}

// live returns the paths to what is no plain data in typ: pointers, but for a description, which is never changed, and
// what may be called or waited for. within are the types that typ is part of.
func live(typ reflect.Type, within ...reflect.Type) (paths []string) {
	values := []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[*fdt.File]()}
	if slices.Contains(values, typ) || slices.Contains(within, typ) {
		return nil
	}
	look := func(name string, part reflect.Type) {
		for _, path := range live(part, append(within, typ)...) {
			paths = append(paths, typ.Name()+name+path)
		}
	}
	switch typ.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer, reflect.Uintptr:
		return []string{" " + typ.String()}
	case reflect.Struct:
		for field := range typ.Fields() {
			look("."+field.Name+" ", field.Type)
		}
	case reflect.Map:
		look("[key] ", typ.Key())
		look("[] ", typ.Elem())
	case reflect.Slice, reflect.Array:
		look("[] ", typ.Elem())
	default:
	}
	return paths
}
