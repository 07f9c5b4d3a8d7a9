package sender

import (
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec/schemes"
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
	own := []fdt.Attribute{{Space: "urn:app", Local: "channel", Value: "7"}}
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
