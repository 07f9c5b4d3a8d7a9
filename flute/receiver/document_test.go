package receiver

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/store"
)

// waitingRig returns a rig whose Works wait, with memory for large FDT Instances.
func waitingRig(t *testing.T) *rig {
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(1<<30, nil) })
	r.manual = true
	return r
}

// read lists the FDT Instances that were adopted, in order.
func (r *rig) adopted() (ids []flute.InstanceID) {
	for _, e := range eventsOf[event.FDTReceived](r) {
		ids = append(ids, e.ID)
	}
	return ids
}

func (r *rig) wantRead(ids ...flute.InstanceID) {
	r.t.Helper()
	if diff := cmp.Diff(ids, r.adopted()); diff != "" {
		r.t.Errorf("FDT Instances (-want +got):\n%s", diff)
	}
}

// sizable returns the packets of FDT Instance id, which describes file and is too long to be read at once.
func sizable(t testing.TB, id flute.InstanceID, file fdt.File) [][]byte {
	xml, err := (&fdt.Instance{Expires: start.Add(time.Hour), Files: []fdt.File{file}}).AppendXML(nil, fdt.RFC6726)
	if err != nil {
		t.Fatal(err)
	}
	return fdtInstance{id: id, xml: append(xml, bytes.Repeat([]byte{' '}, inlineBytes)...)}.packets(t)
}

// An FDT Instance of 4 MB is read by a Work. While nobody does that, packets are handled as ever; what it describes is
// complete as soon as the Work is back.
func TestLargeInstanceIsReadElsewhere(t *testing.T) {
	r := waitingRig(t)
	known, later := plain(t, 90_001, 3000, 100, 4), plain(t, 5, 1004, 100, 4)
	r.feed(describe(t, 0, known.file("known")))
	r.feed(fdtInstance{id: 1, xml: listing(14_700), e: 60_000}.packets(t)...)
	r.wantRead(0)
	if len(r.works) != 1 || !r.works[0].TOI().IsFDT() || r.works[0].Lane() != nil {
		t.Fatalf("%d Works, want one of the processor that reads the FDT Instance", len(r.works))
	}
	hung := r.works[0]
	r.works = nil
	for range 3 { // a turn of a carousel, and the whole FDT Instance again
		r.feed(known.all()...)
		r.feed(fdtInstance{id: 1, xml: listing(14_700), e: 60_000}.packets(t)...)
	}
	if n := len(r.l.readings.waiting); n != 0 {
		t.Errorf("%d FDT Instances wait for it", n)
	}
	r.feed(later.all()...)
	r.workAll()
	r.want("completed 90001 known 3000")
	r.works = append(r.works, hung)
	r.work()
	r.wantRead(0, 1)
	if got := eventsOf[event.FDTReceived](r); len(got) == 2 && got[1].Files != 14_700 {
		t.Errorf("%d files", got[1].Files)
	}
	r.workAll()
	r.close()
}

// FDT Instances are adopted in the order in which they were whole, whatever it takes to read them.
func TestInstancesAreAdoptedInOrder(t *testing.T) {
	r := waitingRig(t)
	o := plain(t, 1, 300, 100, 4)
	packets := sizable(t, 1, o.file("a"))
	r.feed(packets[:len(packets)-1]...)
	r.feed(describe(t, 0, plain(t, 2, 300, 100, 4).file("b")))
	r.wantRead(0)
	r.feed(packets[len(packets)-1])
	r.feed(describe(t, 2, plain(t, 3, 300, 100, 4).file("c")))
	r.feed(sizable(t, 3, plain(t, 4, 300, 100, 4).file("d"))...)
	r.feed(describe(t, 4, plain(t, 5, 300, 100, 4).file("e")))
	r.wait(5 * time.Second) // no sweep takes one before its turn
	r.wantRead(0)
	for _, want := range [][]flute.InstanceID{{0, 1, 2}, {0, 1, 2, 3, 4}} {
		if len(r.works) != 1 {
			t.Fatalf("%d Works at a time", len(r.works))
		}
		r.work()
		r.wantRead(want...)
	}
	r.close()
}

// A crash in a document costs its FDT Instance and nothing else; its packets are taken again after some time.
func TestCrashInDocument(t *testing.T) {
	r := waitingRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	packets := sizable(t, 0, a.file("a"))
	r.feed(packets...)
	r.feed(describe(t, 1, b.file("b")))
	w := r.works[0]
	r.works = nil
	w.Fail(errors.New("crash"))
	r.bring(w)
	r.want("rejected fdt 0")
	r.wantRead(1)
	r.feed(b.all()...)
	r.feed(a.all()...)
	r.workAll()
	r.want("rejected fdt 0", "completed 2 b 300")
	r.wait(refusalTime)
	r.feed(packets...)
	r.workAll()
	r.wait(rivalTime) // see claim.go
	r.workAll()
	r.want("rejected fdt 0", "completed 2 b 300", "completed 1 a 300")
	r.close()
}

// A session that crashes while a Work reads has it read again, in its turn; what the other Work brings is dropped.
func TestCrashWhileInstanceIsRead(t *testing.T) {
	r := waitingRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(sizable(t, 0, o.file("a"))...)
	r.feed(describe(t, 1, plain(t, 2, 300, 100, 4).file("b")))
	lost := r.works[0]
	r.works = nil
	r.crash()
	r.wait(0)
	if len(r.works) != 1 {
		t.Fatalf("%d Works", len(r.works))
	}
	labour(lost)
	r.bring(lost)
	r.wantRead()
	r.work()
	r.wantRead(0, 1)
	r.feed(o.all()...)
	r.workAll()
	r.want("completed 1 a 300")
	r.close()
}

// A session that crashes when it takes what was read refuses that FDT Instance, and goes on.
func TestCrashAtInstance(t *testing.T) {
	for name, packets := range map[string]func(fdt.File) [][]byte{
		"by a Work": func(f fdt.File) [][]byte { return sizable(t, 0, f) },
		"inline":    func(f fdt.File) [][]byte { return [][]byte{describe(t, 0, f)} },
	} {
		t.Run(name, func(t *testing.T) {
			r := waitingRig(t)
			o := plain(t, 1, 300, 100, 4)
			r.l.locations = nil // a write to it panics
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no crash")
					}
				}()
				r.feed(packets(o.file("a"))...)
				r.workAll()
			}()
			r.l.locations = map[string]flute.TOI{}
			r.handed = r.l.Counters().Received // the packet in hand is lost
			r.crash()
			r.wait(time.Second)
			r.want("rejected fdt 0")
			b := plain(t, 2, 300, 100, 4)
			r.feed(describe(t, 1, b.file("b")))
			r.feed(b.all()...)
			r.workAll()
			r.want("rejected fdt 0", "completed 2 b 300")
			r.close()
		})
	}
}

// What is read of an FDT Instance that was given up meanwhile is not adopted.
func TestInstanceIsForgottenWhileItIsRead(t *testing.T) {
	for name, forget := range map[string]func(r *rig){
		"refused": func(r *rig) { r.s.refuse(r.now, r.l.instances[0], errors.New("test")) },
		"ended":   func(r *rig) { r.s.Close("test"); r.settle() },
		"aborted": func(r *rig) { r.s.Abort("test"); r.settle() },
		"ending": func(r *rig) { // an object is being published
			r.feed(plain(t, 2, 300, 100, 4).all()...)
			r.s.Close("test")
			r.settle()
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := waitingRig(t)
			r.feed(describe(t, 7, plain(t, 2, 300, 100, 4).file("b")))
			r.feed(sizable(t, 0, plain(t, 1, 300, 100, 4).file("a"))...)
			forget(r)
			r.workAll()
			r.wantRead(7)
			if n := r.cfg.readers.memory.Used(); n != 0 {
				t.Errorf("%d bytes of the memory to read documents used", n)
			}
		})
	}
}

// An A flag does not end a session while it is read what the session describes.
func TestReadingOutlivesClose(t *testing.T) {
	r := waitingRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(sizable(t, 0, o.file("a"))...)
	r.feed(o.all()...)
	r.feed(o.raw(0, 0, make([]byte, o.oti.SymbolLength), func(h *lct.Header) { h.CloseSession = true }))
	r.wait(2 * defaultCloseGrace)
	r.want()
	r.workAll()
	r.wait(time.Second)
	r.workAll()
	r.file("a", o.content)
	r.close()
}

// The large FDT Instance of a sender that was started again is read beside the known one, and takes its place.
func TestLargeRivalIsReadElsewhere(t *testing.T) {
	r := waitingRig(t)
	before, after := plain(t, 1, 300, 100, 4), plain(t, 1, 700, 100, 4)
	r.feed(sizable(t, 0, before.file("a"))...)
	r.feed(before.all()...)
	r.workAll()
	r.want("completed 1 a 300")
	r.wait(time.Second)
	rival := sizable(t, 0, after.file("a"))
	r.feed(rival...)
	if len(r.works) != 1 {
		t.Fatalf("%d Works", len(r.works))
	}
	for range 5 { // its document is not known yet
		r.wait(time.Second)
		r.feed(rival...)
		r.feed(after.all()...)
	}
	r.want("completed 1 a 300", "rejected fdt 0")
	r.workAll()
	r.feed(rival...)
	r.feed(after.all()...)
	for _, w := range r.works {
		if w.TOI().IsFDT() {
			t.Error("it is read twice")
		}
	}
	r.workAll()
	r.want("completed 1 a 300", "rejected fdt 0", "completed 1 a 700")
	r.file("a", after.content)
	r.close()
}

// However many FDT Instances come while one is read, that one stays, and what waits is bounded.
func TestInstancesThatWaitAreBounded(t *testing.T) {
	r := waitingRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(sizable(t, 0, o.file("a"))...)
	const n = 4 * defaultMaxInstances
	for i := range flute.InstanceID(n) {
		r.now = r.now.Add(time.Millisecond)
		r.feed(describe(t, 1+i, plain(t, 2+uint64(i), 300, 100, 4).file("b")))
	}
	if got := len(r.l.readings.waiting); got > defaultMaxInstances+1 {
		t.Errorf("%d wait", got)
	}
	r.work()
	if got := r.adopted(); len(got) < defaultMaxInstances/2 || got[0] != 0 {
		t.Errorf("%d were read", len(got))
	}
	r.close()
}
