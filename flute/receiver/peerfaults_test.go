package receiver

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// What receivers of other implementations do wrong, where no other test here shows that this one does not. The whole
// list is in docs/parity.md.

// A file without FEC arrives in its first pass whatever the order of its source blocks is, and however far one is
// ahead of the others.
func TestSourceBlocksInAnyOrder(t *testing.T) {
	const blocks = 6000
	backwards := make([]int, blocks)
	for i := range backwards {
		backwards[i] = blocks - 1 - i
	}
	for name, order := range map[string][]int{
		"the last one first": backwards, "shuffled": rand.New(rand.NewPCG(1, 2)).Perm(blocks),
	} {
		r := newRig(t)
		o := plain(t, 1, 2*blocks, 2, 1)
		r.feed(describe(t, 0, o.file("a")))
		all := o.all()
		for _, i := range order {
			r.feed(all[i])
		}
		if r.file("a", o.content); t.Failed() {
			t.Fatal(name)
		}
		r.close()
	}
}

// A file that must not be cached, with FEC and on a carousel, stays as it was published: neither a packet more, nor a
// turn with losses, nor the end of the session touches it.
func TestNoCacheIsKept(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 2000, 100, 10, 14, "")
	f := o.file("a")
	f.CacheControl = &fdt.CacheControl{NoCache: true}
	d := describe(t, 0, f)
	r.feed(d)
	r.feed(o.all()...)
	r.feed(o.packet(0, 0, 1), o.repair(0, 11))
	r.wait(20 * time.Second)
	r.feed(d, o.packet(0, 3, 1), o.packet(1, 5, 1))
	r.wait(time.Minute)
	r.file("a", o.content)
	r.want("completed 1 a 2000")
	r.close()
	r.file("a", o.content)
}

// A file that an FDT Instance leaves out, as those do that are not full, is not received again.
func TestPartialInstancesDeliverOnce(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 500, 100, 4), plain(t, 2, 700, 100, 4)
	for range 4 {
		r.feed(describe(t, 0, a.file("a")))
		r.feed(a.all()...)
		r.wait(time.Second)
		r.feed(describe(t, 1, b.file("b")))
		r.feed(b.all()...)
		r.wait(time.Second)
	}
	r.want("completed 1 a 500", "completed 2 b 700")
	r.close()
}

// Malformed packets are counted. They make no events, of which a log would be full.
func TestConf_L43_MalformedPacketsAreSilent(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 500, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	before := len(r.events)
	whole, sent := o.packet(0, 0, 1), uint64(0)
	for range 100 {
		for i := range whole {
			r.feed(whole[:i])
			sent++
		}
	}
	for _, e := range r.events[before:] {
		if _, ok := e.(event.ObjectStarted); !ok {
			t.Fatalf("%T: %+v", e, e)
		}
	}
	c := r.l.Counters()
	dropped := uint64(0)
	for _, n := range c.Dropped {
		dropped += n
	}
	if c.Received != sent+1 || c.Accepted+c.Duplicate+dropped != c.Received || dropped < sent*9/10 {
		t.Errorf("%d were sent: %+v", sent+1, c)
	}
	r.close()
}
