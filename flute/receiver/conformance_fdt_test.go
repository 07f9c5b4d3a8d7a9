package receiver

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// E03: the version is not known until EXT_FDT arrives; packets before are kept.
func TestConf_E03_VersionUnknownUntilFDT(t *testing.T) {
	for _, version := range []uint8{1, 2} {
		r := newRig(t)
		o := plain(t, 1, 1000, 100, 4)
		r.feed(o.all()...)
		r.feed(fdtInstance{files: []fdt.File{o.file("a")}, version: version}.packets(t)...)
		r.want("completed 1 a 1000")
		r.close()
	}
}

// E04: FLUTE versions are not mixed within a session, neither before nor after the first FDT Instance.
func TestConf_E04_VersionsNotMixed(t *testing.T) {
	a, b := plain(t, 1, 10, 100, 4), plain(t, 2, 10, 100, 4)
	one := fdtInstance{id: 1, files: []fdt.File{a.file("a")}, version: 1, e: 100}.packets(t)
	two := fdtInstance{id: 1, files: []fdt.File{b.file("b")}, version: 2, e: 100}.packets(t)
	r := newRig(t)
	r.feed(one[0])
	r.feed(two...)
	r.feed(one[1:]...)
	if n := r.dropped(drop.FLUTEVersion); n != uint64(len(two)) {
		t.Errorf("%d packets dropped, not %d", n, len(two))
	}
	r.feed(fdtInstance{id: 2, files: []fdt.File{b.file("b")}, version: 2}.packets(t)...)
	r.feed(one...) // the sender goes on
	r.feed(concat(a.all(), b.all())...)
	r.want("rejected fdt 1", "completed 1 a 10")

	r = newRig(t, func(c *Config) { c.Profile = Version2 })
	r.feed(one...)
	if n := r.dropped(drop.FLUTEVersion); n != uint64(len(one)) {
		t.Errorf("%d packets dropped, not %d", n, len(one))
	}
	r.feed(fdtInstance{files: nil, version: 3, xml: []byte("<x/>")}.hostileVersion(t))
	if n := r.dropped(drop.FLUTEVersion); n != uint64(len(one))+1 {
		t.Errorf("version 3 was taken")
	}
	r.close()
}

// hostileVersion returns a packet of a FLUTE version that does not exist.
func (in fdtInstance) hostileVersion(t testing.TB) []byte {
	in.version = 2
	b := in.packets(t)[0]
	at := bytes.Index(b, []byte{lct.HETFDT, 0x20})
	b[at+1] = 0x30
	return b
}

// E12, E13: objects that no FDT Instance describes are kept within bounds of number, of bytes and of time.
func TestConf_E12_E13_A20_UndescribedObjectsAreBounded(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.MaxUndescribed, c.UndescribedBytes = 3, 40_000
		c.UndescribedTimeout, c.UnprovenTimeout = time.Minute, time.Hour
	})
	for i := range uint64(5) {
		o := plain(t, 1+i, 10_000, 1000, 4)
		o.noFTI = i%2 == 0
		r.feed(o.all()[:8]...)
	}
	for toi := range uint64(5) { // those give way that were silent longest
		if is := r.l.entries[flute.NewTOI(1+toi)] != nil; is != (toi >= 2) {
			t.Errorf("TOI %d is there: %v", 1+toi, is)
		}
	}
	if n := r.l.Held(); n > 40_000 {
		t.Errorf("%d bytes held", n)
	}
	if n := r.l.undescribed.count(); n != 3 {
		t.Errorf("%d objects", n)
	}
	r.wait(time.Minute + time.Minute/forgetSteps)
	if n := r.l.Held(); n != 0 || r.l.undescribed.count() != 0 || len(r.objects) != 0 || r.store.Staged() != 0 {
		t.Errorf("%d bytes held for %d objects, %d staged", n, r.l.undescribed.count(), r.store.Staged())
	}
	if n := len(r.ends()); n != 0 {
		t.Errorf("ends were told: %v", r.ends())
	}
	o := plain(t, 9, 1000, 1000, 4)
	r.feed(o.all()...)
	r.feed(describe(t, 0, o.file("a")))
	r.want("completed 9 a 1000")
	r.close()
}

func TestConf_E13_LateFDT(t *testing.T) {
	for _, noFTI := range []bool{false, true} {
		r := newRig(t)
		o := coded(t, 1, 5000, 100, 8, 12, "")
		o.noFTI = noFTI
		packets := o.all()
		packets[3] = o.packet(0, 8, 1)
		r.feed(packets...)
		r.want()
		r.wait(30 * time.Second)
		r.feed(describe(t, 0, o.file("a")))
		r.want() // perhaps its sender was started again: see claim.go
		r.wait(rivalTime)
		r.want("completed 1 a 5000")
		r.file("a", o.content)
		r.close()
	}
}

// E14: such objects take over all attributes, Content-Encoding too.
func TestConf_E14_BootstrappedObjectIsDecoded(t *testing.T) {
	content := bytes.Repeat([]byte("abcdefgh"), 500)
	packets := transmit(t, testSender(), source{name: "a", content: content, cenc: flute.GZIP})
	fdts, data := split(t, packets)
	r := newRig(t)
	r.feed(data...)
	r.feed(fdts...)
	r.file("a", content)
	done := eventsOf[event.ObjectCompleted](r)
	if len(done) != 1 || done[0].Encoding != "gzip" || fmt.Sprint(done[0].Verified) != "[sha-256]" {
		t.Errorf("%+v", done)
	}
	r.close()
}

// E16: an FDT Instance without files changes nothing.
func TestConf_E16_EmptyFDT(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	expires := ntp(start.Add(time.Hour))
	r.feed(fdtInstance{id: 1, xml: fmt.Appendf(nil, `<FDT-Instance Expires="%d"/>`, expires)}.packets(t)...)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	got := eventsOf[event.FDTReceived](r)
	if len(got) != 2 || got[1].Files != 0 || len(got[1].Rejected) != 0 {
		t.Errorf("%+v", got)
	}
	r.close()
}

// E17, E18, E73: the database is the union of the instances; one that is left out stays, and a repeated old one does
// not turn anything back.
func TestConf_E17_E73_DatabaseIsUnion(t *testing.T) {
	r := newRig(t)
	a, b, c := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4), plain(t, 3, 300, 100, 4)
	one := describe(t, 1, a.file("a"), b.file("b"))
	r.feed(one, describe(t, 2, b.file("b"), c.file("c")), one)
	r.feed(concat(a.all(), b.all(), c.all())...)
	r.want("completed 1 a 300", "completed 2 b 300", "completed 3 c 300")
	r.close()
}

func TestConf_E18_OldInstanceDoesNotRollBack(t *testing.T) {
	r := newRig(t)
	old, current := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	r.feed(describe(t, 2, current.file("a")))
	r.feed(current.all()...)
	r.feed(describe(t, 1, old.file("a"))) // overtaken on the way
	r.feed(old.all()...)
	r.want("completed 2 a 400", "failed 1 a superseded")
	r.file("a", current.content)
	r.close()
}

// E25: what an FDT Instance says of a TOI is not changed by a later one. E26: it may be augmented.
func TestConf_E25_ChangedDescriptionIsRefused(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	n := uint64(301)
	for name, change := range map[string]func(*fdt.File){
		"Content-Location": func(f *fdt.File) { f.ContentLocation = "b" },
		"Content-Length":   func(f *fdt.File) { f.ContentLength = &n },
		"Transfer-Length":  func(f *fdt.File) { f.TransferLength = &n; f.OTI.TransferLength = n },
		"Content-Encoding": func(f *fdt.File) { f.ContentEncoding = flute.GZIP },
		"Content-MD5":      func(f *fdt.File) { f.MD5 = make([]byte, 16) },
		"SHA-256":          func(f *fdt.File) { f.SHA256 = make([]byte, 32) },
		"FEC OTI":          func(f *fdt.File) { f.OTI.SymbolLength = 50 },
	} {
		r := newRig(t)
		first := o.file("a")
		first.MD5, first.SHA256 = md5Of(o.content), sha256Of(o.content)
		second := first
		change(&second)
		r.feed(describe(t, 0, first), describe(t, 1, second))
		r.feed(o.all()...)
		r.want("completed 1 a 300")
		got := eventsOf[event.FDTReceived](r)
		if len(got) != 2 || len(got[1].Rejected) != 1 || !strings.Contains(got[1].Rejected[0], name) {
			t.Errorf("%s: %+v", name, got)
		}
		r.close()
	}
}

func TestConf_E26_AugmentedDescription(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	o.noFTI = true
	bare := fdt.File{TOI: o.toi, ContentLocation: "a"}
	more := o.file("a")
	more.MD5 = md5Of(o.content)
	r.feed(describe(t, 0, bare))
	r.feed(o.packet(0, 0, 1))
	if r.dropped(drop.OTI) != 1 {
		t.Error("a packet without OTI was used")
	}
	r.feed(describe(t, 1, more))
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	if done := eventsOf[event.ObjectCompleted](r); fmt.Sprint(done[0].Verified) != "[md5]" {
		t.Errorf("verified %v", done[0].Verified)
	}
	r.close()
}

// E30: an FDT Instance is not used beyond its expiry.
func TestConf_E30_Expiry(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	short := fdtInstance{id: 1, files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second)}.packets(t)
	r.feed(short...)
	r.feed(o.packet(0, 0, 1))
	r.wait(10 * time.Second)
	r.want("failed 1 a expired")
	r.feed(o.all()...) // nothing interprets them
	r.wait(time.Second)
	r.want("failed 1 a expired")
	r.feed(short...) // expired on arrival
	r.want("failed 1 a expired", "rejected fdt 1")
	if n := r.dropped(drop.Expired); n != uint64(len(short)) {
		t.Errorf("%d packets dropped as expired", n)
	}
	r.close()
}

// A description that is renewed goes on.
func TestConf_E30_RenewedInTime(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	for i := range flute.InstanceID(5) {
		r.feed(fdtInstance{id: i, files: []fdt.File{o.file("a")}, expires: r.now.Add(10 * time.Second)}.packets(t)...)
		if i < 3 {
			r.feed(o.packet(0, fec.ESI(i), 1))
		}
		r.wait(8 * time.Second)
	}
	r.want("completed 1 a 300")
	r.close()
}

// E31: the sender's clock counts, if EXT_TIME tells it.
func TestConf_E31_ClockSkew(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	past := start.Add(-time.Hour)
	for _, tt := range []struct {
		policy ExpiryPolicy
		sct    time.Time
		want   []string
	}{
		{ExpiryUseSCT, past, []string{"completed 1 a 300"}},
		{ExpiryUseSCT, time.Time{}, []string{"rejected fdt 0"}},
		{ExpiryEnforce, past, []string{"rejected fdt 0"}},
		{ExpiryIgnore, time.Time{}, []string{"completed 1 a 300"}},
	} {
		r := newRig(t, func(c *Config) { c.Expiry = tt.policy })
		r.feed(fdtInstance{files: []fdt.File{o.file("a")}, expires: past.Add(time.Minute), sct: tt.sct}.packets(t)...)
		r.feed(o.all()...)
		r.want(tt.want...)
		r.close()
	}
	// The offset is that of the moment when the packet came, not when the FDT Instance was whole.
	r := newRig(t, func(c *Config) { c.UnprovenTimeout = time.Hour })
	packets := fdtInstance{files: []fdt.File{o.file("a")}, expires: past.Add(time.Minute), sct: past, e: 100}.packets(t)
	r.feed(packets[0])
	r.wait(59 * time.Second)
	r.feed(packets[1:]...)
	r.wait(time.Second)
	r.want("failed 1 a expired")
	r.close()
}

// E43: other content under an FDT Instance ID in use is an error: it is counted, reported once and not used.
func TestConf_E43_ReusedInstanceID(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(describe(t, 5, a.file("a")))
	forged := describe(t, 5, b.file("bb"))
	r.feed(forged, forged)
	r.feed(concat(a.all(), b.all())...)
	r.want("rejected fdt 5") // the files may be of either
	r.feed(describe(t, 5, a.file("a")))
	r.want("rejected fdt 5", "completed 1 a 300")
	if n := r.dropped(drop.FDTConflict); n != 2 {
		t.Errorf("%d packets dropped", n)
	}
	r.close()
}

// E44, E45: IDs wrap and have gaps; newer means after the wrap.
func TestConf_E40_E44_Wraparound(t *testing.T) {
	r := newRig(t)
	for i, id := range []flute.InstanceID{flute.MaxInstanceID - 3, flute.MaxInstanceID, 0, 7, 100} {
		o := plain(t, uint64(1+i), 300, 100, 4)
		r.feed(describe(t, id, o.file(fmt.Sprint("f", i))))
		r.feed(o.all()...)
	}
	if n := len(eventsOf[event.ObjectCompleted](r)); n != 5 {
		t.Errorf("%d completed", n)
	}
	r.close()
}

func TestConf_E45_NewerAcrossTheWrap(t *testing.T) {
	for _, tt := range []struct{ first, second flute.InstanceID }{{3, 4}, {flute.MaxInstanceID, 0}, {
		flute.MaxInstanceID - 10, 20,
	}} {
		r := newRig(t)
		old, current := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
		r.feed(describe(t, tt.first, old.file("a")))
		r.feed(old.packet(0, 0, 1))
		r.feed(describe(t, tt.second, current.file("a")))
		r.feed(concat(current.all(), old.all())...)
		r.want("completed 2 a 400", "failed 1 a superseded")
		r.close()
	}
}
