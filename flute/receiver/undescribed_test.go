package receiver

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

// A folder of small files whose FDT Instances come last arrives, and costs the store nothing until then.
func TestFolderBeforeItsFDT(t *testing.T) {
	r := newRig(t)
	var files []fdt.File
	var objects []object
	for i := range uint64(2000) {
		o := coded(t, 1+i, 1500, 1400, 2, 4, "")
		objects, files = append(objects, o), append(files, o.file(fmt.Sprint("f", i)))
		r.s.Route(r.now, Origin{}, o.packet(0, 1, 1))
		r.s.Route(r.now, Origin{}, o.packet(0, 3, 1))
		r.handed += 2
	}
	r.check()
	if n := r.store.Staged(); n != 0 || len(r.objects) != 0 {
		t.Errorf("%d files staged, %d Objects before anything is described", n, len(r.objects))
	}
	r.wait(time.Hour - time.Minute) // what is whole waits
	for i := range flute.InstanceID(4) {
		r.feed(fdtInstance{id: i, files: files[500*i : 500*(i+1)], e: 60000}.packets(t)...)
	}
	r.wait(rivalTime) // see claim.go
	for i, o := range objects {
		r.file(fmt.Sprint("f", i), o.content)
	}
	if n := r.l.undescribed.budget.Used(); n != 0 {
		t.Errorf("%d bytes still held for undescribed objects", n)
	}
	r.close()
}

// LDPC may need far more symbols than a source block has: all that may help are kept until the file is described.
func TestLDPCFilesBeforeTheirFDT(t *testing.T) {
	const k, n, received = 20, 60, 50
	r := newRig(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var files []fdt.File
	for i := range uint64(300) {
		o := plain(t, 1+i, k*100, 100, k)
		o.oti.EncodingID, o.oti.MaxEncodingSymbols, o.oti.Seed = fec.LDPCStaircase, n, 1
		o.oti.N1, o.oti.GroupSize = 3, 1
		files = append(files, o.file(fmt.Sprint("f", i)))
		for _, esi := range rng.Perm(n)[:received] {
			r.s.Route(r.now, Origin{}, o.packet(0, fec.ESI(esi), 1))
		}
		r.handed += received
	}
	r.feed(fdtInstance{files: files, e: 60000}.packets(t)...)
	if n := len(eventsOf[event.ObjectCompleted](r)); n != len(files) {
		t.Errorf("%d of %d objects completed", n, len(files))
	}
	r.close()
}

// Large undescribed objects are staged, but not more than some; those beyond wait in memory.
func TestUndescribedObjectsStageFewFiles(t *testing.T) {
	r := newRig(t)
	var files []fdt.File
	for i := range uint64(2 * maxStaged) {
		o := plain(t, 1+i, smallObject+1000, 1000, 64)
		files = append(files, o.file(fmt.Sprint("f", i)))
		r.feed(o.all()...)
	}
	if n := r.store.Staged(); n != maxStaged {
		t.Errorf("%d files staged, want %d", n, maxStaged)
	}
	r.feed(fdtInstance{files: files, e: 60000}.packets(t)...)
	if n := len(eventsOf[event.ObjectCompleted](r)); n != len(files) {
		t.Errorf("%d of %d objects completed", n, len(files))
	}
	if r.l.undescribed.staged != 0 || r.l.undescribed.count() != 0 {
		t.Errorf("%d undescribed, %d staged", r.l.undescribed.count(), r.l.undescribed.staged)
	}
	r.close()
}

// What repeats and what a source block can do without is not kept a second time.
func TestUndescribedDuplicatesAreNotKept(t *testing.T) {
	for _, noFTI := range []bool{false, true} {
		r := newRig(t)
		o := coded(t, 1, 3000, 100, 30, 60, "")
		o.noFTI = noFTI
		for range 3 {
			r.feed(o.all()...)
		}
		c := r.l.Counters()
		if c.Accepted != 30 || c.Duplicate != 60 {
			t.Errorf("EXT_FTI %v: %d accepted, %d duplicate", !noFTI, c.Accepted, c.Duplicate)
		}
		r.feed(o.packet(0, 40, 1)) // all source symbols are held
		if d := r.l.Counters().Duplicate; (d == 61) == noFTI {
			t.Errorf("EXT_FTI %v: %d duplicate after a surplus symbol", !noFTI, d)
		}
		r.feed(describe(t, 0, o.file("a")))
		r.file("a", o.content)
		r.close()
	}
	r := newRig(t)
	o := coded(t, 1, 20_000, 100, 100, 255, "")
	for esi := range fec.ESI(155) {
		r.feed(o.packet(fec.SBN(esi%2), 100+esi, 1))
		r.feed(o.packet(fec.SBN(esi%2), 100+esi, 1))
	}
	if c := r.l.Counters(); c.Accepted != 155 || c.Duplicate != 155 {
		t.Errorf("%d accepted, %d duplicate", c.Accepted, c.Duplicate)
	}
	r.close()
}

// Undescribed objects are bounded, keep what is whole and what goes on coming, and cost no more the more of them there
// are.
func TestUndescribedObjectsGiveWay(t *testing.T) {
	const most = 4000
	r := newRig(t, func(c *Config) { c.MaxUndescribed, c.UndescribedTimeout = most, time.Minute })
	feed := func(first uint64, n int, size int) {
		for i := range uint64(n) {
			r.s.Route(r.now, Origin{}, plain(t, first+i, size, 10, 4).packet(0, 0, 1))
			r.handed++
		}
		r.settle()
		r.check()
	}
	count := func(partial, whole int) {
		t.Helper()
		if u := &r.l.undescribed; u.partial.n != partial || u.whole.n != whole {
			t.Errorf("%d are whole, %d are not; want %d and %d", u.whole.n, u.partial.n, whole, partial)
		}
	}
	feed(1, most/2, 10)      // whole
	feed(most, most/2+5, 20) // not: the oldest five give way
	count(most/2, most/2)
	if r.l.entries[flute.NewTOI(most+4)] != nil || r.l.entries[flute.NewTOI(most+5)] == nil {
		t.Error("others than the oldest gave way")
	}
	feed(1_000_000, most, 20) // a flood: what is whole stays
	count(most/2, most/2)
	feed(2_000_000, most, 10) // one of whole objects: some that are not stay
	count(most/partialShare, most-most/partialShare)
	r.wait(75 * time.Second)
	count(0, most-most/partialShare) // in silence only those that are not whole are forgotten
	r.close()
}

// A flood of TOIs, each in one packet, does not keep out a file whose FDT Instance comes late: neither by the number of
// objects nor by their bytes. What was described keeps its packets, and those that are held apart after a pause.
func TestFloodOfTOIs(t *testing.T) {
	for name, c := range map[string]struct {
		size int
		edit func(*Config)
	}{
		"number":     {20_000, func(c *Config) { c.MaxUndescribed = 100 }},
		"bytes":      {20_000, func(c *Config) { c.UndescribedBytes = 128 << 10 }},
		"large file": {1_000_000, func(c *Config) { c.UndescribedBytes = 1 << 20 }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.edit)
			toi := uint64(1000)
			flood := func(n int) {
				for range n {
					toi++
					r.s.Route(r.now, Origin{}, plain(t, toi, 2000, 1000, 4).packet(0, 0, 1))
					r.handed++
				}
				r.settle()
				r.check()
			}
			known, late := plain(t, 1, 10_000, 1000, 4), plain(t, 2, c.size, 1000, 4)
			r.feed(describe(t, 0, known.file("known")))
			r.feed(known.all()[:5]...)
			flood(2000)
			r.wait(time.Second) // what follows may be of another program
			flood(2000)
			r.feed(known.all()[5:]...)
			r.feed(describe(t, 0, known.file("known")))
			for _, packet := range late.all() {
				r.feed(packet)
				flood(20)
			}
			r.feed(describe(t, 1, late.file("late")))
			r.want("completed 1 known 10000", fmt.Sprintf("completed 2 late %d", c.size))
			if n := r.l.undescribed.budget.Used(); n > r.cfg.UndescribedBytes {
				t.Errorf("%d bytes", n)
			}
			r.close()
		})
	}
}

// Undescribed objects leave memory for those that are described, be there as many as they like.
func TestFloodOfTOIsLeavesMemory(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(4<<20, nil) })
	known := coded(t, 1, 200_000, 1000, 40, 50, "")
	r.feed(describe(t, 0, known.file("known")))
	packets := known.all()
	for i, packet := range packets {
		for j := range uint64(40) {
			r.s.Route(r.now, Origin{}, plain(t, 1000+100*uint64(i)+j, 2000, 1000, 4).packet(0, 0, 1))
			r.handed++
		}
		if i%40 >= 5 {
			r.feed(packet)
		}
	}
	for sbn := range fec.SBN(5) {
		for esi := range fec.ESI(5) {
			r.feed(known.packet(sbn, 40+esi, 1))
		}
	}
	r.want("completed 1 known 200000")
	if n := r.l.undescribed.budget.Used(); n > 1<<20 || n < 1<<19 {
		t.Errorf("undescribed objects hold %d bytes", n)
	}
	r.close()
}

// A packet that claims to be of a large object costs no file: what came of it must be worth one.
func TestUndescribedClaimStagesNothing(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 1<<20, 1000, 64)
	packets := o.all()
	for i, p := range packets {
		r.feed(p)
		if i*1000 < smallObject/2 && r.store.Staged() > 0 {
			t.Fatalf("staged after %d packets", i+1)
		}
	}
	if r.store.Staged() != 1 {
		t.Error("not staged when all is there")
	}
	r.feed(describe(t, 0, o.file("a")))
	r.file("a", o.content)
	r.close()
}

// Packets that were held apart and turn out to be of an undescribed object are looked up as fast as the others, and
// count when they make it whole.
func TestUndescribedObjectTakesPacketsHeldApart(t *testing.T) {
	const half = pendingScan * 3 / 4
	r := newRig(t)
	known := plain(t, 1, 100, 100, 64)
	head := describe(t, 0, known.file("known"))
	r.feed(head)
	o := plain(t, 2, 2*half*10, 10, 2*half)
	for i := range fec.ESI(2 * half) {
		if i == half {
			r.wait(time.Second) // a seam
		}
		r.feed(o.packet(0, i, 1))
	}
	r.feed(head) // there was none
	e := r.l.entries[o.toi]
	if n := len(e.pending.packets); n != 2*half || r.l.undescribed.whole.n != 1 {
		t.Errorf("%d packets are kept, %d objects are whole", n, r.l.undescribed.whole.n)
	}
	r.feed(o.packet(0, 0, 1))
	if c := r.l.Counters(); c.Duplicate != 2 || len(e.pending.seen) != 2*half {
		t.Errorf("%d duplicate, %d packets can be looked up", c.Duplicate, len(e.pending.seen))
	}
	r.feed(describe(t, 1, known.file("known"), o.file("a")))
	r.file("a", o.content)
	r.close()
}

// thief is a store under which another session takes all memory that an object gives back.
type thief struct {
	store.Store
	budget *store.Budget
}

type stolenFrom struct {
	store.Object
	s *thief
}

func (s *thief) Create(size uint64) (store.Object, error) {
	o, err := s.Store.Create(size)
	return stolenFrom{o, s}, err
}

func (o stolenFrom) Discard() error {
	o.s.steal()
	return o.Object.Discard()
}

func (s *thief) steal() {
	s.budget.TryReserve(s.budget.Limit() - s.budget.Used())
}

// No more undescribed objects give way than would be enough, if another session takes what they give back.
func TestUndescribedObjectsAreNotForgottenInVain(t *testing.T) {
	s := &thief{budget: store.NewBudget(8<<20, nil)}
	r := newRig(t, func(cfg *Config) {
		s.Store, cfg.Store, cfg.Budget, cfg.SessionBudget = cfg.Store, s, s.budget, 4<<20
	})
	r.l.sender.Inline = true // an object that is forgotten is discarded at once
	const staged = 4
	for i := range uint64(staged) {
		r.feed(plain(t, 1+i, smallObject+2000, 1000, 64).all()[:smallObject/1000+1]...)
	}
	if n := r.store.Staged(); n != staged {
		t.Fatalf("%d objects are staged, want %d", n, staged)
	}
	s.steal()
	// One gives way to the entry, which is paid by what is given back last; and one, in vain, to the packet.
	r.feed(plain(t, 99, 2000, 1000, 4).packet(0, 0, 1))
	if n := r.store.Staged(); n != staged-2 {
		t.Errorf("%d objects are left, want %d", n, staged-2)
	}
	if r.dropped(drop.Budget) != 1 {
		t.Errorf("%+v", r.l.Counters())
	}
}
