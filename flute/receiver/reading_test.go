package receiver

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

// zipped returns the packets of an FDT Instance that is compressed.
func zipped(t testing.TB, id flute.InstanceID, xml []byte) [][]byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(xml); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	cenc := flute.GZIP
	return fdtInstance{id: id, xml: b.Bytes(), cenc: &cenc}.packets(t)
}

// listing returns an FDT Instance as senders write it, for n files.
func listing(n int) []byte {
	files := make([]string, n)
	for i := range files {
		files[i] = fmt.Sprintf(`<File TOI="%d" Content-Location="http://example.com/folder/file%05d.bin" Content-Length="%d" `+
			`Content-Type="application/octet-stream" Content-MD5="%s" %s/>`, 1+i, i, 1000+i,
			base64.StdEncoding.EncodeToString(random(16, uint64(i))), otiText)
	}
	return document("", files...)
}

// Config.Instances is told of each FDT Instance once, before its files are described, and also of one that has expired.
func TestInstancesAreTold(t *testing.T) {
	var told []string
	var r *rig
	r = newRig(t, func(c *Config) {
		c.Instances = func(k flute.SessionKey, f *fdt.Instance) {
			text := fmt.Sprintf("%d of TSI %d, %d files, %d described", f.ID, k.TSI, len(f.Files), len(r.l.Active()))
			told = append(told, text)
		}
	})
	o := plain(t, 1, 300, 100, 4)
	late := fdtInstance{id: 2, files: []fdt.File{o.file("b")}, expires: start.Add(-time.Hour)}.packets(t)
	r.feed(describe(t, 1, o.file("a")), describe(t, 1, o.file("a")))
	r.feed(o.packet(0, 0, 1))
	r.feed(late...)
	want := []string{"1 of TSI 7, 1 files, 0 described", "2 of TSI 7, 1 files, 1 described"}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	r.close()
}

// Datagrams that are small and inflate to large documents are read at a pace: what is not allowed at once waits. The
// session goes on, and learns what else it is told.
func TestReadingHasAPace(t *testing.T) {
	const datagrams, seconds, limit = 200, 20, 200_000
	bomb := document("", strings.Repeat("<File/>", 20_000))
	r := newRig(t, func(c *Config) { c.FDTLimits.Bytes = limit })
	for i := range flute.InstanceID(datagrams) {
		packets := zipped(t, i, bomb)
		if len(packets) > 1 {
			t.Fatalf("%d packets", len(packets))
		}
		r.feed(packets...)
		r.wait(seconds * time.Second / datagrams)
	}
	allowed := limit + limit*seconds/int(readTime/time.Second)
	got := len(eventsOf[event.FDTReceived](r))
	if most := allowed/len(bomb) + 2; got < most/2 || got > most {
		t.Errorf("%d of %d documents were read in %d s, not %d", got, datagrams, seconds, most)
	}
	o := plain(t, 1, 300, 100, 4) // which is paid for
	r.feed(describe(t, 1000, o.file("a")))
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// A session costs a source nothing: the pace is that of the source, and no other source waits for it.
func TestReadingPaceIsOfTheSource(t *testing.T) {
	bomb := document("", strings.Repeat("<File/>", 20_000))
	r := newRig(t, func(c *Config) { c.FDTLimits.Bytes = 200_000 })
	as := func(source byte, packets ...[]byte) *rig {
		other := &rig{t: t, cfg: r.cfg, store: r.store, now: start}
		other.l = NewLedger(r.cfg, flute.SessionKey{Source: netip.AddrFrom4([4]byte{192, 0, 2, source}), TSI: key.TSI})
		other.crash()
		other.feed(packets...)
		return other
	}
	read := 0
	for range 50 {
		read += len(eventsOf[event.FDTReceived](as(66, zipped(t, 1, bomb)...)))
	}
	if read == 0 || read > 3 {
		t.Errorf("%d documents of one source were read at once", read)
	}
	o := plain(t, 1, 300, 100, 4)
	as(1, concat([][]byte{describe(t, 0, o.file("a"))}, o.all())...).want("completed 1 a 300")
}

// What senders write is read at once: FDT Instances of the greatest length, and compressed ones that follow each other.
func TestListingsAreReadAtOnce(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Budget = store.NewBudget(1<<30, nil) })
	large := listing(14_700)
	if len(large) > defaults.FDTBytes || len(large) < defaults.FDTBytes*9/10 {
		t.Fatalf("%d bytes", len(large))
	}
	for i := range flute.InstanceID(3) {
		r.feed(fdtInstance{id: i, xml: large, e: 60_000}.packets(t)...)
	}
	for i := range flute.InstanceID(3) {
		r.feed(zipped(t, 3+i, listing(3000))...)
	}
	if got := eventsOf[event.FDTReceived](r); len(got) != 6 || got[5].Files != 3000 {
		t.Errorf("%d were read", len(got))
	}
	r.close()
}

// One that had to wait is read when its time has come, and when its packets are repeated; the reading of others is none
// of its business.
func TestReadingWaits(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	for name, again := range map[string]func(*rig, [][]byte){
		"time alone": func(r *rig, _ [][]byte) { r.wait(readTime) },
		"repeated": func(r *rig, packets [][]byte) {
			for range 10 {
				r.now = r.now.Add(readTime / 10)
				r.feed(packets...)
			}
		},
		"after a crash": func(r *rig, _ [][]byte) { r.crash(); r.wait(readTime) },
	} {
		r := newRig(t, func(c *Config) { c.FDTLimits.Bytes = 200_000 })
		for i := range flute.InstanceID(2) {
			r.feed(zipped(t, i, document("", strings.Repeat("<File/>", 20_000)))...)
		}
		packets := zipped(t, 2, document("", `<File TOI="1" Content-Location="a"/>`, strings.Repeat("<File/>", 1000)))
		r.feed(packets...)
		r.feed(o.all()...)
		r.want()
		if again(r, packets); len(r.ends()) != 1 {
			t.Errorf("%s: %v", name, r.ends())
		}
		r.close()
	}

	r := newRig(t)
	r.cfg.readers.memory.TryReserve(r.cfg.readers.memory.Limit()) // by another session
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()...)
	r.wait(time.Second)
	r.want()
	r.cfg.readers.memory.Release(r.cfg.readers.memory.Limit())
	r.wait(assembly.RetryAfter)
	r.want("completed 1 a 300")
	if n := r.cfg.readers.memory.Used(); n != 0 {
		t.Errorf("%d bytes used", n)
	}
	r.close()
}

// Any document within the limit can be read by the memory that there is for it.
func TestReadersHaveRoom(t *testing.T) {
	r := newRig(t, func(c *Config) { c.FDTLimits.Bytes = 100_000 })
	for name, xml := range map[string][]byte{
		"files": instanceOf(1, 2400, func(int) string { return "a" }), "tags": document("", strings.Repeat("<a/>", 500),
			strings.Repeat("<File/>", 13_000)),
	} {
		if n := 3*uint64(len(xml)) + readingCost(xml); n > r.cfg.readers.memory.Limit() {
			t.Errorf("%s: %d bytes, there are %d", name, n, r.cfg.readers.memory.Limit())
		}
	}
	r.close()
}

// FDT packets that there is no memory for are counted as such, and the FDT Instance is received when there is, however
// much there was at first.
func TestFDTWithoutBudget(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	packets := fdtInstance{files: []fdt.File{o.file("a")}, e: 100}.packets(t)
	refused := 0
	for least := uint64(0); ; least += 40 {
		r := newRig(t)
		spent := r.cfg.Budget.Limit() - least
		r.cfg.Budget.TryReserve(spent)
		r.feed(packets...)
		c := r.l.Counters()
		if c.Dropped[drop.Budget] != c.DropTotal() {
			t.Errorf("%d bytes: %+v", least, c)
		}
		if len(eventsOf[event.FDTReceived](r)) > 0 {
			r.cfg.Budget.Release(spent)
			r.close()
			break
		}
		refused += len(r.ends())
		r.cfg.Budget.Release(spent)
		r.wait(restFirst)
		r.feed(packets...)
		r.feed(o.all()...)
		if got := r.ends(); len(got) == 0 || got[len(got)-1] != "completed 1 a 300" {
			t.Errorf("%d bytes: %v", least, got)
		}
		r.close()
	}
	if refused == 0 {
		t.Error("there was always enough for the whole document")
	}
}

// The FDT Instances that are known, and those that are being received, have bounds of their own; those go first that
// would go next.
func TestKnownInstancesAreBounded(t *testing.T) {
	r := newRig(t)
	for i := range flute.InstanceID(2 * maxKnownInstances) {
		// Half of them are refused; the others hold an hour.
		xml := []byte("<x/>")
		if i%2 == 0 {
			xml = fmt.Appendf(nil, `<FDT-Instance Expires="%d"/>`, ntp(start.Add(time.Hour)))
		}
		r.feed(fdtInstance{id: i, xml: xml}.packets(t)...)
		r.events = r.events[:1]
		if n := len(r.l.instances); n > maxKnownInstances+1 {
			t.Fatalf("%d FDT Instances", n)
		}
	}
	valid := 0
	for _, in := range r.l.instances {
		if in.read {
			valid++
		}
	}
	if valid < maxKnownInstances*3/4 {
		t.Errorf("%d valid of %d", valid, len(r.l.instances))
	}
	if n := r.l.listings.Used(); n < uint64(len(r.l.instances))*instanceOverhead {
		t.Errorf("%d bytes are charged for %d FDT Instances", n, len(r.l.instances))
	}
	part := fdtInstance{xml: listing(10), e: 100}
	const parts = defaultMaxInstances + 50
	for i := range flute.InstanceID(parts) {
		part.id = 50_000 + i
		r.feed(part.packets(t)[0])
		r.now = r.now.Add(time.Millisecond)
	}
	if n := len(r.l.arrivingInstances()); n != defaultMaxInstances {
		t.Errorf("%d FDT Instances arrive", n)
	}
	for i := range flute.InstanceID(defaultMaxInstances) {
		if r.l.instances[50_000+parts-1-i] == nil {
			t.Errorf("FDT Instance %d was forgotten", 50_000+parts-1-i)
		}
	}
	r.close()
}

// slowInstance returns a file, and the packets of an FDT Instance that describes it.
func slowInstance(t *testing.T) (o object, packets [][]byte) {
	t.Helper()
	o = plain(t, 1, 300, 100, 4)
	files := []fdt.File{o.file("a")}
	for i := range uint64(19) {
		files = append(files, plain(t, 2+i, 300, 100, 4).file(fmt.Sprint("b", i)))
	}
	return o, fdtInstance{id: 1, files: files, e: 1000}.packets(t)
}

// A flood of FDT Instances, of one packet each, does not end one of which two packets have come.
func TestFloodOfInstances(t *testing.T) {
	r := newRig(t)
	o, packets := slowInstance(t)
	forged := fdtInstance{xml: listing(100), e: 1000}
	r.feed(packets[0])
	for _, packet := range packets[1:] {
		r.feed(packet)
		for i := range flute.InstanceID(2 * defaultMaxInstances) {
			forged.id = 1000 + i
			r.feed(forged.packets(t)[0])
		}
	}
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	if n := len(r.l.arrivingInstances()); n > defaultMaxInstances {
		t.Errorf("%d FDT Instances arrive", n)
	}
	r.close()
}

// Few large FDT Instances that never end do not take the memory of a small one.
func TestFloodOfLargeInstances(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Budget = nil })
	o, packets := slowInstance(t)
	forged := fdtInstance{xml: make([]byte, 3_900_000), e: 60_000}
	r.feed(packets[0])
	for i := range flute.InstanceID(12) {
		r.now = r.now.Add(time.Millisecond)
		forged.id = 1000 + i
		r.feed(forged.packets(t)[1:]...)
	}
	if n := r.l.listings.Used(); n > r.l.listings.Limit() || n < r.l.listings.Limit()/4 {
		t.Errorf("%d bytes", n)
	}
	r.feed(packets[1:]...)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}
