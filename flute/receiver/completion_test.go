package receiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// What an end counts as: what is gone is of a sender before, what is repeated has been counted, and what is superseded
// has a successor.
func TestEndsAreCounted(t *testing.T) {
	described := &fdt.File{}
	type counts struct{ done, failed, unwanted int }
	completed := func(c *completion, e *entry) { c.completed(e) }
	failed := func(c *completion, e *entry) { c.lost(e, event.FailDigest) }
	superseded := func(c *completion, e *entry) { c.lost(e, event.FailSuperseded) }
	refused := func(c *completion, e *entry) { c.refusedObject(e) }
	for name, c := range map[string]struct {
		e    entry
		end  func(c *completion, e *entry)
		want counts
	}{
		"completed":               {entry{}, completed, counts{done: 1}},
		"completed, gone":         {entry{gone: true}, completed, counts{}},
		"completed again":         {entry{repeated: true}, completed, counts{}},
		"failed":                  {entry{record: record{file: described}}, failed, counts{failed: 1}},
		"failed, gone":            {entry{record: record{file: described}, gone: true}, failed, counts{}},
		"failed after completion": {entry{record: record{file: described}, repeated: true}, failed, counts{}},
		"failed, not described":   {entry{}, failed, counts{}},
		"superseded":              {entry{record: record{file: described}}, superseded, counts{}},
		"refused":                 {entry{}, refused, counts{unwanted: 1}},
		"refused, gone":           {entry{gone: true}, refused, counts{}},
	} {
		var done completion
		c.end(&done, &c.e)
		if got := (counts{done.done, done.failed, done.unwanted}); got != c.want || !done.ends {
			t.Errorf("%s: %+v, looked at again %v", name, got, done.ends)
		}
	}
}

// The FDT Instance that said Complete is repeated if its first packet comes after another's, or after a pause.
func TestRepetitions(t *testing.T) {
	at := start.Add(time.Minute)
	for name, c := range map[string]struct {
		latest  flute.InstanceID
		passed  time.Duration
		id      flute.InstanceID
		isNew   bool
		said    bool
		repeats int
	}{
		"after another":     {4, 1, 5, false, true, 2},
		"after a pause":     {5, repeatPause, 5, false, true, 2},
		"the same":          {5, repeatPause - 1, 5, false, true, 1},
		"another":           {5, time.Hour, 4, false, true, 1},
		"new":               {4, 1, 5, true, true, 0},
		"nobody said so":    {4, 1, 5, false, false, 1},
		"new, not the same": {4, 1, 6, true, true, 0},
	} {
		d := completion{said: c.said, by: 5, repeats: 1, latest: c.latest, at: at.Add(-c.passed), news: start}
		d.heard(at, c.id, c.isNew)
		if d.repeats != c.repeats || d.latest != c.id || !d.at.Equal(at) || d.news.Equal(at) != c.isNew ||
			d.check.Equal(at) != (c.repeats == completeRepeats) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	d := completion{said: true, by: 5, repeats: completeRepeats, latest: 4}
	if d.heard(at, 5, false); !d.check.IsZero() {
		t.Error("a third repetition makes the session look again")
	}
}

// The session looks at its objects at the least moment that something asked for, while it matters.
func TestLook(t *testing.T) {
	for name, c := range map[string]struct {
		before completion
		want   time.Time
	}{
		"first":          {completion{said: true}, start},
		"earlier":        {completion{said: true, check: start.Add(1)}, start},
		"later":          {completion{said: true, check: start.Add(-1)}, start.Add(-1)},
		"nobody said so": {completion{}, noTime},
		"told":           {completion{said: true, told: true}, noTime},
	} {
		if c.before.look(start); !c.before.check.Equal(c.want) {
			t.Errorf("%s: at %v", name, c.before.check)
		}
	}
	last := start.Add(time.Hour)
	for name, c := range map[string]struct {
		c    completion
		want time.Time
	}{
		"ends":                   {completion{ends: true, said: true, check: start}, last},
		"nothing ends":           {completion{said: true, check: start}, start},
		"ends, told":             {completion{ends: true, said: true, told: true, check: start}, start},
		"ends, nobody said more": {completion{ends: true, check: start}, start},
	} {
		if got := c.c.deadline(last); !got.Equal(c.want) {
			t.Errorf("%s: deadline %v", name, got)
		}
	}
}

// What cannot be used is remembered once, up to a bound, until it can be used.
func TestRefusedFiles(t *testing.T) {
	var c completion
	for i := range 2 * maxRefused {
		c.refuse(fmt.Sprint(i))
		c.refuse("0")
		if n := len(c.refused); n != min(i+1, maxRefused) {
			t.Fatalf("%d of %d are remembered", n, i+1)
		}
	}
	if c.accept(flute.NewTOI(0)); len(c.refused) != maxRefused-1 {
		t.Error("one can be used, and is refused")
	}
}

// A session is told to be complete when no FDT Instance was new for a while, and the one that said so has come again,
// or nothing comes; and if its sender has closed it, at once, unless an FDT Instance is not whole.
func TestWhenComplete(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(l *Ledger, c *completion)
		told bool
		next time.Duration // from start; 0: none
	}{
		"in time":    {func(*Ledger, *completion) {}, true, 0},
		"not asked":  {func(_ *Ledger, c *completion) { c.check = start.Add(1) }, false, 1},
		"news":       {func(_ *Ledger, c *completion) { c.news = c.news.Add(1) }, false, 1},
		"ends":       {func(_ *Ledger, c *completion) { c.ends, c.check = true, noTime }, false, completePoll},
		"not again":  {func(l *Ledger, c *completion) { c.repeats--; l.last = start }, false, completeSilence},
		"in silence": {func(l *Ledger, c *completion) { c.repeats--; l.last = start.Add(-completeSilence) }, true, 0},
		"sooner news": {func(l *Ledger, c *completion) {
			c.repeats--
			c.news, l.last = start.Add(1), start.Add(-4*time.Second)
		}, false, completeGrace + 1},
		"closed": {func(l *Ledger, c *completion) { l.closing, c.news = start, start }, true, 0},
		"closed, not whole": {func(l *Ledger, _ *completion) {
			l.closing = start
			l.instances[1] = &instance{object: &Object{}, instanceRecord: touchedLate}
		}, false, 0},
		"closed, whole": {func(l *Ledger, _ *completion) {
			l.closing = start
			l.instances[1] = &instance{instanceRecord: touchedLate}
		}, true, 0},
		"closed, an older one": {func(l *Ledger, _ *completion) {
			l.closing = start
			l.instances[1] = &instance{object: &Object{}, instanceRecord: instanceRecord{touched: start}}
		}, true, 0},
		"a file":       {func(l *Ledger, _ *completion) { l.entries[flute.TOI{}] = fileOf(receiving) }, false, 0},
		"a file ended": {func(l *Ledger, _ *completion) { l.entries[flute.TOI{}] = fileOf(completed) }, true, 0},
		"again": {func(l *Ledger, _ *completion) {
			l.entries[flute.TOI{}] = fileOf(receiving)
			l.entries[flute.TOI{}].repeated = true
		}, true, 0},
		"no file":  {func(l *Ledger, _ *completion) { l.entries[flute.TOI{}] = &entry{} }, true, 0},
		"leaving":  {func(l *Ledger, _ *completion) { l.leaving[&entry{}] = struct{}{} }, false, 0},
		"deferred": {func(l *Ledger, _ *completion) { l.deferred[flute.TOI{}] = struct{}{} }, false, 0},
		"not said": {func(_ *Ledger, c *completion) { c.said = false }, false, 0},
	} {
		r := newRig(t)
		r.l.last = start
		done := &r.l.completion
		*done = completion{
			said: true, check: start, news: start.Add(-completeGrace), repeats: completeRepeats, since: start,
			done: 1, failed: 2, unwanted: 3, refused: map[string]struct{}{"a": {}},
		}
		c.edit(r.l, done)
		r.s.tellComplete(start)
		r.settle()
		if c.told {
			want := event.SessionComplete{Completed: 1, Failed: 3, Refused: 3}
			want.Session = key
			if got := eventsOf[event.SessionComplete](r); len(got) != 1 || got[0] != want || !done.told {
				t.Errorf("%s: %+v", name, got)
			}
		} else if done.told {
			t.Errorf("%s: told", name)
		}
		next := noTime
		if c.next > 0 {
			next = start.Add(c.next)
		}
		if !done.check.Equal(next) || done.ends {
			t.Errorf("%s: looks again at %v, want %v", name, done.check, next)
		}
	}
}

// At the end of a session it is told then, if it was not before and no FDT Instance is under way.
func TestCompleteAtTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(l *Ledger)
		want int
	}{
		"complete": {func(*Ledger) {}, 1},
		"told":     {func(l *Ledger) { l.completion.told = true }, 0},
		"not said": {func(l *Ledger) { l.completion.said = false }, 0},
		"not whole": {func(l *Ledger) {
			l.instances[1] = &instance{object: &Object{}, instanceRecord: touchedLate}
		}, 0},
	} {
		r := newRig(t)
		r.l.completion.announced(start, 7)
		d, check := &r.l.completion, start.Add(completeGrace)
		if !d.said || d.by != 7 || !d.since.Equal(start) || !d.check.Equal(check) {
			t.Errorf("%+v", d)
		}
		c.edit(r.l)
		r.s.tellCompleteAtEnd()
		r.settle()
		if got := eventsOf[event.SessionComplete](r); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	d := completion{repeats: 2}
	if d.announced(start, 7); d.repeats != 0 {
		t.Error("repetitions of another count")
	}
}

// touchedLate is an FDT Instance of which a packet came after start.
var touchedLate = instanceRecord{touched: start.Add(1)}

// fileOf returns an object in a phase that is described.
func fileOf(p phase) *entry { return &entry{record: record{file: &fdt.File{}, phase: p}} }
