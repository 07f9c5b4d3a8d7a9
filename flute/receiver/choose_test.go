package receiver

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/drop"
)

// TestChoose: each object is decided once, however many packets and FDT Instances name it; one is renamed, one refused,
// and one decision panics, which harms no other.
func TestChoose(t *testing.T) {
	var asked []string
	r := newRig(t, func(c *Config) {
		c.Choose = func(o Offer) Choice {
			asked = append(asked, o.File.ContentLocation)
			switch o.File.ContentLocation {
			case "refused":
				return Choice{Refuse: "no room"}
			case "panics":
				panic("boom")
			case "renamed":
				if o.Size != 300 || o.Session != key || len(o.File.Groups) != 1 {
					t.Errorf("offer: %+v", o)
				}
				return Choice{Location: "dir/other"}
			}
			return Choice{}
		}
	})
	var files []object
	names := []string{"refused", "panics", "renamed", "plain"}
	in := fdtInstance{id: 1, e: 60000}
	for i, name := range names {
		o := plain(t, uint64(1+i), 300, 100, 4)
		files = append(files, o)
		f := o.file(name)
		f.Groups = []string{"g"}
		in.files = append(in.files, f)
	}
	for range 3 {
		r.feed(in.packets(t)...)
		for _, o := range files {
			r.feed(o.all()...)
		}
		in.id++
	}
	if diff := cmp.Diff(names, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	r.file("dir/other", files[2].content)
	r.file("plain", files[3].content)
	if got := len(r.store.Files()); got != 2 {
		t.Errorf("%d files, want 2: %v", got, r.store.Files())
	}
	want := []event.ObjectRefused{
		{Session: key, TOI: flute.NewTOI(1), ContentLocation: "refused", Reason: "no room"},
		{Session: key, TOI: flute.NewTOI(2), ContentLocation: "panics", Reason: "Config.Choose panicked: boom"},
	}
	got := eventsOf[event.ObjectRefused](r)
	for i := range got {
		got[i].Reason, _, _ = strings.Cut(got[i].Reason, " at receiver.")
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused: %+v, want %+v", got, want)
	}
	if got := r.dropped(drop.Refused); got != 3*6 {
		t.Errorf("%d packets were refused, want 18", got)
	}
	r.close()
}

// TestRefusedSize: a size that no FDT Instance tells is decided by the first EXT_FTI, and costs one decision.
func TestRefusedSize(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Selection.MaxSize = 400 })
	large, small := plain(t, 1, 450, 100, 4), plain(t, 2, 300, 100, 4)
	in := fdtInstance{id: 1, e: 60000}
	for i, o := range []object{large, small} {
		f := o.file([]string{"large", "small"}[i])
		f.ContentLength, f.TransferLength, f.HasOTI = nil, nil, false
		in.files = append(in.files, f)
	}
	r.feed(in.packets(t)...)
	r.feed(large.all()...)
	r.feed(small.all()...)
	r.file("small", small.content)
	if got := eventsOf[event.ObjectRefused](r); len(got) != 1 || got[0].Reason != "450 bytes are more than 400" {
		t.Errorf("refused: %+v", got)
	}
	if got := r.dropped(drop.Refused); got != uint64(len(large.all())) {
		t.Errorf("%d packets were refused", got)
	}
	r.close()
}

// TestRefusedKeepsTheSessionOpen: packets of refused objects show, too, that a close-session flag was forged.
func TestRefusedKeepsTheSessionOpen(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Selection.Only = []string{"b"} })
	a := plain(t, 1, 450, 100, 4)
	r.feed(describe(t, 1, a.file("a")))
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	for range 12 {
		r.wait(r.cfg.CloseGrace / 10)
		r.feed(a.packet(0, 0, 1))
	}
	if r.s.Ended() {
		t.Error("the session has ended while packets came")
	}
	r.close()
}

// TestSelectionErrors: each field that is wrong is named.
func TestSelectionErrors(t *testing.T) {
	for field, w := range map[string]Selection{
		"Only":    {Only: []string{"[a"}},
		"Except":  {Except: []string{""}},
		"Types":   {Types: []string{"[a"}},
		"Groups":  {Groups: []string{""}},
		"TOIs":    {TOIs: []flute.TOI{{}}},
		"MinSize": {MinSize: 2, MaxSize: 1},
		"MaxAge":  {MaxAge: -1},
		"Again":   {Again: 9},
	} {
		err := w.validate()
		if err == nil || !strings.Contains(err.Error(), "Selection."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := (&Selection{}).validate(); err != nil {
		t.Error(err)
	}
}

// TS 26.346, section 7.2.13: Cache-Control is told with the object, in each of its forms.
func TestConf_O13_CacheControlIsTold(t *testing.T) {
	got, want := map[string]*fdt.CacheControl{}, map[string]*fdt.CacheControl{
		"a": {NoCache: true}, "b": {MaxStale: true}, "c": {Expires: start.Truncate(time.Second).Add(time.Hour)}, "d": nil,
	}
	r := newRig(t, func(c *Config) {
		c.Choose = func(o Offer) Choice {
			got[o.File.ContentLocation] = o.File.CacheControl
			return Choice{}
		}
	})
	var files []fdt.File
	for i, name := range slices.Sorted(maps.Keys(want)) {
		f := plain(t, uint64(1+i), 300, 100, 4).file(name)
		f.CacheControl = want[name]
		files = append(files, f)
	}
	r.feed(describe(t, 0, files...))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i := range files {
		r.feed(plain(t, uint64(1+i), 300, 100, 4).all()...)
	}
	told := map[string]string{}
	for _, e := range eventsOf[event.ObjectCompleted](r) {
		told[e.ContentLocation] = e.CacheControl
	}
	expires := "expires=" + start.Add(time.Hour).UTC().Format(time.RFC3339)
	if diff := cmp.Diff(map[string]string{"a": "no-cache", "b": "max-stale", "c": expires, "d": ""}, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	r.close()
}
