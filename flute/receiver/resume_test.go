package receiver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// onDisk makes a rig over d, which goes on with what is left there.
func onDisk(t testing.TB, d *disk) *rig {
	t.Helper()
	list, err := d.Recover(func(notes []byte) bool {
		k, ok := (&Config{}).SessionOf(notes)
		return ok && k == key
	})
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, func(c *Config) { c.Store, c.Leftovers, c.Delivered = d, list, d.delivered })
}

// withDigest returns the File element of o with its digest.
func withDigest(o object, name string) fdt.File {
	f, sum := o.file(name), sha256.Sum256(o.content)
	f.SHA256 = sum[:]
	return f
}

// claims fails the test if the notes of an object say that bytes are there which the disk has not, and returns how many
// they say are.
func claims(t testing.TB, d *disk, o object) (bytesHeld uint64) {
	t.Helper()
	for _, left := range d.staged {
		r := newRig(t, func(c *Config) {
			c.Store, c.Leftovers = d, []store.Leftover{{Object: left, Notes: left.notes}}
		})
		r.l.restore(r.now)
		for _, e := range r.l.entries {
			h, part := e.held, e.held.Partition()
			bytesHeld = max(bytesHeld, h.Received)
			for sbn := range fec.SBN(part.Blocks()) {
				for esi := range fec.ESI(part.BlockSymbols(sbn)) {
					off, n := part.Symbol(sbn, esi)
					if !h.Holds(sbn, esi) {
						continue
					}
					got := make([]byte, n)
					if _, err := left.ReadAt(got, int64(off)); err != nil {
						t.Fatalf("source block %d, symbol %d is noted: %v", sbn, esi, err)
					}
					if !bytes.Equal(got, o.content[off:off+uint64(n)]) {
						t.Fatalf("source block %d, symbol %d is noted, and its bytes are not there", sbn, esi)
					}
				}
			}
		}
	}
	return bytesHeld
}

// A receiver that is killed at any packet goes on: nothing that was noted is needed again, and the file is right.
func TestResumeAtEveryStep(t *testing.T) {
	for name, o := range map[string]object{
		"no code":      plain(t, 1, 150_000, 1000, 20),
		"one block":    plain(t, 1, 150_000, 1000, 200),
		"Reed-Solomon": coded(t, 1, 150_000, 1000, 20, 30, rs.Rizzo),
	} {
		t.Run(name, func(t *testing.T) {
			file := withDigest(o, "a")
			packets := o.all()
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(packets), func(i, j int) {
				packets[i], packets[j] = packets[j], packets[i]
			})
			d := newDisk()
			first := onDisk(t, d)
			first.feed(describe(t, 3, file))
			for i, p := range packets[:len(packets)-1] {
				first.now = first.now.Add(100 * time.Millisecond)
				first.feed(p)
				if i%5 != 0 {
					continue
				}
				left := d.cut(nil)
				stored := claims(t, left, o)
				if i >= 25 && stored == 0 {
					t.Fatal("nothing was noted")
				}
				r := onDisk(t, left)
				r.now = first.now.Add(time.Second)
				r.feed(describe(t, 3, file))
				r.feed(packets...)
				r.want("completed 1 a 150000")
				if !bytes.Equal(left.published["a"], o.content) {
					t.Fatal("other bytes were published")
				}
				if s := eventsOf[event.ObjectStarted](r)[0]; s.Resumed != stored {
					t.Fatalf("%d bytes were noted, %d were resumed", stored, s.Resumed)
				}
				if c := r.l.Counters(); c.Duplicate*1000 < stored { // all symbols have 1000 bytes
					t.Fatalf("%d duplicates, though %d bytes were noted", c.Duplicate, stored)
				}
			}
		})
	}
}

// Whatever a loss of power leaves of what was not synced, and whenever the disk gets to what it is asked to do, the
// notes tell of nothing that is not there.
func TestResumeAfterLossOfPower(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		o := coded(t, 1, 120_000, 1000, 10, 15, rs.Rizzo)
		if seed%2 == 0 {
			o = plain(t, 1, 120_000, 1000, 1+rng.IntN(60))
		}
		packets := o.all()
		for range len(packets) / 4 {
			if sbn := fec.SBN(rng.IntN(12)); seed%2 == 1 {
				packets = append(packets, o.packet(sbn, fec.ESI(10+rng.IntN(5)), 1))
			}
		}
		rng.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
		d := newDisk()
		for range 4 {
			r := onDisk(t, d)
			r.manual, r.slow = true, true
			r.now = r.now.Add(time.Duration(rng.IntN(1000)) * time.Millisecond)
			r.feed(describe(t, 3, withDigest(o, "a")))
			for range rng.IntN(2 * len(packets)) {
				r.now = r.now.Add(time.Duration(rng.IntN(300)) * time.Millisecond)
				r.feed(packets[rng.IntN(len(packets))])
				for len(r.works) > 0 && rng.IntN(3) == 0 {
					i := rng.IntN(len(r.works))
					r.works[0], r.works[i] = r.works[i], r.works[0]
					r.work()
				}
			}
			if got := d.published["a"]; got != nil && !bytes.Equal(got, o.content) {
				t.Fatalf("seed %d: other bytes were published", seed)
			}
			d = d.cut(rng)
			claims(t, d, o)
		}
	}
}

// notesOf returns the notes of an object of which a part has come, with several records.
func notesOf(t testing.TB, o object) (*disk, []byte) {
	t.Helper()
	d := newDisk()
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, "a")))
	for _, p := range o.all()[:60] {
		r.now = r.now.Add(100 * time.Millisecond)
		r.feed(p)
	}
	if len(d.staged) != 1 || len(d.staged[0].notes) == 0 {
		t.Fatal("nothing was noted")
	}
	return d, d.staged[0].notes
}

// Notes that are cut at any byte say less, or nothing; they never say more.
func TestNotesCutAtEveryByte(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	_, notes := notesOf(t, o)
	_, _, whole, err := readNotes(notes)
	if err != nil || len(whole) < 3 {
		t.Fatal(len(whole), err)
	}
	for n := range notes {
		_, _, entries, err := readNotes(notes[:n])
		if err != nil && entries != nil || err == nil && !slices.EqualFunc(entries, whole[:len(entries)], bytes.Equal) {
			t.Fatalf("cut at %d: %d entries, %v", n, len(entries), err)
		}
	}
}

// A bit that is wrong is found. What was noted before it counts, if that tells what the object is.
func TestNotesWithAWrongBit(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	_, notes := notesOf(t, o)
	want, _, whole, err := readNotes(notes)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(notes) {
		bad := bytes.Clone(notes)
		bad[i/8] ^= 1 << (i % 8)
		n, _, entries, err := readNotes(bad)
		if err != nil {
			continue
		}
		if len(entries) >= len(whole) || !slices.EqualFunc(entries, whole[:len(entries)], bytes.Equal) ||
			n.File.ContentLocation != want.File.ContentLocation {
			t.Fatalf("bit %d is wrong, and the notes are believed", i)
		}
	}
}

// Notes that cannot be read cost their object only.
func TestDamagedNotesCostTheirObject(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	for _, notes := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("FN\x01\x01"), 100)} {
		d, _ := notesOf(t, o)
		left := d.cut(nil)
		r := newRig(t, func(c *Config) {
			c.Store, c.Leftovers = left, []store.Leftover{{Object: left.staged[0], Notes: notes}}
		})
		r.feed(describe(t, 3, withDigest(o, "a")))
		r.feed(o.all()...)
		r.want("completed 1 a 100000")
		if !bytes.Equal(left.published["a"], o.content) {
			t.Error("other bytes were published")
		}
	}
}

// A sender that was started again meanwhile uses the same TOI for another file: nothing is mixed.
func TestResumeOfAnotherFile(t *testing.T) {
	for _, digest := range []bool{false, true} {
		old, file := plain(t, 1, 100_000, 1000, 7), plain(t, 1, 100_000, 1000, 7)
		file.content = random(100_000, 99)
		element := file.file("a")
		if digest {
			element = withDigest(file, "a")
		}
		d, _ := notesOf(t, old)
		left := d.cut(nil)
		r := onDisk(t, left)
		for range 30 { // it takes the sender's FDT Instances some time to win
			r.now = r.now.Add(200 * time.Millisecond)
			r.feed(describe(t, 900, element))
			r.feed(file.all()...)
		}
		if !bytes.Equal(left.published["a"], file.content) {
			t.Errorf("digest %v: published %d bytes: %v", digest, len(left.published["a"]), r.ends())
		}
	}
}

// What an earlier process has published is not received again, also under another TOI and when the digest is told late;
// another version of it is.
func TestDeliveredIsKnown(t *testing.T) {
	o, other := plain(t, 1, 3000, 1000, 7), plain(t, 2, 3000, 1000, 7)
	d := newDisk()
	first := onDisk(t, d)
	first.feed(describe(t, 3, withDigest(o, "a")))
	first.feed(o.all()...)
	first.want("completed 1 a 3000")
	again, small := o, plain(t, 1, 3000, 500, 7)
	again.toi = flute.NewTOI(9)
	for name, c := range map[string]struct {
		of    object
		files []fdt.File
		known bool
	}{
		"other symbols":   {small, []fdt.File{withDigest(small, "a")}, true},
		"the same":        {o, []fdt.File{withDigest(o, "a")}, true},
		"another TOI":     {again, []fdt.File{withDigest(again, "a")}, true},
		"a late digest":   {again, []fdt.File{again.file("a"), withDigest(again, "a")}, true},
		"no digest":       {again, []fdt.File{again.file("a")}, false},
		"another version": {other, []fdt.File{withDigest(other, "a")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := onDisk(t, d.cut(nil))
			packets := c.of.all()
			r.feed(packets[0])
			for i, f := range c.files {
				r.feed(describe(t, flute.InstanceID(3+i), f))
			}
			r.feed(packets[1:]...)
			done := eventsOf[event.ObjectCompleted](r)
			if len(done) != 1 || done[0].Earlier != c.known || done[0].Size != 3000 {
				t.Errorf("%+v", done)
			}
			r.s.Close("test is over")
			r.settle()
			if n := r.l.Held(); n != 0 {
				t.Errorf("%d bytes held after the end", n)
			}
		})
	}
}

// A store has room for the notes of some 100,000 files, so that one has what a later process looks at and nothing else.
// The longer ones of earlier versions are read all the same.
func TestDeliveredIsShort(t *testing.T) {
	location := "a-folder/" + strings.Repeat("x", 40)
	o := plain(t, 1, 3000, 1000, 7)
	d := newDisk()
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, location)))
	e := r.l.entries[o.toi]
	r.feed(o.all()...)
	if len(d.delivered) != 1 || len(d.delivered[0]) > 380 {
		t.Fatalf("%q", d.delivered)
	}
	long, err := json.Marshal(noted{Session: r.l.key, TOI: "1", File: noteFile(e.file), FTI: []byte("fti")})
	if err != nil {
		t.Fatal(err)
	}
	for _, notes := range [][][]byte{d.delivered, {long}} {
		d.delivered = notes
		r := onDisk(t, d.cut(nil))
		r.feed(describe(t, 3, withDigest(o, location)))
		if done := eventsOf[event.ObjectCompleted](r); len(done) != 1 || !done[0].Earlier {
			t.Errorf("%s: %+v", notes, done)
		}
	}
}

// A session that is closed on request leaves what was noted to the next process, as a killed one does.
func TestClosedSessionLeavesItsObjects(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	d, _ := notesOf(t, o)
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, "a")))
	r.s.Close("test is over")
	r.settle()
	r = onDisk(t, d.cut(nil))
	r.feed(describe(t, 3, withDigest(o, "a")), o.all()[99])
	if s := eventsOf[event.ObjectStarted](r); len(s) != 1 || s[0].Resumed == 0 {
		t.Errorf("%+v", s)
	}
}

// A session that is closed on request notes what has come since the last checkpoint, however the disk takes its time:
// nothing of it is needed again. If the notes cannot be written, the session ends all the same.
func TestClosedSessionNotesTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		fails error
		slow  bool
		want  uint64
	}{
		"at once":      {want: 60_000},
		"a slow disk":  {slow: true, want: 60_000},
		"a disk fails": {fails: store.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			o := plain(t, 1, 100_000, 1000, 7)
			d := newDisk()
			d.fails = c.fails
			r := onDisk(t, d)
			r.slow, r.manual = c.slow, c.slow
			r.feed(describe(t, 3, withDigest(o, "a")))
			r.feed(o.all()[:60]...)
			r.s.Close("test is over")
			r.settle()
			for len(r.works) > 0 {
				r.work()
			}
			if !r.s.Ended() {
				t.Fatal("the session has not ended")
			}
			r.want("failed 1 a session_over", "closed test is over")
			if n := r.l.Held(); n != 0 {
				t.Errorf("%d bytes held after the end", n)
			}
			left := d.cut(nil)
			claims(t, left, o)
			r = onDisk(t, left)
			r.feed(describe(t, 3, withDigest(o, "a")))
			r.feed(o.all()[60:]...)
			if c.want > 0 {
				r.want("completed 1 a 100000")
			}
			if s := eventsOf[event.ObjectStarted](r); len(s) != 1 || s[0].Resumed != c.want {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A session that is given up ends at once, with what was noted before.
func TestAbortedSessionNotesNothing(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	r := onDisk(t, newDisk())
	r.slow, r.manual = true, true
	r.feed(describe(t, 3, withDigest(o, "a")))
	r.feed(o.all()[:60]...)
	r.s.Close("test is over")
	r.settle()
	r.s.Abort("given up")
	r.settle()
	if !r.s.Ended() {
		t.Error("the session has not ended")
	}
}

// An object whose notes cannot be written is received all the same, with one Warning.
func TestNotesCannotBeWritten(t *testing.T) {
	o := plain(t, 1, 100_000, 1000, 7)
	d := newDisk()
	d.fails = store.ErrClosed
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, "a")))
	for _, p := range o.all() {
		r.now = r.now.Add(100 * time.Millisecond)
		r.feed(p)
	}
	r.want("completed 1 a 100000")
	if n := len(eventsOf[event.Warning](r)); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// FuzzNotes: whatever notes say that have the right checksum, nothing wrong is published.
func FuzzNotes(f *testing.F) {
	o := plain(f, 1, 100_000, 1000, 7)
	_, notes := notesOf(f, o)
	for len(notes) > 0 {
		typ, body, rest, err := nextRecord(notes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(typ, body)
		notes = rest
	}
	_, whole := notesOf(f, o)
	packets := append([][]byte{describe(f, 3, withDigest(o, "a"))}, o.all()...)
	f.Fuzz(func(t *testing.T, typ byte, body []byte) {
		record := appendRecord(nil, typ, func(b []byte) []byte { return append(b, body...) })
		for _, notes := range [][]byte{body, record, append(slices.Clone(whole), record...)} {
			allocbound.Bound{PerByte: 20, Fixed: 4 << 10}.Check(t, len(notes), func() { _, _, _, _ = readNotes(notes) })
			d := newDisk()
			object, _ := d.Create(0)
			r := newRig(t, func(c *Config) {
				c.Store, c.Leftovers = d, []store.Leftover{{Object: object, Notes: notes}}
			})
			r.feed(packets...)
			if got := d.published["a"]; got != nil && !bytes.Equal(got, o.content) {
				t.Fatal("other bytes were published")
			}
		}
	})
}

// What came last is noted, too, when no packet follows for long, as in the pause of a carousel.
func TestTailIsNoted(t *testing.T) {
	o := plain(t, 1, 150_000, 1000, 20)
	d := newDisk()
	r := onDisk(t, d)
	r.feed(describe(t, 3, withDigest(o, "a")))
	r.feed(o.all()[:100]...)
	r.wait(1500 * time.Millisecond)
	r.feed(describe(t, 3, withDigest(o, "a")))
	r.feed(o.all()[100:120]...)
	r.wait(100 * time.Millisecond)
	r.s.sweep(r.now) // for another reason
	r.wait(1400 * time.Millisecond)
	if stored := claims(t, d.cut(nil), o); stored != 120_000 {
		t.Errorf("%d bytes of 120000 are noted", stored)
	}
}

// Packets that come before the first FDT Instance of a session that goes on, with a pause in between, are not needed
// again, whichever FDT Instance that is: the digest tells that it is the same file.
func TestResumeBeforeALaterInstance(t *testing.T) {
	for _, id := range []flute.InstanceID{4, 40} {
		o := plain(t, 1, 100_000, 1000, 7)
		file, packets := withDigest(o, "a"), o.all()
		d := newDisk()
		r := onDisk(t, d)
		r.feed(describe(t, 3, file))
		for _, p := range packets[:60] {
			r.now = r.now.Add(100 * time.Millisecond)
			r.feed(p)
		}
		r.wait(2 * time.Second)
		next := onDisk(t, d.cut(nil))
		next.now = r.now.Add(time.Second)
		next.feed(packets[60:80]...)
		next.wait(time.Second) // a seam
		next.feed(describe(t, id, file))
		next.feed(packets[80:]...)
		next.want("completed 1 a 100000")
	}
}
