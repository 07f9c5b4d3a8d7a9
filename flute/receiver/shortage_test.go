package receiver

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
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
