package receiver

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

var (
	start = time.Date(2026, 5, 4, 3, 2, 1, 500_000_000, time.UTC)
	key   = flute.SessionKey{TSI: 7}
)

// rig runs a Session and its Objects as an actor would: one goroutine, effects drained after each step, Works run
// elsewhere. It checks after each step what must hold at every moment.
type rig struct {
	t       testing.TB
	cfg     *Config
	store   *mem.Store
	now     time.Time
	l       *Ledger
	s       *Session
	objects map[flute.TOI]*Object
	apart   map[flute.TOI]*Object // detached
	parted  int                   // objects that ever were
	events  []event.Event
	handed  uint64 // datagrams given to the session
	port    uint16 // where they come from; 0: not known
	from    uint8  // the feed that they come on

	manual bool // works wait in works until work is called
	slow   bool // likewise those that only write or discard
	works  []*Work
}

func newRig(t testing.TB, edit ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, store: mem.New(), now: start}
	cfg := Config{Registry: schemes.Default(), Store: r.store, Budget: store.NewBudget(64<<20, nil)}
	for _, e := range edit {
		e(&cfg)
	}
	var err error
	if r.cfg, err = cfg.Validated(); err != nil {
		t.Fatal(err)
	}
	r.open()
	return r
}

// open begins a new session.
func (r *rig) open() {
	r.l, r.handed = NewLedger(r.cfg, key), 0
	r.crash()
}

// crash throws the workers away, and all that they have not handed out; new ones take over.
func (r *rig) crash() {
	r.s = r.l.NewSession()
	r.objects, r.apart = map[flute.TOI]*Object{}, map[flute.TOI]*Object{}
	r.settle()
	for _, toi := range r.l.Active() {
		o := r.object(toi)
		o.Resume(r.now)
		o.Describe(r.now)
		r.settleObject(o)
	}
	r.settle()
}

func (r *rig) object(toi flute.TOI) *Object {
	if r.objects[toi] == nil {
		r.objects[toi] = r.l.NewObject(toi)
	}
	return r.objects[toi]
}

// feed hands datagrams to the session.
func (r *rig) feed(datagrams ...[]byte) {
	for _, d := range datagrams {
		r.handed++
		b := bytes.Clone(d)
		if p, ok := r.s.Route(r.now, Origin{Feed: r.from, Port: r.port}, b); ok {
			o := r.object(p.TOI())
			o.Handle(r.now, &p)
			r.settle()
			r.settleObject(o)
		}
		clear(b) // nothing of it may be kept
		r.settle()
		r.check()
	}
}

// wait lets time pass, with an Advance at each Deadline.
func (r *rig) wait(d time.Duration) {
	r.t.Helper()
	end := r.now.Add(d)
	for n := 0; ; n++ {
		next := r.s.Deadline()
		if next.IsZero() || next.After(end) {
			break
		}
		if n > 1000 {
			r.t.Fatalf("Deadline stays at %v", next)
		}
		if next.After(r.now) {
			r.now = next
		}
		r.s.Advance(r.now)
		r.settle()
	}
	r.now = end
	r.check()
}

// close closes the session, runs what is to be run, and checks that nothing is left.
func (r *rig) close() {
	r.t.Helper()
	r.s.Close("test is over")
	r.settle()
	for len(r.works) > 0 {
		r.work()
	}
	if !r.s.Ended() {
		r.t.Error("the session has not ended")
	}
	r.check()
	if n := r.l.Held(); n != 0 {
		r.t.Errorf("%d bytes held after the end", n)
	}
	if n := r.cfg.Budget.Used(); n != 0 {
		r.t.Errorf("%d bytes of the budget used after the end", n)
	}
	if n := r.store.Staged(); n != 0 {
		r.t.Errorf("%d objects staged after the end", n)
	}
	if n := r.cfg.readers.memory.Used(); n != 0 {
		r.t.Errorf("%d bytes of the memory to read documents used after the end", n)
	}
}

func (r *rig) settle() {
	f := r.s.Effects()
	r.events = append(r.events, f.Events...)
	for _, toi := range f.Detached {
		r.parted++
		r.apart[toi] = r.objects[toi]
		delete(r.objects, toi)
	}
	for _, toi := range f.Ended {
		delete(r.objects, toi)
	}
	for _, toi := range f.Described {
		o := r.object(toi)
		o.Describe(r.now)
		r.settleObject(o)
	}
	r.take(f.Works)
}

// take takes Works, and runs those that do not wait.
func (r *rig) take(works []*Work) {
	for _, w := range works {
		if isDisk := w.tail != nil || w.held == nil && w.reading == nil; isDisk && !r.slow || !isDisk && !r.manual {
			labour(w)
			r.bring(w)
		} else {
			r.works = append(r.works, w)
		}
	}
}

func (r *rig) settleObject(o *Object) {
	has, short := o.HasEffects(), r.l.short
	f := o.Effects()
	if !has && (len(f.Events)+len(f.Works) > 0 || short != r.l.short) {
		r.t.Errorf("%d events and %d Works of an object that has none", len(f.Events), len(f.Works))
	}
	r.events = append(r.events, f.Events...)
	r.take(f.Works)
	if o.Ended() && r.objects[o.TOI()] == o {
		delete(r.objects, o.TOI())
		r.s.Advance(r.now)
		r.settle()
	}
}

// work runs the Work that has waited longest, and brings it back.
func (r *rig) work() {
	w := r.works[0]
	r.works = r.works[1:]
	labour(w)
	r.bring(w)
}

// labour runs w as a lane does, which takes a panic for the failure of the Work.
func labour(w *Work) {
	defer func() {
		if v := recover(); v != nil {
			w.Fail(fmt.Errorf("panic: %v", v))
		}
	}()
	w.Run(nil)
}

func (r *rig) bring(w *Work) {
	if w.reading != nil {
		r.s.Done(r.now, w)
		r.settle()
		r.s.Advance(r.now)
		r.settle()
		return
	}
	if w.held == nil {
		return
	}
	o := r.apart[w.TOI()]
	if o == nil {
		o = r.object(w.TOI())
	}
	o.Done(r.now, w)
	r.settleObject(o)
	r.s.Advance(r.now)
	r.settle()
}

// check verifies what must hold at every moment.
func (r *rig) check() {
	r.t.Helper()
	c := r.l.Counters()
	if c.Received != r.handed || c.Received != c.Accepted+c.Duplicate+c.DropTotal() {
		r.t.Fatalf("%d datagrams: received %d, accepted %d, duplicate %d, dropped %d",
			r.handed, c.Received, c.Accepted, c.Duplicate, c.DropTotal())
	}
	if feeds := r.l.Feeds(); feeds != nil {
		var sum flute.Counters
		for _, f := range feeds {
			if f.Received != f.Accepted+f.Duplicate+f.Dropped {
				r.t.Fatalf("feed: %+v", f)
			}
			sum.Accepted, sum.Duplicate = sum.Accepted+f.Accepted, sum.Duplicate+f.Duplicate
			sum.Received += f.Received
		}
		if sum.Received != c.Received || sum.Accepted != c.Accepted || sum.Duplicate != c.Duplicate {
			r.t.Fatalf("feeds: %+v, session: %+v", feeds, c)
		}
	}
	if r.cfg.Budget.Used() > r.cfg.Budget.Limit() {
		r.t.Fatalf("budget: %d of %d bytes", r.cfg.Budget.Used(), r.cfg.Budget.Limit())
	}
	checkEvents(r.t, r.events, r.parted)
}

// checkEvents verifies that the session is opened first and closed last, and that objects start once and end once. A
// TOI may name another object after its end, or while the one before is being published apart.
func checkEvents(t testing.TB, events []event.Event, apart int) {
	t.Helper()
	began, refused, over := map[flute.TOI]int{}, map[flute.TOI]int{}, false
	for i, e := range events {
		if _, ok := e.(event.SessionOpened); ok != (i == 0) {
			t.Fatalf("event %d is %T", i, e)
		}
		if over {
			t.Fatalf("event %T follows the end", e)
		}
		switch e := e.(type) {
		case event.SessionClosed:
			over = true
		case event.ObjectStarted:
			if began[e.TOI]++; began[e.TOI] > 1+apart {
				t.Fatalf("TOI %v started twice", e.TOI)
			}
		case event.ObjectProgress:
			if began[e.TOI] == 0 {
				t.Fatalf("TOI %v: progress without start", e.TOI)
			}
		case event.ObjectCompleted:
			if began[e.TOI]--; began[e.TOI] < 0 && !e.Earlier {
				t.Fatalf("TOI %v: completed without start", e.TOI)
			}
		case event.ObjectFailed:
			began[e.TOI] = max(0, began[e.TOI]-1) // it may fail without a packet
		case event.ObjectRefused:
			if refused[e.TOI]++; refused[e.TOI] > 1 || began[e.TOI] > 0 {
				t.Fatalf("TOI %v: refused %d times, started %d times", e.TOI, refused[e.TOI], began[e.TOI])
			}
		case nil:
			t.Fatalf("event %d is nil", i)
		}
	}
}

// dropped returns how many packets were dropped for reason d.
func (r *rig) dropped(d flute.DropReason) uint64 { return r.l.Counters().Dropped[d] }

// ends lists the ends of objects, and what happened to FDT Instances, in order.
func (r *rig) ends() []string {
	var out []string
	for _, e := range r.events {
		switch e := e.(type) {
		case event.ObjectCompleted:
			out = append(out, fmt.Sprintf("completed %v %s %d", e.TOI, e.ContentLocation, e.Size))
		case event.ObjectFailed:
			out = append(out, fmt.Sprintf("failed %v %s %s", e.TOI, e.ContentLocation, e.Reason))
		case event.FDTRejected:
			out = append(out, fmt.Sprintf("rejected fdt %d", e.ID))
		case event.SessionClosed:
			out = append(out, "closed "+e.Reason)
		}
	}
	return out
}

// want compares ends.
func (r *rig) want(ends ...string) {
	r.t.Helper()
	if diff := cmp.Diff(ends, r.ends()); diff != "" {
		r.t.Errorf("(-want +got):\n%s", diff)
	}
}

// file compares a published file.
func (r *rig) file(name string, content []byte) {
	r.t.Helper()
	got, ok := r.store.Get(name)
	if !ok {
		r.t.Errorf("%s was not published; there are %v; events: %v", name, r.store.Files(), r.ends())
	} else if !bytes.Equal(got, content) {
		r.t.Errorf("%s has %d bytes that differ from the %d sent", name, len(got), len(content))
	}
}

// events of one type.
func eventsOf[E event.Event](r *rig) []E {
	var out []E
	for _, e := range r.events {
		if e, ok := e.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

// toi returns whose packet b is.
func toi(t testing.TB, b []byte) flute.TOI {
	t.Helper()
	p, err := alc.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return p.TOI
}

// split separates the packets of FDT Instances from the others.
func split(t testing.TB, packets [][]byte) (fdts, data [][]byte) {
	for _, b := range packets {
		if toi(t, b).IsFDT() {
			fdts = append(fdts, b)
		} else {
			data = append(data, b)
		}
	}
	return fdts, data
}

// publishingApart returns a session whose file a, of 300 bytes, waits to be published, while the sender has started
// again and gives its TOI to next, the file bb.
func publishingApart(t testing.TB) (r *rig, next object) {
	t.Helper()
	a, next := plain(t, 1, 300, 100, 4), plain(t, 1, 400, 100, 4)
	r = newRig(t)
	r.manual = true
	r.feed(describe(t, 0, a.file("a")))
	r.feed(a.all()...)
	r.wait(r.cfg.RestartSilence)
	r.feed(describe(t, 0, next.file("bb")))
	return r, next
}

func concat(lists ...[][]byte) [][]byte { return slices.Concat(lists...) }

// cancel ends an object for a reason that lies outside of it.
func (o *Object) cancel(reason event.FailReason, detail string) {
	o.refresh()
	if !o.e.ended() {
		o.fail(reason, detail)
	}
}
