package receiver

import (
	"cmp"
	"fmt"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/store"
)

// TestBoundsAreHeld drives each part of a session to its limit, and beyond. What is accounted for stays within what
// Bounds says, and what is in use within what is accounted for: what the allocator rounds up, and the free places of
// maps, are charged, too.
func TestBoundsAreHeld(t *testing.T) {
	const slack = 128 << 10 // of the session itself, and of large pieces, which the allocator rounds up to pages
	for part, c := range map[string]struct {
		edit func(*Config)
		send func(r *rig, i int)
		n    int // of calls of send
		held func(l *Ledger) (count int, bytes uint64)
		of   string // the part of Bounds; empty: the name
	}{
		partUndescribed: {
			func(c *Config) { c.MaxUndescribed, c.UndescribedBytes = 5000, 8<<20 },
			func(r *rig, i int) { r.route(plain(r.t, uint64(1+i), 2000, 1000, 4).packet(0, 0, 1)) },
			20_000,
			func(l *Ledger) (int, uint64) { return l.undescribed.count(), l.undescribed.budget.Used() },
			"",
		},
		"undescribed objects of which nothing is kept": {
			func(c *Config) { c.MaxUndescribed, c.UndescribedBytes = 5000, 8<<20 },
			func(r *rig, i int) {
				// It has too many source blocks.
				o := object{t: r.t, toi: flute.NewTOI(uint64(1 + i)), oti: noCode(1<<40, 1000, 1)}
				r.route(o.raw(0, 0, make([]byte, 1000)))
			},
			5000,
			func(l *Ledger) (int, uint64) { return l.undescribed.count(), l.undescribed.budget.Used() },
			partUndescribed,
		},
		"packets of one undescribed object": {
			func(c *Config) { c.UndescribedBytes = 8 << 20 },
			func(r *rig, i int) {
				o := object{t: r.t, toi: flute.NewTOI(1), oti: noCode(1<<20, 1000, 60_000), noFTI: true}
				r.route(o.raw(0, fec.ESI(i), make([]byte, 1000)))
			},
			5000,
			func(l *Ledger) (int, uint64) { return 0, l.entries[flute.NewTOI(1)].pending.bytes },
			"",
		},
		"described objects": {
			func(c *Config) { c.MaxObjects = 3000 },
			func(r *rig, i int) {
				files := make([]fdt.File, 50)
				for j := range files {
					files[j] = plain(r.t, uint64(1+50*i+j), 50, 100, 4).file(fmt.Sprint("f", i, j))
				}
				for _, p := range (fdtInstance{id: flute.InstanceID(i), files: files, e: 60_000}).packets(r.t) {
					r.route(p)
				}
			},
			100,
			func(l *Ledger) (int, uint64) { return len(l.entries), l.share.Used() - l.listings.Used() },
			"",
		},
		partArriving: {
			func(*Config) {},
			func(r *rig, i int) {
				in := fdtInstance{id: flute.InstanceID(i), xml: make([]byte, 2_000_000), e: 60_000}
				for _, p := range in.packets(r.t)[1:] {
					r.route(p)
				}
			},
			40,
			func(l *Ledger) (int, uint64) { return len(l.arrivingInstances()), l.listings.Used() },
			"",
		},
		"one packet of each FDT Instance": {
			func(*Config) {},
			func(r *rig, i int) {
				in := fdtInstance{id: flute.InstanceID(i), xml: make([]byte, 100), e: 60}
				r.route(in.packets(r.t)[0])
			},
			300,
			func(l *Ledger) (int, uint64) { return len(l.arrivingInstances()), l.listings.Used() },
			partArriving,
		},
		"one symbol of each described object": {
			func(c *Config) { c.MaxObjects = 3000 },
			func(r *rig, i int) {
				o := plain(r.t, uint64(1+i), 100, 50, 4)
				r.route(describe(r.t, flute.InstanceID(i), o.file(fmt.Sprint("f", i))))
				r.feed(o.packet(0, 0, 1))
				r.events = r.events[:min(1, len(r.events))]
			},
			2000,
			func(l *Ledger) (int, uint64) { return len(l.entries), l.share.Used() },
			"described objects",
		},
		"known FDT Instances": {
			func(*Config) {},
			func(r *rig, i int) {
				r.route(fdtInstance{id: flute.InstanceID(i), xml: []byte("<x/>")}.packets(r.t)[0])
			},
			2 * maxKnownInstances,
			func(l *Ledger) (int, uint64) { return len(l.instances), l.listings.Used() },
			"",
		},
	} {
		t.Run(part, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(1<<30, nil) }, c.edit)
			var bound bounds.Bound
			for _, b := range r.cfg.Bounds() {
				if b.Part == cmp.Or(c.of, part) {
					bound = b
				}
			}
			before := heap()
			for i := range c.n {
				c.send(r, i)
			}
			count, bytes := c.held(r.l)
			grown := heap() - before
			t.Logf("%d, %d bytes; bounds: %d, %d bytes; heap: %d bytes", count, bytes, bound.Count, bound.Bytes, grown)
			if count > int(bound.Count) || bytes > bound.Bytes || bytes == 0 {
				t.Errorf("%d, %d bytes; the bounds are %d and %d", count, bytes, bound.Count, bound.Bytes)
			}
			if bound.Count > 0 && part != partArriving && count < int(bound.Count)/2 {
				t.Errorf("%d are not near the bound of %d", count, bound.Count)
			}
			if grown > int64(bytes)+slack {
				t.Errorf("%d bytes more are in use, of which %d are accounted for", grown, bytes)
			}
			runtime.KeepAlive(r)
			r.close()
		})
	}
}

// route hands a datagram to the session, which is not for an Object.
func (r *rig) route(datagram []byte) {
	r.handed++
	r.s.Route(r.now, Origin{}, datagram)
	r.settle()
	r.events = r.events[:min(1, len(r.events))]
}

// heap returns the bytes of live objects.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
