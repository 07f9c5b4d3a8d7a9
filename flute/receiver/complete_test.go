package receiver

import (
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// completes compares the SessionComplete events so far.
func (r *rig) completes(want ...event.SessionComplete) {
	r.t.Helper()
	got := eventsOf[event.SessionComplete](r)
	for i := range want {
		want[i].Session = key
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("told %+v, want %+v", got, want)
	}
}

// A session is complete when an FDT Instance said so and every described object has its end; it is told once.
func TestSessionComplete(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(describe(t, 0, a.file("a")))
	r.feed(a.all()...)
	r.wait(time.Minute)
	r.completes() // nobody said that no file follows
	both := fdtInstance{id: 1, complete: true, files: []fdt.File{a.file("a"), b.file("b")}}.packets(t)
	r.feed(both...)
	r.wait(time.Minute)
	r.completes() // b is not there
	r.feed(concat(both, b.all())...)
	r.wait(time.Second)
	r.completes() // an FDT Instance that was lost may come again
	r.feed(both...)
	r.wait(completePoll)
	r.completes(event.SessionComplete{Completed: 2})
	r.feed(fdtInstance{id: 2, complete: true, files: []fdt.File{a.file("a"), b.file("b")}}.packets(t)...)
	r.wait(time.Minute)
	r.completes(event.SessionComplete{Completed: 2})
	r.close()
	r.completes(event.SessionComplete{Completed: 2})
}

// A large folder is described by several FDT Instances, of which only one needs to say Complete: others may be under
// way.
func TestSessionCompleteWaitsForInstancesUnderWay(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	one := fdtInstance{id: 1, complete: true, files: []fdt.File{a.file("a")}}.packets(t)
	two := fdtInstance{id: 2, complete: true, files: []fdt.File{b.file("b")}, e: 50}.packets(t)
	r.feed(one...)
	r.feed(a.all()...)
	r.wait(completeGrace / 2)
	r.feed(two[0])
	r.wait(completeGrace - time.Millisecond)
	r.completes()
	r.feed(two[1:]...)
	r.wait(time.Minute)
	r.completes()
	r.feed(concat(two, b.all())...)
	r.wait(completeSilence - time.Millisecond)
	r.completes()
	r.wait(time.Millisecond)
	r.completes(event.SessionComplete{Completed: 2})
	r.close()
}

// The close-session flag ends the waiting: nothing follows.
func TestSessionCompleteAtClose(t *testing.T) {
	r := newRig(t)
	a := plain(t, 1, 300, 100, 4)
	r.feed(fdtInstance{id: 1, complete: true, files: []fdt.File{a.file("a")}}.packets(t)...)
	r.feed(a.all()...)
	r.completes()
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(0)
	r.completes(event.SessionComplete{Completed: 1})
	r.close()
}

// What failed is counted: objects that ended, and File elements that nothing can be done with.
func TestSessionCompleteCountsFailures(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	nameless := []byte(`<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294967295"><File TOI="3"/></FDT-Instance>`)
	r.feed(fdtInstance{id: 0, xml: nameless}.packets(t)...)
	r.feed(fdtInstance{id: 1, complete: true, files: []fdt.File{a.file("a"), b.file("b")}}.packets(t)...)
	r.feed(a.all()...)
	r.feed(b.packet(0, 0, 1))
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(time.Minute)
	r.want("completed 1 a 300", "failed 2 b session_over", "closed close-session flag")
	r.completes(event.SessionComplete{Completed: 1, Failed: 2})
	if n := len(r.events); n < 2 {
		t.Fatal(n)
	} else if _, ok := r.events[n-2].(event.SessionComplete); !ok {
		t.Errorf("%T is before the end", r.events[n-2])
	}
}

// A sender that started again completes again, with its own count.
func TestSessionCompleteOfTheNextSender(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 1, 400, 100, 4)
	r.feed(fdtInstance{id: 1, complete: true, files: []fdt.File{a.file("a")}}.packets(t)...)
	r.feed(a.all()...)
	r.wait(10 * time.Second)
	r.completes(event.SessionComplete{Completed: 1})
	r.feed(fdtInstance{id: 1, complete: true, files: []fdt.File{b.file("b")}}.packets(t)...)
	r.feed(b.all()...)
	r.wait(10 * time.Second)
	r.completes(event.SessionComplete{Completed: 1}, event.SessionComplete{Completed: 1})
	r.close()
}

// A sender of many FDT Instances sends one after the other. That which was lost comes again in its turn, long after the
// one that says Complete.
func TestSessionCompleteWaitsForARotation(t *testing.T) {
	r := newRig(t)
	var files []object
	var turns [][][]byte
	for i := range 4 {
		o := plain(t, uint64(i+1), 300, 100, 4)
		files = append(files, o)
		in := fdtInstance{id: flute.InstanceID(i), complete: i == 3, files: []fdt.File{o.file(string(rune('a' + i)))}}
		turns = append(turns, in.packets(t))
	}
	for i, turn := range append(turns, turns...) {
		if i != 1 { // lost
			r.feed(turn...)
		}
		if i < 4 && i != 1 {
			r.feed(files[i].all()...)
		}
		r.completes()
		r.wait(3 * time.Second)
	}
	r.completes() // the second file is announced now, and not there
	r.feed(files[1].all()...)
	r.feed(concat(turns...)...)
	r.completes()
	r.wait(3 * time.Second)
	r.feed(turns[3]...)
	r.wait(completePoll)
	r.completes(event.SessionComplete{Completed: 4})
	r.close()
}
