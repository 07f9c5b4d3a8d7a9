package receiver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
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

// TS 103 769, annex F: alternate locations and associated procedure descriptions are ignored. With them a file comes as
// without, under its own Content-Location, and a description is a file like others.
func TestConf_D01_AlternatesAndProcedures(t *testing.T) {
	r := newRig(t)
	o, procedure := plain(t, 1, 300, 100, 4), plain(t, 2, 200, 100, 4)
	f, d := o.file("http://a.example/seg.m4s"), procedure.file("http://a.example/adpd.xml")
	f.AlternateLocations1 = []fdt.AlternateLocations{{URIs: []string{"http://b.example/other"}}}
	f.AlternateLocations2 = []fdt.AlternateLocations{{URIs: []string{"http://c.example/third"}}}
	d.ContentType = "application/mbms-associated-procedure-description+xml"
	in := fdt.Instance{Expires: start.Add(time.Hour), BaseURLs1: []string{"http://d.example/"}, Files: []fdt.File{f, d}}
	xml, err := in.AppendXML(nil, fdt.DVBMABR)
	if err != nil {
		t.Fatal(err)
	}
	r.feed(fdtInstance{xml: xml, e: 1400}.packets(t)...)
	for esi := range 3 {
		if r.feed(o.packet(0, fec.ESI(esi), 1)); len(r.store.Files()) != 0 && esi < 2 {
			t.Errorf("after symbol %d: %v", esi, r.store.Files())
		}
	}
	r.feed(procedure.all()...)
	if diff := cmp.Diff([]string{"adpd.xml", "seg.m4s"}, r.store.Files()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.close()
}

// A later FDT Instance may name others: a server has moved, or its time is over. One without any takes none away, and
// neither does an earlier one that was overtaken on its way. What is not told any more is charged no more.
func TestAlternatesChange(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	f := o.file("a")
	many := fdt.AlternateLocations{URIs: []string{"1", "2", "3", "4", "5"}}
	one := fdt.AlternateLocations{URIs: []string{"new"}}
	charged := map[flute.InstanceID]uint64{}
	for _, step := range []struct {
		id        flute.InstanceID
		locations []fdt.AlternateLocations
		want      string
	}{
		{1, []fdt.AlternateLocations{one}, "http://1.example/new"},
		{2, []fdt.AlternateLocations{many}, "http://2.example/5"},
		{4, []fdt.AlternateLocations{one}, "http://4.example/new"},
		{5, nil, "http://4.example/new"},
		{3, []fdt.AlternateLocations{many}, "http://4.example/new"},
		{6, []fdt.AlternateLocations{one}, "http://6.example/new"},
	} {
		f.AlternateLocations1 = step.locations
		r.feed(based(t, step.id, []string{fmt.Sprintf("http://%d.example/", step.id)}, f)...)
		r.feed(o.packet(0, 0, 1))
		s, _ := r.l.Objects(1)
		if n := len(s[0].Alternates); n == 0 || s[0].Alternates[n-1] != step.want {
			t.Errorf("after FDT Instance %d: %q", step.id, s[0].Alternates)
		}
		charged[step.id] = r.l.entries[flute.NewTOI(1)].cost
	}
	if charged[6] != charged[1] || charged[2] <= charged[1] {
		t.Errorf("charged by FDT Instance: %v", charged)
	}
	r.close()
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

// unfinished returns a disk on which an object of a killed receiver is noted, with these alternate locations, and its
// file, without them.
func unfinished(t *testing.T, locations ...fdt.AlternateLocations) (*disk, object, fdt.File, time.Time) {
	t.Helper()
	o := plain(t, 1, 100_000, 1000, 7)
	plainFile := withDigest(o, "a")
	file := plainFile
	file.AlternateLocations1 = locations
	d := newDisk()
	r := onDisk(t, d)
	r.feed(based(t, 3, []string{"http://b.example/x/"}, file)...)
	for _, p := range o.all()[:60] {
		r.now = r.now.Add(100 * time.Millisecond)
		r.feed(p)
	}
	return d.cut(nil), o, plainFile, r.now.Add(time.Second)
}

// alternatesOf returns what the state of the only object tells.
func alternatesOf(t *testing.T, r *rig) []string {
	t.Helper()
	states, _ := r.l.Objects(2)
	if len(states) != 1 || states[0].Done == 0 {
		t.Fatalf("objects: %+v", states)
	}
	return states[0].Alternates
}

// A receiver that was killed offers the locations of an unfinished object before an FDT Instance comes, as long as they
// are available. Those of a later FDT Instance take their place; one without any leaves them.
func TestAlternatesAreResumed(t *testing.T) {
	d, o, file, now := unfinished(t,
		fdt.AlternateLocations{URIs: []string{"sub/a", "http://c.example/a?b=1&c=2"}},
		fdt.AlternateLocations{URIs: []string{"d"}, AvailableUntil: start.Add(30 * time.Minute)},
		fdt.AlternateLocations{ // of a year that JSON cannot write
			URIs: []string{"e"}, AvailableUntil: time.Date(10000, 1, 1, 9, 0, 0, 0, time.UTC),
		})
	always := []string{
		"http://b.example/x/sub/a", "http://c.example/a?b=1&c=2", "http://b.example/x/e",
	}
	all := []string{always[0], always[1], "http://b.example/x/d", always[2]}
	resume := func(now time.Time) *rig {
		r := onDisk(t, d.cut(nil))
		r.now = now
		r.feed(o.packet(0, 0, 1))
		return r
	}
	r := resume(now)
	if got := alternatesOf(t, r); !slices.Equal(got, all) {
		t.Errorf("before an FDT Instance: %q", got)
	}
	r.feed(based(t, 4, nil, file)...)
	if got := alternatesOf(t, r); !slices.Equal(got, all) {
		t.Errorf("after an FDT Instance without any: %q", got)
	}
	file.AlternateLocations1 = []fdt.AlternateLocations{{URIs: []string{"new"}}}
	for i, base := range []string{"http://n.example/", "http://later.example/"} {
		r.feed(based(t, flute.InstanceID(5+i), []string{base}, file)...)
		if got := alternatesOf(t, r); !slices.Equal(got, []string{base + "new"}) {
			t.Errorf("after FDT Instance %d: %q", 5+i, got)
		}
	}
	r.close()
	r = resume(start.Add(40 * time.Minute))
	if got := alternatesOf(t, r); !slices.Equal(got, always) {
		t.Errorf("one is not available any more: %q", got)
	}
	r.close()
	if e := eventsOf[event.ObjectFailed](r); len(e) != 1 || !slices.Equal(e[0].Alternates, always) {
		t.Errorf("failed: %+v", e)
	}
}

// Notes that were written by an earlier version, or by somebody else, give no more locations than an FDT Instance.
func TestNotedAlternatesAreBounded(t *testing.T) {
	long := "http://b.example/" + strings.Repeat("a", 1<<10)
	for name, c := range map[string]struct {
		document string
		want     []string
	}{
		"none, as in older notes": {`{"content_location":"a"}`, nil},
		"null":                    {`{"content_location":"a","alternates":null}`, nil},
		"two": {
			`{"content_location":"a","alternates":[{"uri":"http://b.example/1"},{},{"uri":"http://b.example/2"}]}`,
			[]string{"http://b.example/1", "http://b.example/2"},
		},
		"relative, too long, control": {
			`{"content_location":"a","alternates":[{"uri":"sub/a"},{"uri":"` + long +
				`"},{"uri":"http://b.example/\u001b"},{"uri":"http://b.example/1"}]}`,
			[]string{"http://b.example/1"},
		},
		"too many": {
			`{"content_location":"a","alternates":[` + strings.Repeat(`{"uri":"http://b.example/1"},`, 100) + `{}]}`,
			slices.Repeat([]string{"http://b.example/1"}, 8),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var n notedFile
			if err := json.Unmarshal([]byte(c.document), &n); err != nil {
				t.Fatal(err)
			}
			file, cost := describedBy(located(&fdt.Instance{}, n.file(flute.NewTOI(1))))
			var got []string
			for _, a := range file.AlternateLocations1 {
				got = append(got, a.URIs...)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
			if least := uint64(len(strings.Join(c.want, ""))); cost < least+descriptionOverhead {
				t.Errorf("%d bytes are charged for %d", cost, least)
			}
		})
	}
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
