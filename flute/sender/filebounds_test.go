package sender

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// TestFileBounds: each field of a File has a last value that is taken, and a first one that is not, whose error names
// it.
func TestFileBounds(t *testing.T) {
	zero, one := flute.TOI{}, flute.NewTOI(1)
	for _, c := range []struct {
		field     string
		good, bad File
	}{
		{"Content", File{}, File{Size: 1}},
		{"TOI", File{TOI: &one}, File{TOI: &zero}},
		{"CENC", File{CENC: flute.GZIP}, File{CENC: flute.GZIP + 1}},
		{"Redundancy", File{Redundancy: maxRedundancy}, File{Redundancy: math.Nextafter(maxRedundancy, 2000)}},
		{"Redundancy", File{Redundancy: -1}, File{Redundancy: math.NaN()}},
		{"Interleave", File{Interleave: maxInterleave}, File{Interleave: maxInterleave + 1}},
		{"Interleave", File{Interleave: 1}, File{Interleave: -1}},
		{"Order", File{Order: Spread}, File{Order: Spread + 1}},
		{"Size", File{Content: zeros{}, Size: math.MaxInt64}, File{Content: zeros{}, Size: math.MaxInt64 + 1}},
		{"Delay", File{Delay: 1}, File{Delay: -1}},
		{"Interval", File{Interval: 1}, File{Interval: -1}},
		{"Interval", File{Interval: 1}, File{Interval: 1, Delay: 1}},
		{"Burst", File{Burst: 2}, File{Burst: -1}},
		{"Burst", File{Burst: 2, TransferCount: 2}, File{Burst: 3, TransferCount: 2}},
		{"Burst", File{Burst: 2, TransferCount: -1}, File{Burst: 2, TransferCount: 1}},
		{"Until", File{Until: start.Add(1), StartAt: start}, File{Until: start, StartAt: start}},
		{"Until", File{Until: start}, File{Until: start.Add(-1), StartAt: start}},
		{
			"ContentLocation",
			File{ContentLocation: strings.Repeat("x", maxURI)},
			File{ContentLocation: strings.Repeat("x", maxURI+1)},
		},
		{"ContentLocation", File{ContentLocation: "a!~b"}, File{ContentLocation: "a\x7fb"}},
		{"ContentLocation", File{ContentLocation: "a%20b"}, File{ContentLocation: "a b"}},
		{"ContentLocation", File{ContentLocation: "a%7Cb"}, File{ContentLocation: "a|b"}},
		{"ContentLocation", File{ContentLocation: "a%25b"}, File{ContentLocation: "a%2"}},
	} {
		for _, f := range []*File{&c.good, &c.bad} {
			if f.ContentLocation == "" {
				f.ContentLocation = "a"
			}
		}
		if err := checkFile(&c.good); err != nil || c.good.ContentType != defaultContentType {
			t.Errorf("%s: %v", c.field, err)
		}
		err := checkFile(&c.bad)
		if e, ok := errors.AsType[*FileError](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	if err := checkFile(&File{}); err == nil {
		t.Error("a file without a name")
	}
	typed := File{ContentLocation: "a", ContentType: "text/plain"}
	if err := checkFile(&typed); err != nil || typed.ContentType != "text/plain" {
		t.Errorf("%q, %v", typed.ContentType, err)
	}
}

// TestSessionTarget: what one transfer is, and in what time: within, or up to the end from now on, or from its start.
func TestSessionTarget(t *testing.T) {
	s, _ := oneFile(t, Config{}, 10)
	for _, c := range []struct {
		f      File
		within time.Duration
	}{
		{File{}, 0},
		{File{Within: time.Minute}, time.Minute},
		{File{By: start.Add(time.Minute)}, time.Minute},
		{File{By: start.Add(time.Minute), StartAt: start.Add(10 * time.Second)}, 50 * time.Second},
		{File{By: start.Add(time.Minute), StartAt: start.Add(-10 * time.Second)}, time.Minute},
		{File{By: start}, 1},
		{File{By: start.Add(-time.Minute)}, 1},
	} {
		c.f.ContentLocation, c.f.Content, c.f.Size = "b", strings.NewReader("12345"), 5
		o, err := Prepare(t.Context(), c.f, nil)
		if err != nil {
			t.Fatal(err)
		}
		l, within, err := s.Target(o, start)
		if err != nil || within != c.within || (l.Packets == 1) != (c.within > 0) || (l.Bytes > 5) != (c.within > 0) {
			t.Errorf("%v, by %v: %+v in %v, %v", c.f.Within, c.f.By.Sub(start), l, within, err)
		}
	}
}
