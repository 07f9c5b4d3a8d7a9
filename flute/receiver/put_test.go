package receiver

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/store"
)

// put puts bytes of an object, once, and returns what Object.Put does.
func (r *rig) put(toi flute.TOI, off uint64, p []byte) (n int, again bool, err error) {
	o, own := r.object(toi), bytes.Clone(p)
	n, again, err = o.Put(r.now, off, own)
	clear(own) // nothing of it may be kept
	r.settle()
	r.settleObject(o)
	r.check()
	return n, again, err
}

// mend puts the ranges that an object is said to lack, as content has them.
func (r *rig) mend(toi flute.TOI, content []byte) {
	r.t.Helper()
	st, ok := r.l.Missing(toi, 1000)
	if !ok {
		r.t.Fatalf("TOI %v is not there", toi)
	}
	for _, m := range st.Missing {
		if n, again, err := r.put(toi, m[0], content[m[0]:m[1]]); n != int(m[1]-m[0]) || again || err != nil {
			r.t.Fatalf("bytes %v: %d, %v, %v", m, n, again, err)
		}
	}
}

// TestPut: what an object lacks makes it whole when it is put, whichever packets came before. No count of datagrams
// knows of it.
func TestPut(t *testing.T) {
	for name, o := range map[string]object{
		"no code":      plain(t, 1, 150_077, 1000, 20),
		"Reed-Solomon": coded(t, 1, 150_077, 1000, 20, 30, rs.Rizzo),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				rng := rand.New(rand.NewPCG(seed, 1))
				r := newRig(t)
				r.feed(describe(t, 3, withDigest(o, "a")))
				for _, p := range o.all() {
					if uint64(rng.IntN(20)) < seed { // in the first run nothing comes
						r.feed(p)
					}
				}
				if seed == 0 {
					if n, again, err := r.put(o.toi, 0, nil); n != 0 || again || err != nil { // opens it
						t.Fatal(n, again, err)
					}
				}
				before := r.l.Account(r.now)
				st, _ := r.l.Missing(o.toi, 1)
				r.mend(o.toi, o.content)
				r.want("completed 1 a 150077")
				r.file("a", o.content)
				after := r.l.Account(r.now)
				if after.Useful != before.Useful || after.Symbols != before.Symbols || after.Put != st.Needed {
					t.Errorf("%+v before, %+v after; %d were needed", before, after, st.Needed)
				}
				r.close()
			}
		})
	}
}

// TestPutRefused: what cannot be put is refused by name; what needs not be is taken for done.
func TestPutRefused(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Selection.MaxSize = 100_000 })
	o, silent, large := plain(t, 1, 5_000, 1000, 20), plain(t, 2, 5_000, 1000, 20), plain(t, 3, 200_000, 1000, 20)
	o.noFTI = true
	if _, again, err := r.put(o.toi, 0, o.content); !errors.Is(err, errFinished) || again {
		t.Errorf("an object that is not there: %v", err)
	}
	r.feed(o.packet(0, 0, 1))
	if _, again, err := r.put(o.toi, 0, o.content); !errors.Is(err, errNotKnown) || again {
		t.Errorf("an object that nothing describes: %v", err)
	}
	file := silent.file("b")
	file.HasOTI = false
	r.feed(describe(t, 0, o.file("a"), file, large.file("c")))
	if _, again, err := r.put(silent.toi, 0, silent.content); !errors.Is(err, errNotKnown) || again {
		t.Errorf("an object whose FEC OTI nothing tells: %v", err)
	}
	if _, again, err := r.put(large.toi, 0, large.content); !errors.Is(err, errRefused) || again {
		t.Errorf("an object that is not wanted: %v", err)
	}
	if n, again, err := r.put(o.toi, 0, append(o.content, 0)); n != 0 || again || err == nil {
		t.Errorf("more than the object has: %d, %v, %v", n, again, err)
	}
	if _, err := r.object(o.toi).PutSymbols(r.now, []byte{0, 0, 0}); err == nil {
		t.Error("no symbol, and no error")
	}
	if n, again, err := r.put(o.toi, 0, o.content); n != len(o.content) || again || err != nil {
		t.Errorf("%d, %v, %v", n, again, err)
	}
	r.want("completed 1 a 5000")
	if n, again, err := r.put(o.toi, 0, o.content); n != len(o.content) || again || err != nil {
		t.Errorf("an object that is complete: %d, %v, %v", n, again, err)
	}
	r.close()
	if _, again, err := r.put(silent.toi, 0, silent.content); !errors.Is(err, errFinished) || again {
		t.Errorf("after the end: %v", err)
	}
}

// TestPutSymbols: repair symbols that were put recover what was lost.
func TestPutSymbols(t *testing.T) {
	r, o := attempting(t)
	r.some(o, 0, 0, 3, 4)
	r.some(o, 1, 0, 0)
	for _, p := range [][2]uint32{{0, 10}, {0, 11}, {0, 11}, {1, 12}} {
		id := fec.PayloadID{SBN: fec.SBN(p[0]), ESI: fec.ESI(p[1])}
		payload := append(o.oti.AppendPayloadID(nil, id), o.repair(id.SBN, id.ESI)...)
		if again, err := r.object(o.toi).PutSymbols(r.now, payload); again || err != nil {
			t.Fatal(p, again, err)
		}
		r.settleObject(r.object(o.toi))
	}
	r.workAll()
	r.want("completed 1 a 570077")
	r.file("a", o.content)
	r.close()
}

// TestPutSymbolsInDoubt: a symbol that differs from what is held of an object whose digest failed is waited for longer,
// for others may follow; one that is the same is not.
func TestPutSymbolsInDoubt(t *testing.T) {
	o := plain(t, 1, 50_000, 1000, 20)
	r := newRig(t)
	r.feed(describe(t, 3, withDigest(o, "a")))
	packets := o.all()
	for i := range 3 {
		packets[i] = forge(packets[i])
	}
	r.feed(packets...)
	h := r.l.entries[o.toi].held
	if h == nil || !h.InDoubt() {
		t.Fatal("it is not in doubt")
	}
	put := func(esi fec.ESI, differs bool) {
		t.Helper()
		r.now = r.now.Add(time.Minute)
		payload := append(o.oti.AppendPayloadID(nil, fec.PayloadID{ESI: esi}), o.content[1000*esi:1000*(esi+1)]...)
		if again, err := r.object(o.toi).PutSymbols(r.now, payload); again || err != nil {
			t.Fatal(again, err)
		}
		if h.differs.Equal(r.now) != differs {
			t.Errorf("ESI %d: a symbol has differed last at %v, now is %v", esi, h.differs, r.now)
		}
		r.settleObject(r.object(o.toi))
	}
	put(10, false)
	put(0, true)
	put(11, false)
	put(1, true)
	put(2, true)
	r.file("a", o.content)
	r.close()
}

// TestPutForged: forged bytes that were put cost a try, and no file: packets that come afterwards win.
func TestPutForged(t *testing.T) {
	o := plain(t, 1, 50_000, 1000, 20)
	for _, forged := range []int{1, 3, 20} { // symbols
		r := newRig(t)
		r.feed(describe(t, 3, withDigest(o, "a")))
		all := o.all()
		wrong := bytes.Clone(o.content)
		for i := range forged {
			wrong[i*1000+5] ^= 1
		}
		r.feed(all[forged:]...)
		if _, _, err := r.put(o.toi, 0, wrong[:forged*1000]); err != nil {
			t.Fatal(err)
		}
		if failed := eventsOf[event.ObjectFailed](r); len(failed) != 1 || failed[0].Reason != event.FailDigest {
			t.Fatalf("%d forged: %v", forged, r.ends())
		}
		r.feed(all...)
		r.wait(2 * time.Second)
		r.file("a", o.content)
		r.close()
	}
}

// TestPutOverForger: a forger who sends the same wrong symbols in each turn does not outvote what is put.
func TestPutOverForger(t *testing.T) {
	o := plain(t, 1, 50_000, 1000, 20)
	for _, forged := range []int{1, 3, 20} {
		r := newRig(t)
		r.feed(describe(t, 3, withDigest(o, "a")))
		packets := o.all()
		for i := range forged {
			packets[i] = forge(packets[i])
		}
		for range 3 {
			r.feed(packets...)
		}
		if ends := eventsOf[event.ObjectCompleted](r); len(ends) > 0 {
			t.Fatal("forged bytes were published")
		}
		for try := 0; len(eventsOf[event.ObjectCompleted](r)) == 0 && try < 4; try++ {
			if _, _, err := r.put(o.toi, 0, o.content); err != nil {
				t.Fatal(err)
			}
			r.wait(time.Second)
		}
		r.file("a", o.content)
		r.close()
	}
}

// TestPutAtTheEnd: an object is repaired after its description has expired, after a B flag, and while its session ends;
// each would have ended it.
func TestPutAtTheEnd(t *testing.T) {
	o := plain(t, 1, 50_000, 1000, 20)
	for name, end := range map[string]func(r *rig){
		"expired": func(r *rig) { r.wait(61 * time.Minute) },
		"B flag":  func(r *rig) { r.feed(o.packet(0, 0, 1, closeObject)); r.wait(20 * time.Second) },
		"A flag":  func(r *rig) { r.feed(o.packet(0, 0, 1, closeSession)) },
		"nothing": func(*rig) {},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.NoSessionTimeout = true })
			r.feed(describe(t, 3, withDigest(o, "a")))
			r.feed(o.all()[:30]...)
			end(r)
			for off := uint64(30_000); off < 50_000; off += 5000 {
				if n, again, err := r.put(o.toi, off, o.content[off:off+5000]); n != 5000 || again || err != nil {
					t.Fatal(off, n, again, err)
				}
				r.wait(repairGrace - time.Second)
			}
			r.file("a", o.content)
			if failed := eventsOf[event.ObjectFailed](r); len(failed) > 1 {
				t.Errorf("%d tries have failed while it was repaired: %v", len(failed), r.ends())
			}
			if ends := r.ends(); !slices.Contains(ends, "completed 1 a 50000") {
				t.Error(ends)
			}
			r.wait(2 * repairGrace)
			if name == "A flag" && !r.s.Ended() {
				t.Error("the session goes on")
			}
			r.close()
		})
	}
}

func closeSession(h *lct.Header) { h.CloseSession = true }

// TestPutSurvives: what was put is kept by a crash of the workers, and by the end of the process, as any symbol is.
func TestPutSurvives(t *testing.T) {
	o := plain(t, 1, 150_000, 1000, 20)
	d := newDisk()
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, "a")))
	r.feed(o.all()[:20]...)
	if _, _, err := r.put(o.toi, 70_000, o.content[70_000:90_000]); err != nil {
		t.Fatal(err)
	}
	r.crash()
	if st, ok := r.l.Missing(o.toi, 9); !ok || st.Done != 40_000 || st.Put != 20_000 {
		t.Fatalf("after the crash: %+v", st)
	}
	for range 3 { // no packet comes: the notes are taken all the same
		r.wait(2 * time.Second)
	}
	left := d.cut(nil)
	if stored := claims(t, left, o); stored != 40_000 {
		t.Fatalf("%d bytes were noted", stored)
	}
	next := onDisk(t, left)
	next.now = r.now.Add(time.Second)
	next.feed(describe(t, 3, withDigest(o, "a")))
	next.mend(o.toi, o.content)
	next.want("completed 1 a 150000")
	if !bytes.Equal(left.published["a"], o.content) {
		t.Error("other bytes were published")
	}
}

// TestPutWithoutMemory: what there is no memory for can be put later.
func TestPutWithoutMemory(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(4<<20, nil) })
	r.slow = true
	o := plain(t, 1, 400_000, 1000, 20)
	r.feed(describe(t, 3, withDigest(o, "a")), o.packet(0, 0, 1))
	taken := r.cfg.Budget.Limit() - r.cfg.Budget.Used() - 100_000
	if !r.cfg.Budget.TryReserve(taken) {
		t.Fatal("no room")
	}
	n, again, err := r.put(o.toi, 1000, o.content[1000:])
	if n == 0 || n >= 399_000 || !again || err != nil {
		t.Fatal(n, again, err)
	}
	r.cfg.Budget.Release(taken)
	if n, again, err := r.put(o.toi, 1000, o.content[1000:]); n != 399_000 || again || err != nil {
		t.Fatal(n, again, err)
	}
	r.workAll()
	r.want("completed 1 a 400000")
	r.close()
}
