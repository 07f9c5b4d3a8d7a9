package sender

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// described returns the first FDT Instance of a session with the files.
func described(t *testing.T, cfg Config, files ...File) *fdt.Instance {
	t.Helper()
	cfg.Registry = schemes.Default()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		addTo(t, s, f)
	}
	pkt, ok, err := s.AppendNext(nil, start)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	v := viewer{start: start}
	p := v.read(t, pkt, start)
	if p.fdt == nil {
		t.Fatal("the first packet is no FDT Instance")
	}
	return p.fdt
}

// TestGroupsAndExtensionsReachTheFDT: groups of all files and of one, and what the application says of a file, in its
// own namespace, are in the FDT Instance.
func TestGroupsAndExtensionsReachTheFDT(t *testing.T) {
	// The second one is that of flute-rs for the context of a trace.
	own := []fdt.Attribute{
		{Space: "urn:app", Local: "channel", Value: "7"}, {Local: "X-Optel-Propagator", Value: "eyJ0cmFjZXBhcmVudCI6IjAwIn0="},
	}
	elements := []fdt.Element{{Space: "urn:app", Local: "show", XML: `<show xmlns="urn:app">news</show>`}}
	for _, p := range []fdt.Profile{fdt.RFC6726, fdt.RFC3926, fdt.MBMSExtended} {
		in := described(t, Config{Profile: p, FDTGroups: []string{"all"}},
			File{ContentLocation: "a", Groups: []string{"all", "some"}, Attributes: own, Elements: elements},
			File{ContentLocation: "b"})
		a, b := in.Files[0], in.Files[1]
		if !slices.Equal(a.Groups, []string{"all", "some"}) || !slices.Equal(b.Groups, []string{"all"}) {
			t.Errorf("%v: groups %q and %q", p, a.Groups, b.Groups)
		}
		if !slices.Equal(a.Attributes, own) || len(a.Elements) != 1 || a.Elements[0].Local != "show" {
			t.Errorf("%v: attributes %q, elements %q", p, a.Attributes, a.Elements)
		}
		if len(b.Attributes)+len(b.Elements) > 0 {
			t.Errorf("%v: attributes %q, elements %q", p, b.Attributes, b.Elements)
		}
	}
	for _, name := range []string{"TOI", "Content-MD5", "File-ETag", "FEC-OTI-Alignment", "xmlns", "xml", "a b", ""} {
		f := fdt.File{TOI: flute.NewTOI(1), ContentLocation: "a", Attributes: []fdt.Attribute{
			{Local: name, Value: "7"},
		}}
		if _, err := f.Entry(fdt.RFC6726); !errors.Is(err, fdt.ErrNotWritable) {
			t.Errorf("attribute %q: %v", name, err)
		}
	}
	bad := File{ContentLocation: "a", Elements: []fdt.Element{{Space: "urn:app", Local: "show", XML: "</File>"}}}
	s, _ := New(Config{Registry: schemes.Default()})
	o, err := Prepare(t.Context(), bad, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(o); err == nil {
		t.Error("an element that ends the File is no error")
	}
}

// TestWhatAProfileCannotExpress: it is refused with the name of the field, and not left out.
func TestWhatAProfileCannotExpress(t *testing.T) {
	for _, c := range []struct {
		profile fdt.Profile
		field   string // empty: it is taken
		file    File
	}{
		{fdt.MBMSDownload, "Groups", File{Groups: []string{"a"}}},
		{fdt.DVBMABR, "Groups", File{Groups: []string{"a"}}},
		{fdt.MBMSExtended, "", File{Groups: []string{"a"}}},
		{fdt.MBMSDownload, "CENC", File{CENC: flute.GZIP}},
		{fdt.MBMSExtended, "CENC", File{CENC: flute.ZLIB}},
		{fdt.MBMSExtended, "", File{CENC: flute.GZIP}},
		{fdt.DVBMABR, "OTI", File{OTI: &fec.OTI{EncodingID: fec.RaptorQ}}},
		{fdt.RFC3926, "", File{OTI: &fec.OTI{EncodingID: fec.RaptorQ}}},
	} {
		s, err := New(Config{Registry: schemes.Default(), Profile: c.profile})
		if err != nil {
			t.Fatal(err)
		}
		c.file.ContentLocation, c.file.Content, c.file.Size = "a", strings.NewReader("all the same"), 12
		o, err := Prepare(t.Context(), c.file, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Add(o)
		e, is := errors.AsType[*FileError](err)
		if c.field == "" && err != nil || c.field != "" && (!is || !errors.Is(err, ErrProfile) || e.Field != c.field) {
			t.Errorf("%v: %v, want %q", c.profile, err, c.field)
		}
		if err != nil && !strings.Contains(err.Error(), c.profile.String()+"; a session of another profile") {
			t.Errorf("%v: %v does not say what to do", c.profile, err)
		}
	}
}
