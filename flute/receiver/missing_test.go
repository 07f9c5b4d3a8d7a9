package receiver

import (
	"reflect"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
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

// TestMissingLists: an object in reception, and one that fails, tell which bytes and how many symbols they lack.
func TestMissingLists(t *testing.T) {
	r, o := attempting(t)
	if _, ok := r.l.Missing(flute.NewTOI(9), 1); ok {
		t.Error("an object that is not there lacks something")
	}
	r.some(o, 0, 1, 3, 4)
	want := event.ObjectState{
		TOI: flute.NewTOI(1), ContentLocation: "a", Phase: "receiving", TransferLength: 19*30_000 + 77,
		Done: 8 * 30_000, Blocks: 2, Lacking: 2, Needed: 11, LastSymbol: r.now,
		Missing:       [][2]uint64{{90_000, 150_000}, {300_000, 19*30_000 + 77}},
		MissingBlocks: [][2]uint64{{0, 1}, {1, 10}},
	}
	if got, ok := r.l.Missing(flute.NewTOI(1), 10); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got, _ := r.l.Objects(10); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("in the list: %+v", got)
	}
	r.s.Close("test is over")
	r.settle()
	r.workAll()
	failed := eventsOf[event.ObjectFailed](r)
	if len(failed) != 1 || failed[0].Lacking != 2 || failed[0].Needed != 11 ||
		!reflect.DeepEqual(failed[0].Missing, want.Missing) ||
		!reflect.DeepEqual(failed[0].MissingBlocks, want.MissingBlocks) {
		t.Errorf("%+v", failed)
	}
	if _, ok := r.l.Missing(flute.NewTOI(1), 1); ok {
		t.Error("an object that has failed lacks something")
	}
	r.close()
}
