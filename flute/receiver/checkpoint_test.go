package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// An object is noted each checkpointInterval, however much has come; not while a note is on its way, nor without news.
// The notes are begun anew when they have become longer than they need be, or could not be written.
func TestWhenNotesAreTaken(t *testing.T) {
	r := onDisk(t, &disk{})
	r.manual, r.slow = true, true
	o := plain(t, 1, 400_000, 1400, 64)
	r.feed(describe(t, 0, o.file("a")))
	packets := o.all()
	r.feed(packets[0])
	e := r.l.entries[o.toi]
	h, c := e.held, &e.held.checkpoints
	for len(r.works) > 0 {
		r.work()
	}
	next := 1
	news := func() {
		r.feed(packets[next])
		next++
		for len(r.works) > 0 {
			r.work()
		}
	}
	for name, tt := range map[string]struct {
		prepare       func()
		noted, isAnew bool
	}{
		"just in time": {func() { r.l.now = c.last.Add(checkpointInterval) }, true, false},
		"early":        {func() { r.l.now = c.last.Add(checkpointInterval - 1) }, false, false},
		"many bytes":   {func() { h.Received = 1 << 40 }, false, false},
		"parting":      {func() { r.l.now, r.l.parting = c.last, true }, true, false},
		"under way":    {func() { r.l.now, c.note = c.last.Add(time.Hour), []byte{} }, true, false},
		"the first":    {func() { r.l.now, c.noted = c.last.Add(time.Hour), false }, true, true},
		"failed":       {func() { r.l.now, c.fails = c.last.Add(time.Hour), true }, true, true},
		"as long as may be": {func() {
			r.l.now, c.whole, c.more = c.last.Add(time.Hour), 1, leastWhole
		}, true, false},
		"too long": {func() { r.l.now, c.whole, c.more = c.last.Add(time.Hour), 1, leastWhole+1 }, true, true},
		"long, but not for what it holds": {func() {
			r.l.now, c.whole, c.more = c.last.Add(time.Hour), leastWhole, wholeAgain*leastWhole
		}, true, false},
		"too long for what it holds": {func() {
			r.l.now, c.whole, c.more = c.last.Add(time.Hour), leastWhole, wholeAgain*leastWhole+1
		}, true, true},
		"no news": {func() {
			r.l.now = c.last.Add(time.Hour)
			h.AppendBlocks(nil)
		}, false, false},
	} {
		news()
		received, underWay := h.Received, name == "under way"
		*c = checkpoints{last: r.now, noted: true, whole: 100, more: 10}
		tt.prepare()
		before := *c
		r.l.checkpoint(e)
		switch {
		case (c.note != nil) != tt.noted:
			t.Errorf("%s: noted %v", name, c.note != nil)
		case underWay && (len(c.note) > 0 || c.more != 10):
			t.Errorf("%s: %d bytes take the place of what is on its way", name, len(c.note))
		case tt.noted && !underWay:
			if c.anew != tt.isAnew || !c.last.Equal(r.l.now) {
				t.Errorf("%s: anew %v, last %v", name, c.anew, c.last)
			}
			if tt.isAnew && (c.whole != len(c.note) || c.more != 0) ||
				!tt.isAnew && (c.whole != before.whole || c.more != before.more+len(c.note)) {
				t.Errorf("%s: %d and %d bytes, the note has %d", name, c.whole, c.more, len(c.note))
			}
		}
		h.Received, r.l.now, r.l.parting = received, r.now, false
		*c = checkpoints{last: r.now, noted: true}
	}
	*c = checkpoints{}
	news()
	if !c.last.Equal(r.now) || c.note != nil {
		t.Errorf("the first packet is noted at once, or nobody knows when it came: %v", c.last)
	}
}

// A note that the store gets to when the file is published has not failed: nobody is warned, whichever Work comes back
// first.
func TestNoteAfterPublication(t *testing.T) {
	d := newDisk()
	r := onDisk(t, d)
	r.manual, r.slow = true, true
	o := plain(t, 1, 400_000, 1400, 64)
	var note, publication *Work
	work := func() { // all but these two
		for len(r.works) > 0 {
			switch w := r.works[0]; {
			case w.notes:
				note, r.works = w, r.works[1:]
			case w.publication != nil:
				publication, r.works = w, r.works[1:]
			default:
				r.work()
			}
		}
	}
	r.feed(describe(t, 0, o.file("a")))
	for i, p := range o.all() {
		if i < 25 { // a pause of seamSilence makes a seam
			r.wait(checkpointInterval / 10)
		}
		r.feed(p)
		work()
	}
	if note == nil || publication == nil {
		t.Fatal("they are not under way at a time")
	}
	labour(publication)
	labour(note)
	r.bring(note)
	r.bring(publication)
	r.want("completed 1 a 400000")
	if list := eventsOf[event.Warning](r); len(list) > 0 || d.published["a"] == nil {
		t.Errorf("warned of %v", list)
	}
}
