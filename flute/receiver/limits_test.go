package receiver

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// What a header claims costs nothing: neither SBN nor ESI nor lengths.
func TestClaimsCostNothing(t *testing.T) {
	const limit = 1 << 30
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(limit, nil) })
	for i := range uint64(maxStaged/2 + 1) { // two objects each, so that one is beyond it
		big := plain(t, 1+i, 0, 1, 1)
		big.oti = fec.OTI{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 1 << 24, SymbolLength: 1, MaxSourceBlockLength: 1,
			MaxEncodingSymbols: 255,
		}
		r.feed(big.raw(1<<24-1, 0, []byte{1}), big.raw(1<<23, 0, []byte{1}))
		whole := plain(t, 1000+i, 0, 1, 1)
		whole.oti = noCode(1<<40, 65535, 65536)
		r.feed(whole.raw(256, 65535, make([]byte, 65535)))
	}
	if c := r.l.Counters(); c.Accepted == 0 {
		t.Errorf("%+v", c)
	}
	if n := r.l.Held(); n > 5<<20 {
		t.Errorf("%d bytes held for %d datagrams", n, r.handed)
	}
	// An FDT Instance of 4 MiB of which one packet came.
	huge := object{t: t, oti: noCode(4<<20, 1000, 64)}
	for i := range 40 {
		b := huge.raw(60, 1, make([]byte, 1000), fdtHeader)
		b[15] = byte(i) // FDT Instance ID
		r.feed(b)
	}
	if n := len(r.l.instances); n > defaultMaxInstances {
		t.Errorf("%d FDT Instances arrive", n)
	}
	if n := r.l.Held(); n > 6<<20 {
		t.Errorf("%d bytes held", n)
	}
	r.close()
}

// A long session forgets the objects that ended first, and goes on.
func TestMaxObjects(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxObjects, c.Budget = 20, store.NewBudget(60_000+200*instanceOverhead, nil) })
	for i := range uint64(200) {
		o := plain(t, 1+i, 50, 100, 4)
		r.feed(fdtInstance{id: flute.InstanceID(i), files: []fdt.File{o.file(fmt.Sprint("f", i))}}.packets(t)...)
		r.feed(o.all()...)
		if _, ok := r.store.Take(fmt.Sprint("f", i)); !ok {
			t.Fatalf("file %d was not published: %v", i, r.l.Counters())
		}
		if n := len(r.l.entries); n > 20 {
			t.Fatalf("%d entries", n)
		}
	}
	r.close()

	r = newRig(t, func(c *Config) { c.MaxObjects = 3 }) // objects that have not ended are not forgotten
	var files []fdt.File
	for i := range uint64(5) {
		files = append(files, plain(t, 1+i, 50, 100, 4).file(fmt.Sprint("f", i)))
	}
	r.feed(fdtInstance{files: files, e: 60000}.packets(t)...)
	if n := len(r.l.entries); n != 3 {
		t.Errorf("%d entries", n)
	}
	r.close()
}

// Objects that have ended are forgotten some time after their description has expired, but not at once.
func TestEndedObjectsAreForgotten(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	for i := range flute.InstanceID(3) {
		r.feed(fdtInstance{id: i, files: []fdt.File{o.file("a")}, expires: r.now.Add(time.Minute)}.packets(t)...)
		r.feed(o.all()...)
		r.wait(2 * time.Minute) // longer than it is valid: renewed late
	}
	r.want("completed 1 a 300")
	if len(r.l.entries) != 1 {
		t.Errorf("%d entries", len(r.l.entries))
	}
	held := r.l.Held()
	other := plain(t, 2, 300, 100, 4)
	for r.now.Before(start.Add(3 * time.Hour)) {
		r.feed(other.packet(0, 0, 1))
		r.wait(10 * time.Minute)
	}
	if len(r.l.entries) > 1 || len(r.l.locations) != 0 || r.l.Held() >= held {
		t.Errorf("%d entries, %d locations, held %d, before %d", len(r.l.entries), len(r.l.locations), r.l.Held(), held)
	}
	r.close()
}

// The expired description of an object does not keep its TOI from another.
func TestTOIReusedAfterExpiry(t *testing.T) {
	for _, finish := range []bool{false, true} {
		r := newRig(t)
		old, next := plain(t, 1, 300, 100, 4), plain(t, 1, 500, 100, 4)
		r.feed(fdtInstance{id: 1, files: []fdt.File{old.file("a")}, expires: start.Add(time.Second)}.packets(t)...)
		r.feed(old.all()[:2]...)
		if finish {
			r.feed(old.all()...)
		}
		r.now = start.Add(1500 * time.Millisecond) // no Advance in between
		r.feed(describe(t, 2, next.file("bb")))
		r.feed(next.all()...)
		r.file("bb", next.content)
		want := "failed 1 a expired"
		if finish {
			want = "completed 1 a 300"
		}
		r.want(want, "completed 1 bb 500")
		r.close()
	}
}

// The memory of FDT Instances and objects is given back: a long session does not grow.
func TestLongSession(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds")
	}
	r := newRig(t, func(c *Config) { c.SessionTimeout = time.Minute })
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for i := range uint64(3000) {
		o := coded(t, 1+i, 3000, 100, 8, 16, "")
		r.feed(fdtInstance{id: flute.InstanceID(i), files: []fdt.File{
			o.file("a"),
		}, expires: r.now.Add(5 * time.Second)}.packets(t)...)
		packets := o.all()
		packets[2] = o.packet(0, 9, 1)
		r.feed(packets...)
		r.wait(time.Second)
		r.events = r.events[:1]
		if i == 1000 {
			before = heap()
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	if n := len(r.l.entries); n > 100 {
		t.Errorf("%d entries", n)
	}
	r.close()
}

// Objects received before their FDT do not use up what others need, nor hold on to the room of undescribed ones
// afterwards.
func TestAdoption(t *testing.T) {
	r := newRig(t, func(c *Config) { c.UndescribedBytes = 100_000 })
	o := coded(t, 1, 1_000_000, 1000, 50, 80, "")
	for sbn := range fec.SBN(20) {
		r.feed(o.packet(sbn, 60, 1), o.packet(sbn, 1, 1))
	}
	if n := r.l.undescribed.budget.Used(); n == 0 || n > 100_000 {
		t.Errorf("%d bytes", n)
	}
	r.feed(describe(t, 0, o.file("a")))
	if n := r.l.undescribed.budget.Used(); n != 0 {
		t.Errorf("%d bytes after the FDT", n)
	}
	if r.l.Held() == 0 {
		t.Error("nothing held")
	}
	r.feed(o.all()...)
	r.want("completed 1 a 1000000")
	r.file("a", o.content)
	r.close()
}
