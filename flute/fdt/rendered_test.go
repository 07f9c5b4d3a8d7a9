package fdt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// TestEntriesAreFiles: an FDT Instance of Entries is, byte for byte, that of their Files.
func TestEntriesAreFiles(t *testing.T) {
	for _, p := range profiles {
		files := sample().Files
		for i := range files {
			files[i].Attributes, files[i].Elements = nil, nil
		}
		want := mustAppend(t, &Instance{Expires: time.Unix(2_000_000_000, 0), Files: files}, p)
		in := &Instance{Expires: time.Unix(2_000_000_000, 0)}
		length := 0
		for i := range files {
			e, err := files[i].Entry(p)
			if err != nil {
				t.Fatal(err)
			}
			in.Entries = append(in.Entries, e)
			length += e.Len()
		}
		if got := mustAppend(t, in, p); string(got) != string(want) {
			t.Errorf("%v:\n%s\nwant\n%s", p, got, want)
		}
		if length == 0 || length > len(want) {
			t.Errorf("%v: %d bytes of %d", p, length, len(want))
		}
		in.Files, in.Entries = files[:1], in.Entries[1:]
		if got := mustAppend(t, in, p); string(got) != string(want) {
			t.Errorf("%v: a File before Entries:\n%s\nwant\n%s", p, got, want)
		}
	}
}

// TestEntriesNotWritable: an Entry that cannot be written is an error by itself, and one where it does not belong.
func TestEntriesNotWritable(t *testing.T) {
	f := File{TOI: flute.NewTOI(1), ContentLocation: "a"}
	for name, bad := range map[string]File{
		"no location": {TOI: flute.NewTOI(1)},
		"no TOI":      {ContentLocation: "a"},
		"control":     {TOI: flute.NewTOI(1), ContentLocation: "a", ETag: "\x01"},
	} {
		if _, err := bad.Entry(RFC6726); !errors.Is(err, ErrNotWritable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := f.Entry(RFC6726)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]Instance{
		"twice":    {Entries: []*Entry{e, e}},
		"as File":  {Entries: []*Entry{e}, Files: []File{f}},
		"encoding": {Entries: []*Entry{e}, ContentEncoding: "gzip"},
	} {
		in.Expires = time.Unix(2_000_000_000, 0)
		if _, err := in.AppendXML(nil, RFC6726); !errors.Is(err, ErrNotWritable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	in := Instance{Expires: time.Unix(2_000_000_000, 0), Entries: []*Entry{e}}
	if _, err := in.AppendXML(nil, RFC3926); !errors.Is(err, ErrNotWritable) {
		t.Errorf("another profile: %v", err)
	}
}

// TestEntryBounds: the longest attribute that receivers take is written, a longer one is an error. A list of one is
// written like others.
func TestEntryBounds(t *testing.T) {
	file := File{TOI: flute.NewTOI(1), ContentLocation: "a", ETag: strings.Repeat("x", defaultAttributeLen)}
	if _, err := file.Entry(RFC6726); err != nil {
		t.Errorf("an attribute of %d bytes: %v", defaultAttributeLen, err)
	}
	file.ETag += "x"
	if _, err := file.Entry(RFC6726); err == nil {
		t.Errorf("an attribute of %d bytes is written", len(file.ETag))
	}
	file = File{TOI: flute.NewTOI(1), ContentLocation: "a", IndependentUnitPositions: []uint64{7}}
	if e, err := file.Entry(RFC6726); err != nil || !strings.Contains(string(e.text), `IndependentUnitPositions="7"`) {
		t.Errorf("%s, %v", e.text, err)
	}
}

// To write an entry takes little memory, however it grows, and what is kept of it is no longer than its text: there is
// one for each of a million files.
func TestEntryAllocates(t *testing.T) {
	n := uint64(1000)
	f := File{
		TOI: flute.NewTOI(77), ContentLocation: "file:///d0/f100.txt", ContentLength: &n, TransferLength: &n,
		ContentType: "text/plain; charset=utf-8", SHA256: make([]byte, 32), HasOTI: true,
		OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 1400, TransferLength: n, MaxSourceBlockLength: 1024},
	}
	var e *Entry
	allocs := testing.AllocsPerRun(100, func() {
		var err error
		if e, err = f.Entry(RFC6726); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 22 {
		t.Errorf("%v allocations", allocs)
	}
	if c := cap(e.text); c > len(e.text)+64 {
		t.Errorf("%d bytes of memory for %d", c, len(e.text))
	}
}
