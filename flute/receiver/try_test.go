package receiver

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// flipped returns packet with one bit of its last byte changed.
func flipped(packet []byte) []byte {
	b := bytes.Clone(packet)
	b[len(b)-1] ^= 1
	return b
}

// retries lists, for each failure in order, whether it said that the object will be tried again.
func (r *rig) retries() []bool {
	var out []bool
	for _, f := range eventsOf[event.ObjectFailed](r) {
		out = append(out, f.Retry)
	}
	return out
}

// wantRetries compares retries.
func (r *rig) wantRetries(want ...bool) {
	r.t.Helper()
	if got := r.retries(); fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("failures are said to be tried again: %v, want %v", got, want)
	}
}

// One flipped bit costs one turn, not the file; and the second turn needs no pause before it.
func TestRetryAfterFlippedBit(t *testing.T) {
	for _, o := range []object{plain(t, 1, 950, 100, 4), coded(t, 1, 950, 100, 4, 8, "")} {
		f := o.file("a")
		f.MD5 = md5Of(o.content)
		for i := range o.all() {
			r := newRig(t)
			r.feed(describe(t, 0, f))
			turn := o.all()
			turn[i] = flipped(turn[i])
			r.feed(turn...)
			r.want("failed 1 a digest")
			r.wantRetries(true)
			r.feed(o.all()...)
			r.want("failed 1 a digest", "completed 1 a 950")
			r.file("a", o.content)
			r.feed(o.all()...)
			if n := r.l.Counters().Duplicate; n != 19 { // nine of the second turn are as they were
				t.Errorf("%d duplicates after the end", n)
			}
			r.close()
		}
	}
}

// The same for an encoded file, whose content cannot be decoded.
func TestRetryAfterBrokenEncoding(t *testing.T) {
	content := random(5000, 1)
	fdts, data := split(t, transmit(t, testSender(), source{name: "a", content: content, cenc: flute.GZIP}))
	r := newRig(t)
	r.feed(fdts...)
	for i, p := range data {
		if i == 0 {
			p = flipped(p)
			p[len(p)-len(p)/2] ^= 0xff
		}
		r.feed(p)
	}
	r.feed(data...)
	if failed := eventsOf[event.ObjectFailed](r); len(failed) != 1 || !failed[0].Retry {
		t.Errorf("%+v", failed)
	}
	r.file("a", content)
	r.close()
}

// A store that fails for two seconds costs the turns of that time, whatever of it fails.
func TestRetryAfterStoreFailure(t *testing.T) {
	for _, tt := range []struct {
		op   string
		err  error
		want string
	}{
		{"create", syscall.EMFILE, "store"},
		{"write", syscall.ENOSPC, "store"},
		{"read", syscall.EIO, "store"},
		{"publish", syscall.ENOSPC, "store"},
		{"create", store.ErrBudget, "budget"},
		{"write", store.ErrBudget, "budget"},
	} {
		for _, late := range []bool{false, true} {
			broken := true
			r := newRig(t, withFaults(func(op string) error {
				if broken && op == tt.op {
					return tt.err
				}
				return nil
			}))
			o := coded(t, 1, 300_000, 1000, 8, 12, "")
			d, turn := describe(t, 0, o.file("a")), append(o.all()[1:], o.packet(0, 8, 1))
			if late {
				r.feed(turn...)
				r.feed(d)
			} else {
				r.feed(d)
				r.feed(turn...)
			}
			r.want("failed 1 a " + tt.want)
			r.wantRetries(true)
			broken = false
			r.feed(turn...) // within the rest
			r.want("failed 1 a " + tt.want)
			r.wait(2 * time.Second)
			r.feed(d)
			r.feed(turn...)
			r.want("failed 1 a "+tt.want, "completed 1 a 300000")
			r.file("a", o.content)
			r.close()
		}
	}
}

// An object of no bytes, to which no packet comes, is tried again by the next FDT Instance, and by a repetition.
func TestRetryEmptyObject(t *testing.T) {
	for _, id := range []flute.InstanceID{0, 1} {
		broken := true
		r := newRig(t, withFaults(func(op string) error {
			if broken && op == "publish" {
				return syscall.ENOSPC
			}
			return nil
		}))
		f := plain(t, 1, 0, 100, 4).file("a")
		r.feed(describe(t, 0, f))
		r.want("failed 1 a store")
		r.wantRetries(true)
		broken = false
		r.wait(2 * time.Second)
		r.feed(describe(t, id, f))
		r.want("failed 1 a store", "completed 1 a 0")
		r.close()
	}
}

// After a fade that was longer than the description's life, only what is missing is needed. What comes before the next
// description waits for that.
func TestRetryAfterExpiry(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 1200, 100, 4, 8, "")
	r.feed(fdtInstance{id: 1, files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second)}.packets(t)...)
	r.feed(o.packet(0, 0, 1), o.packet(0, 1, 1), o.packet(0, 5, 1), o.packet(1, 6, 1))
	r.wait(5 * time.Minute)
	r.want("failed 1 a expired")
	r.wantRetries(true)
	r.feed(o.packet(0, 6, 1))
	r.want("failed 1 a expired")
	r.wait(time.Second)
	r.feed(describe(t, 2, o.file("a")))
	r.feed(o.packet(1, 0, 1), o.packet(1, 1, 1), o.packet(1, 2, 1))
	for esi := range fec.ESI(4) {
		r.feed(o.packet(2, esi, 1))
	}
	r.want("failed 1 a expired", "completed 1 a 1200")
	r.file("a", o.content)
	r.close()
}

// An object of which nothing came before its description expired is received when it is described again.
func TestRetryAfterExpiryWithoutSymbols(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(fdtInstance{id: 1, files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second)}.packets(t)...)
	r.wait(time.Minute)
	r.want("failed 1 a expired")
	r.feed(o.packet(0, 1, 1))
	r.feed(describe(t, 2, o.file("a")))
	r.feed(o.packet(0, 0, 1), o.packet(0, 2, 1))
	r.want("failed 1 a expired", "completed 1 a 300")
	r.close()
}

// What comes after the description has expired takes no more than half of the room for objects before their FDT, and
// not for long.
func TestHeldPacketsAreBounded(t *testing.T) {
	r := newRig(t, func(c *Config) { c.UndescribedBytes, c.UndescribedTimeout = 100_000, time.Minute })
	o := plain(t, 1, 200_000, 1000, 10)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second), e: 60000}.packets(t)...)
	r.feed(o.packet(0, 0, 1))
	r.wait(30 * time.Second)
	r.feed(o.all()...)
	if n := r.l.undescribed.budget.Used(); n == 0 || n > 51_500 {
		t.Errorf("%d bytes held", n)
	}
	r.wait(time.Minute)
	if n := r.l.undescribed.budget.Used(); n != 0 {
		t.Errorf("%d bytes held after a minute", n)
	}
	r.close()
}

// A carousel that ends each turn with a B flag completes by what each turn adds. It is told less and less often that
// something is missing.
func TestRetryAfterCloseObject(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 800, 100, 4)
	d := describe(t, 0, o.file("a"))
	for turn := range 8 {
		r.feed(d)
		r.wait(65 * time.Second)
		r.feed(d, o.packet(fec.SBN(turn/4), fec.ESI(turn%4), 1, closeObject))
	}
	failures := 0
	for _, f := range eventsOf[event.ObjectFailed](r) {
		if failures++; f.Reason != event.FailClosed || !f.Retry {
			t.Errorf("%+v", f)
		}
	}
	if failures != 3 { // after 10, 20 and 40 seconds
		t.Errorf("%d failures were told", failures)
	}
	r.file("a", o.content)
	r.close()
}

// What fails for ever costs little: the tries, and what is told of them, get rare.
func TestRetriesAreBounded(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	wrong := o.file("a")
	wrong.MD5 = make([]byte, 16)
	for _, tt := range []struct {
		name   string
		file   fdt.File
		broken string
		most   int
	}{
		{"digest", wrong, "", 16},
		{"store", o.file("a"), "create", 70},
		{"publish", o.file("a"), "publish", 70},
	} {
		calls := 0
		r := newRig(t, withFaults(func(op string) error {
			if op == "create" {
				calls++
			}
			if op == tt.broken {
				return syscall.ENOSPC
			}
			return nil
		}))
		d := fdtInstance{files: []fdt.File{tt.file}, expires: start.Add(3 * time.Hour), e: 60000}.packets(t)
		for r.now.Before(start.Add(time.Hour)) {
			r.feed(d...)
			r.feed(o.all()...)
			r.wait(500 * time.Millisecond)
		}
		failures := len(r.retries())
		if calls > tt.most || failures < 10 || failures > calls {
			t.Errorf("%s: an hour of turns: %d objects staged, %d failures told", tt.name, calls, failures)
		}
		r.close()
	}
}

// What cannot pass is not tried again, and says so.
func TestNoRetry(t *testing.T) {
	o, newer := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	for name, end := range map[string]func(*rig){
		"superseded":  func(r *rig) { r.feed(describe(t, 1, newer.file("a"))); r.wait(3 * time.Second) },
		"quarantined": func(r *rig) { r.s.Quarantine(o.toi, ""); r.settle() },
		"cancelled": func(r *rig) {
			r.object(o.toi).cancel(
				event.FailCancelled, "")
			r.settleObject(r.object(o.toi))
		},
	} {
		r := newRig(t)
		r.feed(describe(t, 0, o.file("a")))
		r.feed(o.packet(0, 0, 1))
		end(r)
		r.want("failed 1 a " + name)
		r.wait(2 * time.Minute)
		r.feed(describe(t, 2, o.file("a")))
		r.feed(o.all()...)
		r.want("failed 1 a " + name)
		r.wantRetries(false)
		r.close()
	}
}

// An older version that failed is not tried again once a newer one is announced, nor is one whose session ends.
func TestNoRetryOfOldVersion(t *testing.T) {
	o, newer := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	f := o.file("a")
	f.MD5 = make([]byte, 16)
	r := newRig(t)
	r.manual = true
	r.feed(describe(t, 0, f))
	r.feed(o.all()...)
	r.feed(describe(t, 1, newer.file("a"))) // while the old one is verified
	r.work()
	r.want("failed 1 a digest")
	r.wantRetries(false)
	r.close()

	r = newRig(t)
	r.manual = true
	r.feed(describe(t, 0, f))
	r.feed(o.all()...)
	r.s.Close("enough")
	r.work()
	r.want("failed 1 a digest", "closed enough")
	r.wantRetries(false)
	r.close()
}

// The end of a session adds nothing to the failure of an object that rests, and everything to one that is tried again.
func TestRestAtSessionEnd(t *testing.T) {
	for _, again := range []bool{false, true} {
		r := newRig(t)
		o := plain(t, 1, 300, 100, 4)
		f := o.file("a")
		f.MD5 = md5Of(o.content)
		r.feed(describe(t, 0, f))
		r.feed(flipped(o.packet(0, 0, 1)), o.packet(0, 1, 1), o.packet(0, 2, 1))
		want := []string{"failed 1 a digest"}
		if again {
			r.feed(o.packet(0, 1, 1))
			want = append(want, "failed 1 a session_over")
		}
		r.close()
		r.want(append(want, "closed test is over")...)
	}
}

// What resting objects hold gives way as soon as anything else lacks memory.
func TestRestGivesWay(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(100_000, nil) })
	old, next := coded(t, 1, 80_000, 1000, 80, 160, ""), coded(t, 2, 40_000, 1000, 40, 80, "")
	r.feed(fdtInstance{files: []fdt.File{old.file("a")}, expires: start.Add(10 * time.Second), e: 60000}.packets(t)...)
	for esi := range fec.ESI(70) {
		r.feed(old.packet(0, 80+esi, 1))
	}
	held := r.l.Held()
	r.wait(time.Minute)
	if r.l.Held() < held*9/10 {
		t.Errorf("%d bytes of %d are kept", r.l.Held(), held)
	}
	r.feed(fdtInstance{id: 1, files: []fdt.File{next.file("b")}, expires: start.Add(time.Hour), e: 60000}.packets(t)...)
	r.feed(next.all()[1:]...)
	r.feed(next.packet(0, 40, 1), next.packet(0, 41, 1))
	r.wait(time.Second)
	r.want("failed 1 a expired", "completed 2 b 40000")
	r.close()
}

// What is kept is given back some time after the description has expired, as if it had been received.
func TestRestIsForgotten(t *testing.T) {
	r := newRig(t)
	o, other := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second), e: 60000}.packets(t)...)
	r.feed(o.packet(0, 0, 1))
	for r.now.Before(start.Add(2 * time.Hour)) {
		r.feed(other.packet(0, 0, 1))
		r.wait(10 * time.Minute)
	}
	if r.l.entries[o.toi] != nil || r.store.Staged() > 0 || len(r.l.kept) > 0 {
		t.Errorf("%d objects staged, %d kept", r.store.Staged(), len(r.l.kept))
	}
	r.close()
}

// Crashes while an object rests lose nothing of it.
func TestCrashWhileResting(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 400, 100, 4)
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	d := describe(t, 0, f)
	r.feed(d, flipped(o.packet(0, 0, 1)), o.packet(0, 1, 1), o.packet(0, 2, 1), o.packet(0, 3, 1))
	r.crash()
	r.feed(o.packet(0, 0, 1), o.packet(0, 1, 1, closeObject))
	r.crash()
	r.wait(time.Minute)
	r.crash()
	r.feed(d, o.packet(0, 2, 1), o.packet(0, 3, 1))
	r.want("failed 1 a digest", "completed 1 a 400")
	r.file("a", o.content)
	r.close()
}

// Files that could not be described for a moment, for want of memory or of a place, are described by a repetition of
// their FDT Instance. Until then each is told to have failed, once.
func TestRetryAfterRefusedDescription(t *testing.T) {
	const files = 6
	for name, tt := range map[string]struct {
		edit  func(*Config)
		spend func(*rig) (free func())
	}{
		"memory": {
			func(c *Config) { c.Budget = store.NewBudget(46_000, nil) },
			func(r *rig) func() {
				const n = 34_000
				if !r.cfg.Budget.TryReserve(n) {
					t.Fatal("no budget")
				}
				return func() { r.cfg.Budget.Release(n) }
			},
		},
		"places": {
			func(c *Config) { c.MaxObjects = files },
			func(r *rig) func() {
				first := plain(t, 100, 200, 100, 4)
				var list []fdt.File
				for i := range uint64(4) {
					list = append(list, plain(t, 100+i, 200, 100, 4).file(fmt.Sprint("other", i)))
				}
				r.feed(fdtInstance{id: 9, files: list, e: 60000}.packets(t)...)
				return func() {
					for i := range uint64(4) {
						r.feed(plain(first.t, 100+i, 200, 100, 4).all()...)
					}
				}
			},
		},
	} {
		r := newRig(t, tt.edit)
		var list []fdt.File
		var turn [][]byte
		for i := range uint64(files) {
			o := plain(t, 1+i, 200, 100, 4)
			list = append(list, o.file(fmt.Sprint("f", i)))
			turn = append(turn, o.all()...)
		}
		d := fdtInstance{files: list, complete: true, e: 500}.packets(t)
		free := tt.spend(r)
		r.feed(d...)
		got := len(eventsOf[event.FDTReceived](r))
		r.wait(5 * time.Second)
		r.feed(d...) // still no room
		failed := eventsOf[event.ObjectFailed](r)
		if len(failed) == 0 || len(failed) == files || len(eventsOf[event.FDTReceived](r)) != got {
			t.Fatalf("%s: %d of %d files refused, FDT told %d times", name, len(failed), files,
				len(eventsOf[event.FDTReceived](r)))
		}
		for _, f := range failed {
			if f.Reason != event.FailBudget || !f.Retry || f.ContentLocation == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		free()
		r.feed(turn...)
		r.wait(time.Minute)
		r.feed(d...)
		r.feed(turn...)
		for i := range files {
			if _, ok := r.store.Get(fmt.Sprint("f", i)); !ok {
				t.Errorf("%s: file %d was not published: %v", name, i, r.ends())
			}
		}
		r.wait(time.Minute)
		if c := eventsOf[event.SessionComplete](r); len(c) != 1 || c[0].Failed != 0 {
			t.Errorf("%s: %+v", name, c)
		}
		r.close()
	}
}

// An object that is whole, and whose description expires before anything has confirmed that all its packets are of one
// sender, is not kept for ever; described again, it is published.
func TestRetryOfMixedObject(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(fdtInstance{id: 1, files: []fdt.File{o.file("a")}, expires: start.Add(time.Minute)}.packets(t)...)
	r.feed(o.packet(0, 0, 1))
	r.l.entries[o.toi].mixed = true
	r.feed(o.packet(0, 1, 1), o.packet(0, 2, 1, closeObject))
	r.wait(50 * time.Second)
	r.want()
	r.wait(10 * time.Second)
	r.want("failed 1 a expired")
	r.wantRetries(true)
	r.feed(describe(t, 2, o.file("a")))
	r.want("failed 1 a expired")
	r.l.entries[o.toi].mixed = false // as Session.unite does
	r.l.effects.Described = append(r.l.effects.Described, o.toi)
	r.settle()
	r.want("failed 1 a expired", "completed 1 a 300")
	r.close()
}

// The session's actor is made anew while an object rests of which a source block waits for memory: it waits for its
// next try.
func TestRestartWhileAStalledObjectRests(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 800, 100, 4, 8, "")
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second), e: 60000}.packets(t)...)
	r.feed(o.all()[:3]...)
	taken := uint64(0)
	for n := r.cfg.Budget.Limit(); n > 0; n /= 2 {
		if r.cfg.Budget.TryReserve(n) {
			taken += n
		}
	}
	r.cfg.Budget.Release(300) // a repair symbol, but not the block
	taken -= 300
	r.feed(o.packet(0, 5, 1))
	r.wait(20 * time.Second)
	r.want("failed 1 a expired")
	r.crash()
	r.cfg.Budget.Release(taken)
	r.feed(fdtInstance{id: 1, files: []fdt.File{o.file("a")}, e: 60000}.packets(t)...)
	r.feed(o.all()...)
	r.want("failed 1 a expired", "completed 1 a 800")
	r.close()
}
