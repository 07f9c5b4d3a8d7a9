package receiver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// TestShortageIsTold: datagrams that were dropped because the store did not answer in time are told, with the time that
// it has not answered for: also if the memory was spent by others from the first packet of the object on.
func TestShortageIsTold(t *testing.T) {
	r := newRig(t)
	r.slow = true
	o := plain(t, 1, 400_000, 1400, 64)
	r.feed(describe(t, 0, o.file("f")))
	taken := r.cfg.Budget.Limit() - r.cfg.Budget.Used() - holdingOverhead - 4000
	if !r.cfg.Budget.TryReserve(taken) {
		t.Fatal("the budget has no room")
	}
	r.feed(o.all()...)
	r.wait(3 * time.Second)
	var told []string
	for _, e := range eventsOf[event.Warning](r) {
		told = append(told, e.Text)
	}
	if len(told) != 1 || !strings.Contains(told[0], "has not answered for 1s,") {
		t.Errorf("told: %q", told)
	}
	r.cfg.Budget.Release(taken)
	r.close()
}

// TestBehind: a session says that it is behind while more than maxBacklog waits for the store, and takes what comes all
// the same.
func TestBehind(t *testing.T) {
	r := newRig(t)
	r.slow = true
	o := plain(t, 1, 20<<20, 1400, 64)
	r.feed(describe(t, 0, o.file("f")))
	packets := o.all()
	r.feed(packets[:len(packets)/2]...)
	if r.s.IsBehind() || r.l.backlog < 9<<20 {
		t.Errorf("behind with %d bytes", r.l.backlog)
	}
	r.feed(packets[len(packets)/2 : len(packets)-1]...)
	if !r.s.IsBehind() || r.s.IsShort() {
		t.Errorf("not behind with %d bytes; short %v", r.l.backlog, r.s.IsShort())
	}
	r.feed(packets[len(packets)-1])
	for len(r.works) > 0 {
		r.work()
	}
	if r.s.IsBehind() || r.l.backlog != 0 {
		t.Errorf("%d bytes wait after the end", r.l.backlog)
	}
	if done := eventsOf[event.ObjectCompleted](r); len(done) != 1 {
		t.Errorf("%d completed", len(done))
	}
	r.close()
}

// TestBehindWithManyObjects: a session says that it is behind while more than maxPublishing small objects wait for
// their publication, however few bytes they have.
func TestBehindWithManyObjects(t *testing.T) {
	r := newRig(t)
	r.manual = true
	var files []fdt.File
	var objects []object
	for i := range maxPublishing + 1 {
		o := plain(t, uint64(i+1), 10, 1400, 64)
		objects, files = append(objects, o), append(files, o.file(fmt.Sprint("f", i)))
	}
	for i, o := range objects {
		if i%4 == 0 {
			r.feed(describe(t, flute.InstanceID(i/4), files[i:min(i+4, len(files))]...))
		}
		if r.s.IsBehind() {
			t.Fatalf("behind after %d objects", i)
		}
		r.feed(o.all()...)
	}
	if !r.s.IsBehind() {
		t.Errorf("not behind with %d publications", r.l.publishing)
	}
	for len(r.works) > 0 {
		r.work()
	}
	if r.s.IsBehind() || r.l.publishing != 0 {
		t.Errorf("%d publications wait after the end", r.l.publishing)
	}
	if done := eventsOf[event.ObjectCompleted](r); len(done) != len(objects) {
		t.Errorf("%d completed", len(done))
	}
	r.close()
}

// Losses for want of memory are told, but not that there are none, and no more often than each minute; when the store
// answers again the rest is.
func TestShortageIsNotRepeated(t *testing.T) {
	r := newRig(t)
	for i, step := range []struct {
		after time.Duration
		short int // objects that are short
		lost  int
		told  bool
	}{
		{0, 1, 0, false}, // nothing was lost
		{0, 1, 3, true},
		{shortQuiet - 1, 1, 1, false},
		{1, 1, 0, true}, // that one
		{shortQuiet, 1, 0, false},
		{0, 1, 2, true},
		{1, 1, 1, false},
		{0, 0, 0, true}, // it is over
		{shortQuiet, 0, 5, false},
		{0, 1, 1, true},
		{0, 0, 0, false}, // and nothing more was lost
		{1, 1, 0, false},
		{shortQuiet, 1, 0, false},
	} {
		r.now = r.now.Add(step.after)
		before := len(eventsOf[event.Warning](r))
		r.l.short = step.short
		r.l.miss(step.lost)
		r.s.tellShortage(r.now)
		r.settle()
		if told := len(eventsOf[event.Warning](r)) > before; told != step.told {
			t.Errorf("step %d: told %v", i, told)
		}
	}
	r.l.short = 0
	r.close()
}
