package receiver

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
)

// allocated returns how many bytes were allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// forgeInstance returns an FDT Instance of one packet that nobody can read, number i of those with ID 0.
func forgeInstance(t testing.TB, i int) []byte {
	return fdtInstance{xml: fmt.Append(nil, "<FDT-Instance", i), e: 1400}.packets(t)[0]
}

// TestContradictionsLeaveNothing: of FDT Instances that contradict each other under one ID, and that nobody can read,
// one is known at a time, however many come.
func TestContradictionsLeaveNothing(t *testing.T) {
	for name, begin := range map[string]func(r *rig){
		"none was read": func(*rig) {},
		"one was read": func(r *rig) {
			r.feed(describe(t, 0, plain(t, 1, 50, 100, 4).file("a")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			begin(r)
			var packets [64][]byte
			for i := range packets {
				packets[i] = forgeInstance(t, i)
			}
			pour := func(n int) {
				for i := range n {
					r.route(packets[i%len(packets)])
				}
			}
			pour(100)
			const n = 20_000
			before, made := heap(), allocated()
			pour(n)
			if each := (allocated() - made) / n; each > 5000 {
				t.Errorf("each takes %d bytes", each)
			}
			grown := heap() - before
			if n := len(r.l.arriving); n > 16 || grown > 100_000 {
				t.Errorf("%d FDT Instances are under way, %d bytes more are held", n, grown)
			}
			runtime.KeepAlive(r)
			r.close()
		})
	}
}

// TestSeamsLeaveNothing: an object without digest is noted once as mixed, however many times packets of it are taken
// that may be of another program.
func TestSeamsLeaveNothing(t *testing.T) {
	r := newRig(t, func(c *Config) { c.UndescribedBytes = 1 }) // nothing is held apart
	o := plain(t, 1, 1000*1000, 1000, 64)
	r.feed(describe(t, 1, o.file("a")), o.packet(0, 0, 1))
	for i := range 200 {
		r.feed(o.packet(0, 1+fec.ESI(i)%60, 1, func(h *lct.Header) { h.CloseSession = true }))
		r.feed(o.packet(0, 1+fec.ESI(i)%60, 1))
	}
	if n := len(r.l.mixed); n != 1 {
		t.Errorf("one object is noted %d times", n)
	}
	r.close()
}

// TestForgottenObjectsLeaveNothing: the same for objects that nothing describes, and that give way to others.
func TestForgottenObjectsLeaveNothing(t *testing.T) {
	const most = 10
	r := newRig(t, func(c *Config) { c.MaxUndescribed = most })
	spent := r.l.undescribed.budget.Limit() - 20_000
	r.l.undescribed.budget.TryReserve(spent)
	for i := range 500 {
		o := plain(t, uint64(1+i), 200_000, 1000, 64)
		for esi := range fec.ESI(20) {
			r.feed(o.packet(0, esi, 1))
		}
		r.feed(o.packet(0, 20, 1, func(h *lct.Header) { h.CloseSession = true }), o.packet(0, 21, 1))
	}
	if n := len(r.l.mixed); n > 2*most {
		t.Errorf("%d objects are noted, of at most %d", n, most)
	}
	r.l.undescribed.budget.Release(spent)
	r.close()
}

// BenchmarkContradictions is what an FDT Instance of a forger costs, under whose ID there is another one that was read,
// or was not.
func BenchmarkContradictions(b *testing.B) {
	for _, name := range []string{"unread", "read"} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b)
			if name == "read" {
				r.feed(describe(b, 0, plain(b, 1, 50, 100, 4).file("a")))
			}
			var packets [64][]byte
			for i := range packets {
				packets[i] = forgeInstance(b, i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.s.Route(r.now, Origin{}, packets[i%len(packets)])
				r.s.Effects()
			}
		})
	}
}

// A packet that contradicts an FDT Instance, and cannot be used, is no rival of it: nothing of it stays.
func TestUselessRival(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	used := r.cfg.Budget.Used()
	for cut := range 2 {
		other := fdtInstance{files: []fdt.File{o.file("b")}, e: 16}.packets(t)[0]
		r.feed(other[:len(other)-cut])
		if rival := r.l.rival.in; (rival != nil) != (cut == 0) {
			t.Errorf("cut by %d: a rival %v", cut, rival != nil)
		}
		r.l.dropRival()
		if r.cfg.Budget.Used() != used {
			t.Errorf("cut by %d: %d bytes more are charged", cut, r.cfg.Budget.Used()-used)
		}
	}
	r.close()
}
