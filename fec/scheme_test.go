package fec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

type fakeScheme struct {
	fec.Scheme
	name string
}

func TestRegistry(t *testing.T) {
	a, b := &fakeScheme{name: "a"}, &fakeScheme{name: "b"}
	empty := new(fec.Registry)
	one := empty.With(fec.ReedSolomonGF28, 0, a)
	two := one.With(fec.SmallBlockSystematic, 7, b).With(fec.ReedSolomonGF28, 0, b)
	for _, v := range []struct {
		name     string
		registry *fec.Registry
		oti      fec.OTI
		want     fec.Scheme
	}{
		{"empty", empty, fec.OTI{EncodingID: fec.ReedSolomonGF28}, nil},
		{"one", one, fec.OTI{EncodingID: fec.ReedSolomonGF28}, a},
		{"one is not changed by two", one, fec.OTI{EncodingID: fec.SmallBlockSystematic, InstanceID: 7}, nil},
		{"replaced", two, fec.OTI{EncodingID: fec.ReedSolomonGF28}, b},
		{"instance", two, fec.OTI{EncodingID: fec.SmallBlockSystematic, InstanceID: 7}, b},
		{"other instance", two, fec.OTI{EncodingID: fec.SmallBlockSystematic}, nil},
		{"unknown ID", two, fec.OTI{EncodingID: 77}, nil},
	} {
		got, err := v.registry.Scheme(&v.oti)
		if got != v.want {
			t.Errorf("%s: %v", v.name, got)
		}
		if v.want == nil && (!errors.Is(err, flute.ErrOTI) ||
			!strings.Contains(err.Error(), v.oti.EncodingID.String())) {
			t.Errorf("%s: %v", v.name, err)
		}
		if v.want != nil && err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

func TestEncodingID(t *testing.T) {
	names, known := map[string]bool{}, 0
	for id := range 256 {
		id := fec.EncodingID(id)
		if names[id.String()] {
			t.Errorf("%d: %v is the name of two", uint8(id), id)
		}
		names[id.String()] = true
		if id.Known() {
			known++
			if strings.Contains(id.String(), "(") {
				t.Errorf("%d has no name", uint8(id))
			}
		}
		if id.FullySpecified() != (id < 128) {
			t.Errorf("%v: fully specified is %v", id, id.FullySpecified())
		}
	}
	if known != 10 {
		t.Errorf("%d schemes are known, want 10", known)
	}
}
