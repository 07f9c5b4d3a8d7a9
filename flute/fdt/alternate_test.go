package fdt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAlternates(t *testing.T) {
	until := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	in := &Instance{
		BaseURLs1: []string{"http://one.example/x/", "not absolute", "http://two.example/y/z"},
		BaseURLs2: []string{"https://late.example"},
	}
	f := &File{
		AlternateLocations1: []AlternateLocations{
			{URIs: []string{"a.bin", "http://own.example/a", "http://own.example/a", "%zz", "", " "}, AvailableUntil: until},
			{URIs: []string{"/top?q=1"}},
			{URIs: []string{"http://x/" + strings.Repeat("a", maxAlternate)}},
		},
		AlternateLocations2: []AlternateLocations{{URIs: []string{"b"}}},
	}
	want := []AlternateLocations{
		{
			URIs:           []string{"http://one.example/x/a.bin", "http://two.example/y/a.bin", "http://own.example/a"},
			AvailableUntil: until,
		},
		{URIs: []string{"http://one.example/top?q=1", "http://two.example/top?q=1"}},
		{URIs: []string{"https://late.example/b"}},
	}
	if diff := cmp.Diff(want, in.Alternates(f)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := (&Instance{}).Alternates(&File{AlternateLocations2: f.AlternateLocations2}); got != nil {
		t.Errorf("relative without a base: %v", got)
	}
}

// What an FDT Instance may have us hold is bounded, however many locations and bases it has.
func TestAlternatesAreBounded(t *testing.T) {
	in, f := &Instance{}, &File{}
	for i := range 100 {
		in.BaseURLs1 = append(in.BaseURLs1, fmt.Sprintf("http://h%d/", i))
		f.AlternateLocations1 = append(f.AlternateLocations1, AlternateLocations{URIs: []string{fmt.Sprint(i)}})
	}
	n := 0
	for _, a := range in.Alternates(f) {
		n += len(a.URIs)
	}
	if n != maxAlternates {
		t.Errorf("%d locations", n)
	}
}
