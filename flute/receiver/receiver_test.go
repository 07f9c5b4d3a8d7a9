package receiver

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store/mem"
)

func TestConfig(t *testing.T) {
	good := Config{Registry: schemes.Default(), Store: mem.New()}
	if c, err := good.Validated(); err != nil || c.MaxObjects != defaultMaxObjects ||
		c.CloseGrace != defaultCloseGrace || c.Budget == nil {
		t.Errorf("%+v, %v", c, err)
	}
	for field, edit := range map[string]func(*Config){
		"Registry":           func(c *Config) { c.Registry = nil },
		"Store":              func(c *Config) { c.Store = nil },
		"Profile":            func(c *Config) { c.Profile = 3 },
		"Expiry":             func(c *Config) { c.Expiry = 3 },
		"MaxObjects":         func(c *Config) { c.MaxObjects = -1 },
		"MaxUndescribed":     func(c *Config) { c.MaxUndescribed = -1 },
		"MaxInstances":       func(c *Config) { c.MaxInstances = -1 },
		"UndescribedTimeout": func(c *Config) { c.UndescribedTimeout = -1 },
		"CloseGrace":         func(c *Config) { c.CloseGrace = -1 },
		"SessionTimeout":     func(c *Config) { c.SessionTimeout = -1 },
		"RestartSilence":     func(c *Config) { c.RestartSilence = -1 },
		"FDTLimits.Bytes":    func(c *Config) { c.FDTLimits.Bytes = -1 },
	} {
		c := good
		edit(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// L19: source and TSI name a session: the same TSI of two sources is two sessions.
func TestConf_L19_E05_TwoSources(t *testing.T) {
	files := mem.New()
	r, err := New(Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Deadline().IsZero() {
		t.Error("a deadline without a session")
	}
	one, two := key, key
	one.Source, two.Source = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	a, b := plain(t, 1, 300, 100, 4), plain(t, 1, 400, 100, 4)
	from := map[flute.SessionKey][][]byte{
		one: concat([][]byte{describe(t, 0, a.file("a"))}, a.all()),
		two: concat(b.all(), [][]byte{describe(t, 0, b.file("b"))}),
	}
	for i := range 5 {
		for _, k := range []flute.SessionKey{one, two} {
			if i < len(from[k]) {
				r.Handle(start, k, from[k][i])
			}
		}
	}
	if got := strings.Join(files.Files(), " "); got != "a b" {
		t.Errorf("published %q", got)
	}
	if c, ok := r.Counters(one); !ok || c.Received != 4 {
		t.Errorf("%+v, %v", c, ok)
	}
	if d := r.Deadline(); d.IsZero() || d.After(start.Add(defaultSessionTimeout)) {
		t.Errorf("deadline %v", d)
	}
	perSession := map[flute.SessionKey][]event.Event{}
	for _, e := range r.Events() {
		switch e := e.(type) {
		case event.SessionOpened:
			perSession[e.Session] = append(perSession[e.Session], e)
		case event.ObjectCompleted:
			perSession[e.Session] = append(perSession[e.Session], e)
		}
	}
	if len(perSession[one]) != 2 || len(perSession[two]) != 2 {
		t.Errorf("%v", perSession)
	}
	r.Advance(start.Add(2 * time.Hour))
	if _, ok := r.Counters(one); ok || !r.Deadline().IsZero() {
		t.Error("a silent session stays")
	}
	if n := len(r.Events()); n != 2 {
		t.Errorf("%d events at the end", n)
	}
}

// Close ends all sessions, and what is unfinished in them.
func TestReceiverClose(t *testing.T) {
	files := mem.New()
	r, err := New(Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		t.Fatal(err)
	}
	o := plain(t, 1, 300, 100, 4)
	r.Handle(start, key, describe(t, 0, o.file("a")))
	r.Handle(start, key, o.packet(0, 0, 1))
	r.Events()
	r.Close(start)
	checkEnds := r.Events()
	if len(checkEnds) != 2 || files.Staged() != 0 {
		t.Errorf("%v, %d staged", checkEnds, files.Staged())
	}
}

// What the session itself wants done is done: an object that is given up leaves nothing in the store.
func TestReceiverDiscards(t *testing.T) {
	files := mem.New()
	r, err := New(Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		t.Fatal(err)
	}
	o := plain(t, 1, 300_000, 1000, 64)
	r.Handle(start, key, describe(t, 0, o.file("a")))
	for _, d := range o.all()[:200] {
		r.Handle(start, key, d)
	}
	if files.Staged() == 0 {
		t.Fatal("nothing was staged")
	}
	r.Close(start)
	if n := files.Staged(); n != 0 {
		t.Errorf("%d objects staged after the end", n)
	}
}
