package receiver

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// flood has the session hold all memory that it gets: repair symbols of source blocks that are never complete.
func (r *rig) flood(toi uint64) {
	r.t.Helper()
	o := coded(r.t, toi, 64<<20, 8000, 200, 250, "")
	r.feed(describe(r.t, flute.InstanceID(toi), o.file(fmt.Sprint("flood", toi))))
	for sbn := range fec.SBN(40) {
		for esi := range fec.ESI(50) {
			before := r.l.Counters().Accepted
			r.feed(o.raw(sbn, 200+esi, make([]byte, 8000)))
			if r.l.Counters().Accepted == before {
				return
			}
		}
	}
	r.t.Fatalf("%d bytes are held, and there is no end", r.l.Held())
}

// What one source spends, in as many sessions as it likes, leaves room for the files of another; and what all sources
// spend leaves room for the FDT Instance and the small files of a new session.
func TestSourcesShareTheBudget(t *testing.T) {
	budget := store.NewSharedBudget(16<<20, store.Shares{Source: 8 << 20, Reserve: 4 << 20})
	as := func(source byte, tsi flute.TSI) *rig {
		r := newRig(t, func(c *Config) { c.Budget, c.SessionBudget = budget, 6<<20 })
		r.l.share.Close()
		r.l = NewLedger(r.cfg, flute.SessionKey{Source: netip.AddrFrom4([4]byte{192, 0, 2, source}), TSI: tsi})
		r.crash()
		return r
	}
	var crowd []*rig
	for i := range 3 {
		r := as(66, key.TSI)
		r.flood(uint64(1 + i))
		crowd = append(crowd, r)
	}
	if held := crowd[0].l.Held() + crowd[1].l.Held() + crowd[2].l.Held(); held > 8<<20 || held < 7<<20 {
		t.Errorf("a source holds %d bytes", held)
	}
	good := as(1, key.TSI)
	large := coded(t, 1, 1_000_000, 1000, 50, 80, "")
	good.feed(describe(t, 0, large.file("large")))
	packets := large.all()
	for i := range packets { // one of each 50 is lost
		if i%50 == 3 {
			packets[i] = large.packet(fec.SBN(i/50), 60, 1)
		}
	}
	good.feed(packets...)
	good.want("completed 1 large 1000000")

	for i := range byte(3) {
		r := as(100+i, key.TSI)
		r.flood(1)
		crowd = append(crowd, r)
	}
	if budget.Used() < 11<<20 {
		t.Errorf("only %d bytes are held", budget.Used())
	}
	fresh := as(2, key.TSI)
	var files []fdt.File
	var objects []object
	for i := range uint64(20) {
		o := coded(t, 1+i, 64<<10, 1000, 50, 80, "")
		objects, files = append(objects, o), append(files, o.file(fmt.Sprint("small", i)))
	}
	fresh.feed(fdtInstance{files: files, e: 1000}.packets(t)...)
	for i, o := range objects {
		packets := o.all()
		packets[3] = o.packet(0, 60, 1)
		fresh.feed(packets...)
		fresh.file(fmt.Sprint("small", i), o.content)
	}
	for _, r := range append(crowd, good, fresh) {
		r.s.Close("test is over")
		r.settle()
		if n := r.l.Held(); n != 0 {
			t.Errorf("%d bytes held after the end", n)
		}
	}
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes used after the end", n)
	}
}

// An object has no more than its share of its session's budget, and a block that needs more is refused with its reason.
func TestObjectsShareTheSession(t *testing.T) {
	r := newRig(t, func(c *Config) { c.SessionBudget, c.ObjectBudget = 8<<20, 4<<20 })
	r.flood(1)
	if n := r.l.Held(); n > 5<<20 {
		t.Errorf("an object holds %d bytes", n)
	}
	o := coded(t, 2, 1_000_000, 1000, 50, 80, "")
	r.feed(describe(t, 9, o.file("a")))
	packets := o.all()
	packets[7] = o.packet(0, 60, 1)
	r.feed(packets...)
	r.want("completed 2 a 1000000")
	r.close()
	cfg := Config{Registry: r.cfg.Registry, Store: r.store, SessionBudget: 1000, ObjectBudget: 1001}
	if _, err := cfg.Validated(); err == nil {
		t.Error("an object with more memory than its session")
	}
}
