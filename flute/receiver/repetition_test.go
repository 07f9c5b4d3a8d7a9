package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// A repetition of an FDT Instance is received when its time has come, and there is a place and memory for it; else its
// time comes later.
func TestRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		after     time.Duration // that it was to be read again, negative: it is to be later
		instances int           // that may be received
		memory    bool
		want      bool
	}{
		"due":       {0, 1, true, true},
		"early":     {-1, 1, true, false},
		"no place":  {0, 0, true, false},
		"no memory": {0, 1, false, false},
	} {
		r := newRig(t)
		r.feed(describe(t, 3, plain(t, 1, 300, 100, 4).file("a")))
		in := r.l.instances[3]
		if in.reread = r.now.Add(-c.after); !c.memory {
			r.l.listings = store.NewBudget(0, nil)
		}
		was := in.reread
		cfg := *r.l.cfg
		cfg.MaxInstances = c.instances
		r.l.cfg = &cfg
		if got := r.s.repeats(r.now, in); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if received := len(r.l.arrivingInstances()) == 1; received != c.want {
			t.Errorf("%s: it is received: %v", name, received)
		}
		switch {
		case c.want && !in.reread.IsZero(), c.after < 0 && in.reread != was,
			c.instances == 0 && in.reread != r.now.Add(restFirst), !c.memory && !in.reread.After(r.now):
			t.Errorf("%s: it is to be read again at %v", name, in.reread)
		}
	}
}
