package sender

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// TestDirect: content is read when it is due where nobody runs Works, unless it may change, or something was read.
func TestDirect(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *readAhead)
		want   bool
	}{
		"":                   {func(*readAhead) {}, true},
		"somebody runs them": {func(r *readAhead) { r.attended = true }, false},
		"it may change":      {func(r *readAhead) { r.source = &disk{} }, false},
		"a job":              {func(r *readAhead) { r.job = &readJob{} }, false},
		"a piece":            {func(r *readAhead) { r.pieces = []*piece{{}} }, false},
	} {
		r := &readAhead{}
		if c.change(r); r.direct() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// TestCrashedJobIsRepeated: as a whole, and its end is told again.
func TestCrashedJobIsRepeated(t *testing.T) {
	for _, attended := range []bool{false, true} {
		r := &readAhead{attended: attended, src: bytes.NewReader(pattern(10)), object: &Object{}}
		j := r.newJob()
		r.ask(j, span{2, 3})
		j.owner.Store(jobEnded)
		r.job = j
		r.again(start)
		if (r.work != nil) != attended || r.job != j || !r.checked.Equal(start) {
			t.Fatalf("attended %v: %+v", attended, r)
		}
		if attended {
			if j.owner.Load() != jobHeld || r.work.job != job(j) {
				t.Error("the job is at its end before it has begun")
			}
			r.work.Run(nil)
		}
		if err := r.settle(); err != nil || len(r.pieces) != 1 || r.bytes != 3 || r.job != nil {
			t.Errorf("attended %v: %v, %d pieces of %d bytes", attended, err, len(r.pieces), r.bytes)
		}
		if !bytes.Equal(r.pieces[0].buf, pattern(10)[2:5]) {
			t.Errorf("%q", r.pieces[0].buf)
		}
	}
}

// TestReviveDropsWhatWasRead: after a crash a block is read again, since nobody knows which of its bytes were taken.
// What was read of others stays.
func TestReviveDropsWhatWasRead(t *testing.T) {
	x := &transfer{slots: make([]block, 2), active: 1}
	s := &x.slots[0]
	s.off, s.size, s.group, s.packet = 10, 20, group{k: 2, g: 1, sources: 2}, 1
	for _, off := range []uint64{0, 9, 10, 29, 30} {
		x.content.pieces = append(x.content.pieces, &piece{off: off, buf: make([]byte, 1)})
		x.content.bytes++
	}
	x.revive(start)
	if !s.stale || s.resume != 1 || x.content.bytes != 3 || len(x.content.spare) != 2 {
		t.Errorf("%d bytes, %d spare pieces, %+v", x.content.bytes, len(x.content.spare), s)
	}
	for i, off := range []uint64{0, 9, 30} {
		if x.content.pieces[i].off != off {
			t.Errorf("piece %d is of %d", i, x.content.pieces[i].off)
		}
	}
	// Between two blocks there is none to be read again.
	x.turn, s.stale = 1, false
	if x.revive(start); s.stale || x.content.bytes != 3 {
		t.Error("a block that was not in use is read again")
	}
	// A job that has crashed is repeated, and one that is under way is not.
	x.content.src = bytes.NewReader(pattern(40))
	x.content.attended, x.content.object = true, &Object{}
	x.content.job = x.content.newJob()
	x.revive(start)
	w := x.content.work
	if w == nil {
		t.Fatal("it is not repeated")
	}
	if x.revive(start.Add(time.Second)); x.content.work != w {
		t.Error("it is repeated while it is under way")
	}
}

// TestSpoil: a crash is noted of a block that was open, with the packet that was next at the first one.
func TestSpoil(t *testing.T) {
	b := &block{}
	if b.spoil(); b.stale {
		t.Error("a block that was not open is opened again")
	}
	b.group = group{sources: 1}
	b.packet = 1
	if b.spoil(); !b.stale || b.resume != 1 {
		t.Errorf("%+v", b)
	}
	b.packet = 0 // half opened
	if b.spoil(); b.resume != 1 {
		t.Error("what was next is forgotten by the second crash")
	}
}

// TestScratchOfAChangedSource: content that has changed while it was prepared is encoded into another Scratch, which
// is the session's to close; the one that was given is not, if the file is not Owned.
func TestScratchOfAChangedSource(t *testing.T) {
	for changes, want := range map[int]bool{0: false, 1: true} {
		open, made := 0, 0
		d := &disk{}
		d.replace(make([]byte, 1000))
		given := &countedPad{open: &open, made: &made}
		open++
		w := &writer{disk: d, changes: changes}
		o, err := Prepare(context.Background(), File{ContentLocation: "a", Source: w, CENC: flute.GZIP}, given)
		if err != nil || o.owned != want || (o.scratch == Scratch(given)) == want || open != 1 {
			t.Errorf("%d changes: %v, owned %v, %d are open", changes, err, o.owned, open)
		}
		if want == (len(o.closers()) == 0) {
			t.Errorf("%d changes: %d are to be closed", changes, len(o.closers()))
		}
	}
}

// TestJobThatFails: what cannot be read ends the job; those pieces and all after it have the error, and those before it
// their bytes. A job that was abandoned reads nothing more, and closes what it has opened.
func TestJobThatFails(t *testing.T) {
	job := func() *readJob {
		j := &readJob{src: bytes.NewReader(pattern(10))}
		for _, s := range []span{{0, 4}, {4, 6}, {9, 2}, {0, 1}} {
			j.pieces = append(j.pieces, &piece{off: s.off, buf: make([]byte, s.n)})
		}
		return j
	}
	j := job()
	if err := j.run(nil); err != nil || j.err != nil || j.changed || j.read.Load() != 4 || j.owner.Load() != jobEnded {
		t.Errorf("%v, %v, %d pieces", err, j.err, j.read.Load())
	}
	for i, fails := range []bool{false, false, true, true} {
		if (j.pieces[i].err != nil) != fails {
			t.Errorf("piece %d: %v", i, j.pieces[i].err)
		}
	}
	if !bytes.Equal(j.pieces[1].buf, pattern(10)[4:]) {
		t.Errorf("%q", j.pieces[1].buf)
	}
	j = job()
	j.owner.Store(jobAbandoned)
	d := &disk{}
	d.replace(pattern(10))
	opened, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	j.opened = opened
	j.version, err = opened.Version()
	if err != nil {
		t.Fatal(err)
	}
	if _ = j.run(nil); j.read.Load() != 0 || d.open != 0 {
		t.Errorf("%d pieces were read, %d files are open", j.read.Load(), d.open)
	}
}

// TestJobOpens: the version that was prepared, and no other: that is closed at once. What is encoded is not opened, but
// its version is looked at.
func TestJobOpens(t *testing.T) {
	for _, c := range []struct {
		name             string
		other, encoded   bool
		opened, asChange bool
	}{
		{"it is the same", false, false, true, false},
		{"it has changed", true, false, false, true},
		{"it is encoded", false, true, false, false},
		{"it is encoded, and has changed", true, true, false, true},
	} {
		d := &disk{}
		d.replace(pattern(10))
		_, v, err := openVersion(d)
		if err != nil {
			t.Fatal(err)
		}
		d.open = 0
		j := &readJob{source: d, version: v}
		if c.encoded {
			j.src = bytes.NewReader(pattern(3))
		}
		if c.other {
			d.replace(pattern(11))
		}
		_ = j.run(nil)
		if (j.opened != nil) != c.opened || (d.open == 1) != c.opened || errors.Is(j.err, errChanged) != c.asChange {
			t.Errorf("%s: opened %v, %d are open, %v", c.name, j.opened != nil, d.open, j.err)
		}
		if (j.src != nil) != (c.opened || c.encoded) {
			t.Errorf("%s: it is read: %v", c.name, j.src != nil)
		}
	}
}
