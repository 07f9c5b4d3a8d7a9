package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// A session of which nothing was of use is not told, and lives seconds.
func TestUnprovenSessionLivesSeconds(t *testing.T) {
	o := plain(t, 1, 1000, 100, 4)
	for name, tt := range map[string]struct {
		packets [][]byte
		opened  bool
		lives   time.Duration
	}{
		"flag only":      {[][]byte{alc.AppendCloseSession(nil, key.TSI)[:8]}, false, defaultUnprovenTimeout},
		"junk":           {[][]byte{{0x10, 0, 0}}, false, defaultUnprovenTimeout},
		"junk FDT":       {fdtInstance{xml: []byte("<FDT-Instance")}.packets(t), true, defaultUnprovenTimeout},
		"part of an FDT": {fdtInstance{files: []fdt.File{o.file("a")}, e: 50}.packets(t)[:1], true, defaultUnprovenTimeout},
		"symbol":         {o.all()[:1], true, defaultUndescribedTimeout},
		"FDT":            {[][]byte{describe(t, 0, o.file("a"))}, true, defaultSessionTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.CloseGrace = time.Hour })
			r.feed(tt.packets...)
			if got := len(eventsOf[event.SessionOpened](r)) > 0; got != tt.opened || r.l.Opened() != tt.opened {
				t.Errorf("opened: %v, want %v", got, tt.opened)
			}
			if got := r.l.Proven(); got != (name == "FDT") {
				t.Errorf("proven: %v", got)
			}
			r.wait(tt.lives - time.Second)
			if r.s.Ended() {
				t.Errorf("it ended within %v: %v", tt.lives, r.ends())
			}
			r.wait(time.Second)
			if !r.s.Ended() {
				t.Errorf("it has not ended after %v", tt.lives)
			}
			if got := len(eventsOf[event.SessionClosed](r)) > 0; got != tt.opened {
				t.Errorf("its end was told: %v, want %v", got, tt.opened)
			}
			r.close()
		})
	}
}

// Whoever joins late waits for an FDT Instance for as long as packets come.
func TestUnprovenSessionWaitsForFDT(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 100_000, 100, 4)
	f := o.file("a")
	f.MD5 = md5Of(o.content) // tells that all is of one sender, in spite of the silences
	for _, p := range o.all()[:300] {
		r.feed(p)
		r.wait(defaultUnprovenTimeout - time.Second)
	}
	r.feed(o.all()[300:]...)
	r.feed(describe(t, 0, f))
	r.want("completed 1 a 100000")
	r.close()
}
