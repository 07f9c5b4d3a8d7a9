package receiver

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// warnings returns the text of all Warnings.
func (r *rig) warnings() string {
	var b strings.Builder
	for _, w := range eventsOf[event.Warning](r) {
		b.WriteString(w.Text + "\n")
	}
	return b.String()
}

// Two locations that make one name are two files, and a Warning says so; a newer version replaces its own.
func TestLocationsKeepTheirFiles(t *testing.T) {
	for _, pair := range [][2]string{
		{"http://a/x.bin", "http://b/x.bin"},
		{"http://h/live", "http://h/live/1.mp4"},
		{"http://h/live/1.mp4", "http://h/live"},
		{"http://h/.flute-node", "http://h/.flute-node/x"},
	} {
		r := newRig(t)
		a, b := plain(t, 1, 3000, 100, 8), plain(t, 2, 4000, 100, 8)
		r.feed(describe(t, 0, a.file(pair[0]), b.file(pair[1])))
		r.feed(concat(a.all(), b.all())...)
		next := plain(t, 3, 5000, 100, 8)
		r.feed(describe(t, 1, next.file(pair[1])))
		r.feed(next.all()...)
		done := eventsOf[event.ObjectCompleted](r)
		if len(done) != 3 || done[0].Path == done[1].Path || done[1].Path != done[2].Path {
			t.Fatalf("%q: %v", pair, r.ends())
		}
		r.file(done[0].Path, a.content)
		r.file(done[1].Path, next.content)
		if got := r.warnings(); strings.Count(got, "\n") != 1 || !strings.Contains(got, pair[1]) ||
			!strings.Contains(got, done[1].Path) {
			t.Errorf("%q: warnings %q", pair, got)
		}
		r.close()
	}
}

// A file that another session published under the same Content-Location is replaced with a Warning; in folders of their
// own, both stay.
func TestLayout(t *testing.T) {
	for layout, want := range map[string][]string{
		"":       {"firmware.bin"},
		"source": {"10.0.0.1/firmware.bin", "2001-db8--1/firmware.bin", "unknown/firmware.bin"},
		"session": {
			"10.0.0.1/239.1.1.1-3400-7/firmware.bin", "2001-db8--1/ff15--1-3400-7/firmware.bin",
			"unknown/invalid IP-0-7/firmware.bin",
		},
	} {
		r := newRig(t, func(c *Config) { c.Layout = layout })
		rcv, err := New(*r.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []flute.SessionKey{
			{Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7},
			{Source: netip.MustParseAddr("2001:db8::1"), Group: netip.MustParseAddrPort("[ff15::1]:3400"), TSI: 7},
			{TSI: 7},
		} {
			o := plain(t, 1, 3000, 100, 8)
			for _, p := range concat([][]byte{describe(t, 0, o.file("http://h/firmware.bin"))}, o.all()) {
				rcv.Handle(r.now, k, p)
			}
		}
		rcv.Close(r.now)
		r.events = rcv.Events()
		if diff := cmp.Diff(want, r.store.Files()); diff != "" {
			t.Errorf("layout %q (-want +got):\n%s", layout, diff)
		}
		replaced := strings.Count(r.warnings(), "replaces the file that session")
		if want := map[string]int{"": 2}[layout]; replaced != want {
			t.Errorf("layout %q: %d warnings of replaced files, want %d: %q", layout, replaced, want, r.warnings())
		}
	}
	if _, err := (Config{
		Registry: newRig(t).cfg.Registry, Store: newRig(t).store, Layout: "deep",
	}).Validated(); err == nil {
		t.Error("layout deep is valid")
	}
}

// A name that is refused since something else came there in the meantime is given up for another, once.
func TestNameRefusedOnce(t *testing.T) {
	for _, refusals := range []int{1, 2} {
		left := refusals
		r := newRig(t, withFaults(func(op string) error {
			if op == "publish" && left > 0 {
				left--
				return store.ErrName
			}
			return nil
		}))
		o := plain(t, 1, 3000, 100, 8)
		r.feed(describe(t, 0, o.file("a")))
		r.feed(o.all()...)
		done := len(eventsOf[event.ObjectCompleted](r))
		if want := 2 - refusals; done != want {
			t.Errorf("%d refusals: %d completed", refusals, done)
		}
		for _, f := range eventsOf[event.ObjectFailed](r) {
			if f.Reason != event.FailName {
				t.Error(errors.New(f.Detail))
			}
		}
		r.close()
	}
}

// A layout that is refused says which part of it is no part of a name.
func TestLayoutFault(t *testing.T) {
	for layout, want := range map[string]string{
		"{x}/{path}": `"{x}" is`, "{path}{": `"{" is`, "{path}{ab": `"{ab" is`, "}{path}": `"}" is`,
		"a{}b{path}": `"{}" is`,
	} {
		c := Config{Layout: layout}
		if err := c.CheckLayout(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", layout, err, want)
		}
	}
}
