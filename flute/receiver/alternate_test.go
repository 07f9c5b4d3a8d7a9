package receiver

import (
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// based returns the packets of an FDT Instance of the MBMS Download Profile with bases.
func based(t *testing.T, id flute.InstanceID, bases []string, files ...fdt.File) [][]byte {
	t.Helper()
	in := fdt.Instance{ID: id, Expires: start.Add(time.Hour), BaseURLs1: bases, Files: files}
	xml, err := in.AppendXML(nil, fdt.MBMSExtended)
	if err != nil {
		t.Fatal(err)
	}
	return fdtInstance{id: id, xml: xml, e: 1400}.packets(t)
}

// Where else a file can be had is told when it begins, while it is not whole, and when it fails, and offered to who
// chooses. A location that is not available any more is not told.
func TestAlternatesAreOffered(t *testing.T) {
	var offered []fdt.AlternateLocations
	r := newRig(t, func(c *Config) {
		c.Choose = func(o Offer) Choice {
			offered = append(offered, o.File.AlternateLocations1...)
			return Choice{}
		}
	})
	o := plain(t, 1, 300, 100, 4)
	f := o.file("a")
	f.AlternateLocations1 = []fdt.AlternateLocations{
		{URIs: []string{"sub/a"}, AvailableUntil: start.Add(30 * time.Minute)},
	}
	f.AlternateLocations2 = []fdt.AlternateLocations{{URIs: []string{"http://c.example/a"}}}
	r.feed(based(t, 0, []string{"http://b.example/x/"}, f)...)
	r.feed(o.packet(0, 0, 1))
	both := []string{"http://b.example/x/sub/a", "http://c.example/a"}
	if e := eventsOf[event.ObjectStarted](r); len(e) != 1 || !slices.Equal(e[0].Alternates, both) {
		t.Errorf("started: %+v", e)
	}
	if s, _ := r.l.Objects(1); !slices.Equal(s[0].Alternates, both) {
		t.Errorf("state: %+v", s[0])
	}
	if len(offered) != 2 || !slices.Equal(slices.Concat(offered[0].URIs, offered[1].URIs), both) {
		t.Errorf("offered: %+v", offered)
	}
	r.wait(40 * time.Minute)
	r.s.Advance(r.now)
	r.close()
	if e := eventsOf[event.ObjectFailed](r); len(e) != 1 || !slices.Equal(e[0].Alternates, both[1:]) {
		t.Errorf("failed: %+v", e)
	}
}

// A later FDT Instance may add them.
func TestAlternatesComeLater(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	f := o.file("a")
	r.feed(based(t, 0, nil, f)...)
	r.feed(o.packet(0, 0, 1))
	f.AlternateLocations1 = []fdt.AlternateLocations{{URIs: []string{"a"}}}
	r.feed(based(t, 1, []string{"http://b.example/"}, f)...)
	if s, _ := r.l.Objects(1); !slices.Equal(s[0].Alternates, []string{"http://b.example/a"}) {
		t.Errorf("%+v", s[0])
	}
	r.close()
}

// A sender that has started again gives a TOI to another file. The locations of that need its Base-URLs, too.
func TestAlternatesOfAnotherFile(t *testing.T) {
	r := newRig(t)
	one, two := plain(t, 1, 300, 100, 4), plain(t, 1, 500, 100, 4)
	r.feed(based(t, 0, nil, one.file("a"))...)
	r.feed(one.packet(0, 0, 1))
	r.wait(time.Minute)
	f := two.file("b")
	f.AlternateLocations1 = []fdt.AlternateLocations{{URIs: []string{"b"}}}
	for range 3 {
		r.feed(based(t, 1, []string{"http://b.example/"}, f)...)
		r.feed(two.packet(0, 0, 1))
		r.wait(time.Second)
	}
	r.want("failed 1 a session_over")
	if s, _ := r.l.Objects(1); len(s) != 1 || !slices.Equal(s[0].Alternates, []string{"http://b.example/b"}) {
		t.Errorf("%+v", s)
	}
	r.close()
}
