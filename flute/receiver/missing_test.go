package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// An object that fails says what it lacked.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		feed func(r *rig, o object)
		want string
	}{
		{"nothing came", func(*rig, object) {}, "test is over"},
		{
			"one source block only", func(r *rig, o object) { r.some(o, 1, 0) },
			"test is over: 1 of 2 source blocks are incomplete; number 0 has none of its 10 source symbols",
		},
		{
			"source symbols", func(r *rig, o object) { r.some(o, 0, 0, 3, 4) },
			"test is over: 2 of 2 source blocks are incomplete; number 0 has 8 of its 10 source symbols",
		},
		{
			"repair symbols", func(r *rig, o object) { r.some(o, 0, 1, 3, 4) },
			"test is over: 2 of 2 source blocks are incomplete; number 0 has 8 of its 10 source symbols and 1 repair " +
				"symbols",
		},
		{
			"being decoded", func(r *rig, o object) { r.some(o, 0, 2, 3, 4) },
			"test is over: 2 of 2 source blocks are incomplete; number 0 has 8 of its 10 source symbols and 2 repair " +
				"symbols, and is being decoded",
		},
		{"no memory", func(r *rig, o object) {
			r.some(o, 0, 0, 3)
			taken := r.cfg.Budget.Limit() - r.cfg.Budget.Used() - 50_000
			if !r.cfg.Budget.TryReserve(taken) {
				t.Fatal("no room")
			}
			r.feed(o.packet(0, 10, 1))
			r.cfg.Budget.Release(taken)
		}, "test is over: 2 of 2 source blocks are incomplete; number 0 has 9 of its 10 source symbols and 1 repair " +
			"symbols, and waits for memory to be decoded in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, o := attempting(t, func(c *Config) { c.Budget = store.NewBudget(900_000, nil) })
			c.feed(r, o)
			r.s.Close("test is over")
			r.settle()
			r.workAll()
			failed := eventsOf[event.ObjectFailed](r)
			if len(failed) != 1 || failed[0].Detail != c.want {
				t.Errorf("%+v\nwant %s", failed, c.want)
			}
			r.close()
		})
	}
	scheme := &solving{surplus: 1}
	r, o := attempting(t, func(c *Config) {
		scheme.Scheme, _ = c.Registry.Scheme(&fec.OTI{EncodingID: fec.ReedSolomonGF28})
		c.Variant, c.Registry = "", c.Registry.With(fec.ReedSolomonGF28, 0, scheme)
	})
	r.some(o, 0, 2, 3, 7)
	r.work2(t, 1, 0)
	r.close()
	want := "test is over: 2 of 2 source blocks are incomplete; number 0 has 8 of its 10 source symbols and 2 repair " +
		"symbols, which the code cannot do with"
	if failed := eventsOf[event.ObjectFailed](r); len(failed) != 1 || failed[0].Detail != want {
		t.Errorf("%+v\nwant %s", failed, want)
	}
}
