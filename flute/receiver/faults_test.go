package receiver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// faulty is a store that asks fault what happens when it creates, writes, reads or publishes: its error is returned,
// its panic goes up.
func faulty(st store.Store, fault func(op string) error) store.Store {
	ops := map[string]string{"Create": "create", "WriteAt": "write", "ReadAt": "read", "Publish": "publish"}
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		if op := ops[c.Method]; op != "" {
			return fault(op)
		}
		return nil
	}}
}

// withFaults gives the rig's store faults. A digest is wanted, or nothing would be read.
func withFaults(fault func(op string) error) func(*Config) {
	return func(c *Config) {
		c.Store, c.Digests = faulty(c.Store, fault), []string{"sha-256"}
	}
}

// An error of the store fails the object with its reason; the others go on.
func TestStoreErrors(t *testing.T) {
	full := fmt.Errorf("write: %w", syscall.ENOSPC)
	for _, tt := range []struct {
		op   string
		err  error
		want string
	}{
		{"create", full, "store"},
		{"write", full, "store"},
		{"read", errors.New("bad sector"), "store"},
		{"publish", full, "store"},
		{"create", store.ErrBudget, "budget"},
		{"write", store.ErrBudget, "budget"},
		{"publish", store.ErrName, "name"},
	} {
		for _, late := range []bool{false, true} {
			broken := true
			r := newRig(t, withFaults(func(op string) error {
				if broken && op == tt.op {
					return tt.err
				}
				return nil
			}))
			a, b := coded(t, 1, 300_000, 1000, 8, 12, ""), plain(t, 2, 3000, 100, 8)
			packets := concat([][]byte{describe(t, 0, a.file("a"), b.file("b"))}, a.all()[1:],
				[][]byte{a.packet(0, 8, 1)})
			if late {
				packets = append(packets[1:], packets[0])
			}
			r.feed(packets...)
			broken = false
			r.feed(a.all()...)
			r.feed(b.all()...)
			r.want("failed 1 a "+tt.want, "completed 2 b 3000")
			r.close()
		}
	}
}

// A store that is full for a decoded copy fails the object only.
func TestStoreErrorWhileDecoding(t *testing.T) {
	n := 0
	r := newRig(t, withFaults(func(op string) error {
		if op == "create" {
			n++
		}
		if op == "write" && n == 2 {
			return syscall.ENOSPC
		}
		return nil
	}))
	content := random(100_000, 1)
	r.feed(transmit(t, testSender(), source{name: "a", content: content, cenc: flute.GZIP})...)
	r.want("failed 1 a store")
	r.close()
}

// When a budget is spent, packets are dropped or bytes go to the store at once; nothing fails for it that could go on.
func TestBudgetSpent(t *testing.T) {
	for _, limit := range []uint64{0, 2000, 4000, 20_000, 100_000, 1 << 20} {
		r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(limit, nil) })
		var all, files [][]byte
		for i := range uint64(8) {
			o := coded(t, 1+i, 100_000, 500, 20, 30, "")
			files = append(files, describe(t, flute.InstanceID(i), o.file(fmt.Sprint("f", i))))
			for sbn := range fec.SBN(10) {
				for esi := range fec.ESI(20) {
					if esi%4 == 0 {
						all = append(all, o.packet(sbn, 20+esi/4, 1))
					} else {
						all = append(all, o.packet(sbn, esi, 1))
					}
				}
			}
		}
		rng := rand.New(rand.NewPCG(1, limit))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, p := range concat(files, all, all) {
			r.feed(p)
		}
		done := len(eventsOf[event.ObjectCompleted](r))
		if limit >= 1<<20 && done != 8 {
			t.Errorf("limit %d: %d of 8 completed: %v", limit, done, r.l.Counters())
		}
		c := r.l.Counters()
		if limit == 0 && (done != 0 || c.DropTotal() == 0) {
			t.Errorf("limit 0: %d completed, %+v", done, r.l.Counters())
		}
		r.close()
	}
}

// A Work that was cancelled, before or while it ran, leaves nothing behind.
func TestWorkCancelled(t *testing.T) {
	for name, do := range map[string]func(r *rig, w *Work){
		"before":      func(_ *rig, w *Work) { w.Cancel(); w.Run(nil) },
		"after":       func(_ *rig, w *Work) { w.Run(nil); w.Cancel() },
		"brought":     func(r *rig, w *Work) { w.Run(nil); r.bring(w) },
		"failed":      func(r *rig, w *Work) { w.Fail(errors.New("no worker")); r.bring(w) },
		"ran, failed": func(r *rig, w *Work) { w.Run(nil); w.Fail(errors.New("crash")); r.bring(w) },
	} {
		for _, ahead := range []bool{false, true} {
			r := newRig(t, func(c *Config) { c.Digests = []string{"sha-256"} }) // or nothing is hashed ahead
			r.manual = true
			size := 3000
			if ahead {
				size = digestStep + 100_000
			}
			o := plain(t, 1, size, 50_000, 2)
			r.feed(describe(t, 0, o.file("a")))
			packets := o.all()
			if ahead {
				packets = packets[:len(packets)-1]
			}
			r.feed(packets...)
			if len(r.works) != 1 || (r.works[0].publication == nil) != ahead {
				t.Fatalf("%s: %d works", name, len(r.works))
			}
			w := r.works[0]
			r.works = nil
			r.object(o.toi).cancel(event.FailCancelled, "")
			r.settleObject(r.object(o.toi))
			do(r, w)
			r.want("failed 1 a cancelled")
			r.close()
		}
	}
}

// A Work that could not be run fails its object.
func TestWorkFailed(t *testing.T) {
	r := newRig(t)
	r.manual = true
	o := plain(t, 1, 3000, 100, 2)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()...)
	r.works[0].Fail(errors.New("no worker"))
	r.bring(r.works[0])
	r.works = nil
	r.want("failed 1 a store")
	r.close()
}

// Bytes are hashed ahead of the end while more arrive, and the digest is right all the same.
func TestHashAhead(t *testing.T) {
	r := newRig(t)
	r.manual = true
	o := plain(t, 1, 3*digestStep+100, 40_000, 5)
	f := o.file("a")
	f.SHA256 = sha256Of(o.content)
	r.feed(describe(t, 0, f))
	ahead := 0
	for i, p := range o.all() {
		r.feed(p)
		if i%50 == 0 && len(r.works) > 0 {
			ahead++
			r.work()
		}
	}
	for len(r.works) > 0 {
		r.work()
	}
	if ahead < 2 {
		t.Errorf("%d works ahead", ahead)
	}
	r.want(fmt.Sprintf("completed 1 a %d", len(o.content)))
	r.file("a", o.content)
	r.close()
}

// An object that failed before its description came is told to have failed when that comes, with the reason.
func TestFailedBeforeFDT(t *testing.T) {
	broken := true
	r := newRig(t, withFaults(func(op string) error {
		if broken && op == "create" {
			return store.ErrBudget
		}
		return nil
	}))
	o := plain(t, 1, 2*smallObject, 1000, 64) // large enough to be staged before anything describes it
	r.feed(o.all()[:smallObject/1000+1]...)
	broken = false
	r.feed(o.all()...)
	r.want()
	r.feed(describe(t, 0, o.file("a")))
	r.want("failed 1 a budget")
	r.close()
}

// A name that the store cannot have fails the object.
func TestNameRefused(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.merge(o.file("http://host/%00"))
	r.merge(o.file("../../etc/passwd"))
	r.feed(o.all()...)
	for _, f := range r.store.Files() {
		if f != "etc/passwd" && f != "passwd" {
			t.Logf("published as %q", f)
		}
	}
	if len(r.ends()) != 1 {
		t.Errorf("%v", r.ends())
	}
	r.close()
}

// Quarantine ends one object.
func TestQuarantine(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(describe(t, 0, a.file("a"), b.file("b")))
	r.feed(a.packet(0, 0, 1))
	r.s.Quarantine(a.toi, "it crashed")
	r.s.Quarantine(a.toi, "it crashed")
	r.settle()
	r.feed(concat(a.all(), b.all())...)
	r.want("failed 1 a quarantined", "completed 2 b 300")
	r.close()
}

// What crashes names the source block in hand.
func TestBlame(t *testing.T) {
	armed := true
	r := newRig(t, func(c *Config) {
		c.Registry = c.Registry.With(fec.ReedSolomonGF28, 0, &crashing{rs.New(), func(string) error {
			if armed {
				panic(errCrash)
			}
			return nil
		}})
	})
	o := coded(t, 1, 3000, 100, 4, 8, "")
	r.feed(describe(t, 0, o.file("a")), o.packet(0, 0, 1), o.packet(0, 1, 1), o.packet(0, 5, 1))
	worker := r.object(o.toi)
	if _, ok := worker.Block(); ok {
		t.Error("a block in hand between packets")
	}
	if !r.feedCrashing(o.packet(0, 6, 1)) {
		t.Fatal("no crash")
	}
	if sbn, ok := worker.Block(); !ok || sbn != 0 {
		t.Errorf("source block %d, %v", sbn, ok)
	}
	armed = false
	for sbn := range fec.SBN(8) {
		r.feed(o.packet(sbn, 1, 1), o.packet(sbn, 2, 1), o.packet(sbn, 4, 1), o.packet(sbn, 5, 1))
	}
	r.file("a", o.content)
	r.close()
}

// An object that is published apart, and whose session crashes, ends.
func TestCrashWhileDetached(t *testing.T) {
	r, next := publishingApart(t)
	r.feed(next.packet(0, 0, 1))
	r.crash()
	r.want("failed 1 a quarantined")
	r.feed(next.all()...)
	for len(r.works) > 0 {
		r.work()
	}
	r.want("failed 1 a quarantined", "completed 1 bb 400")
	r.close()
}

// The Work that publishes an object apart is awaited, also when nobody works on its TOI any more: else the session
// waits for its end for ever.
func TestDetachedWorkIsAwaited(t *testing.T) {
	r, next := publishingApart(t)
	r.feed(next.packet(0, 0, 1))
	if len(r.apart) != 1 {
		t.Fatalf("%d objects are published apart", len(r.apart))
	}
	clear(r.apart) // its actor crashed, and another one had taken over before
	r.s.Close("test")
	r.settle()
	if !r.l.Awaits(r.works[0]) {
		t.Error("nobody takes the Work")
	}
	r.work()
	r.want("failed 1 bb session_over", "completed 1 a 300", "closed test")
	r.close()
}

// Large source blocks are recovered within the budget.
func TestLargeBlocks(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 4_000_000, 60_000, 30, 40, "")
	r.feed(describe(t, 0, o.file("a")))
	for i, p := range o.all() {
		if i != 3 && i != 40 {
			r.feed(p)
		}
	}
	r.feed(o.packet(0, 35, 1), o.packet(1, 35, 1))
	r.feed(o.all()...)
	r.want("completed 1 a 4000000")
	r.file("a", o.content)
	r.close()
}

// crashing makes a panic of every nth call of the store and of the FEC decoder.
type crashing struct {
	fec.Scheme
	step func(string) error
}

func (c *crashing) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	d, err := c.Scheme.NewDecoder(o, v, k)
	return &crashingDecoder{d, c.step}, err
}

type crashingDecoder struct {
	fec.Decoder
	step func(string) error
}

func (d *crashingDecoder) Recover(source [][]byte, repair []fec.Symbol) error {
	_ = d.step("decode")
	err := d.Decoder.Recover(source, repair)
	_ = d.step("decode")
	return err
}

// feedCrashing is feed for an actor that panics: the packet in hand is lost and counted, all workers are made anew.
func (r *rig) feedCrashing(datagram []byte) (crashed bool) {
	counted := r.l.Counters().Received
	defer func() {
		if p := recover(); p != nil {
			if p != any(errCrash) {
				panic(p)
			}
			crashed = true
			if r.l.Counters().Received == counted {
				r.l.Drop(0, drop.Fault, 1)
			}
			for crashing := true; crashing; { // the new workers may crash, too
				func() {
					defer func() { crashing = recover() != nil }()
					r.crash()
				}()
			}
			r.check()
		}
	}()
	r.feed(datagram)
	return false
}

var errCrash = errors.New("crash")

// After crashes anywhere inside of the handlers every object is completed, bit for bit.
func TestCrashes(t *testing.T) {
	crashes := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 2))
		armed, rate := true, 0.05+rng.Float64()/3
		step := func(op string) error {
			if armed && rng.Float64() < rate && op != "publish" {
				panic(errCrash)
			}
			return nil
		}
		scheme := &crashing{rs.New(), step}
		r := newRig(t, func(c *Config) {
			c.Registry = c.Registry.With(fec.ReedSolomonGF28, 0, scheme)
			c.Budget = store.NewBudget(400_000, nil)
		})
		r.manual = true
		var packets [][]byte
		var files []fdt.File
		var objects []object
		for i := range uint64(4) {
			o := coded(t, 1+i, 20_000+int(rng.UintN(100_000)), 700, 10, 20, codes[seed%3])
			objects = append(objects, o)
			f := o.file(fmt.Sprint("f", i))
			f.MD5 = md5Of(o.content)
			files = append(files, f)
			part := o.oti.Partition()
			for sbn := range fec.SBN(part.Blocks()) {
				for range part.BlockSymbols(sbn) + 2 {
					packets = append(packets, o.packet(sbn, fec.ESI(rng.IntN(20)), 1))
				}
			}
		}
		rng.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
		packets = concat(packets[:20], fdtInstance{files: files, e: 300}.packets(t), packets[20:])
		for _, p := range packets {
			for r.feedCrashing(p) && rng.IntN(2) == 0 {
				crashes++
			}
			for len(r.works) > 0 && rng.IntN(3) == 0 {
				r.runArmed(&armed)
			}
		}
		armed = false
		for _, o := range objects {
			r.feed(o.all()...)
		}
		for r.wait(2 * assembly.RetryAfter); len(r.works) > 0; r.wait(2 * assembly.RetryAfter) {
			r.work()
		}
		for i, o := range objects {
			r.file(fmt.Sprint("f", i), o.content)
		}
		r.close()
	}
	if crashes < 50 {
		t.Errorf("only %d crashes", crashes)
	}
}

// runArmed runs a work without crashes: those are the lane's to tell.
func (r *rig) runArmed(armed *bool) {
	was := *armed
	*armed = false
	r.work()
	*armed = was
}

// An object that fails while its Work was not handed out yet leaves nothing staged.
func TestFailedBeforeWorkWasTaken(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()[:2]...)
	p, ok := r.s.Route(r.now, Origin{}, o.packet(0, 2, 1))
	if r.handed++; !ok {
		t.Fatal("not for the object")
	}
	r.object(o.toi).Handle(r.now, &p)
	r.s.Quarantine(o.toi, "")
	r.settle()
	if f := r.object(o.toi).Effects(); len(f.Works) > 0 {
		t.Error("a Work of an object that has failed")
	}
	r.want("failed 1 a quarantined")
	r.close()
}
