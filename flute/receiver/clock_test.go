package receiver

import (
	"testing"
	"time"
	"unsafe"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// steppedBy returns t as a computer sees it whose wall clock was set by whole seconds: its monotonic reading is that of
// t. Package time has no other way to make such a time.
func steppedBy(t *testing.T, at time.Time, by time.Duration) time.Time {
	t.Helper()
	type clock struct {
		wall uint64 // a bit for the monotonic reading, 33 bits of seconds, 30 bits of nanoseconds
		ext  int64
		loc  *time.Location
	}
	stepped := at
	(*clock)(unsafe.Pointer(&stepped)).wall += uint64(by/time.Second) << 30
	if wall := stepped.Round(0).Sub(at.Round(0)); wall != by || stepped.Sub(at) != 0 {
		t.Skipf("package time has changed: stepped by %v, %v apart", wall, stepped.Sub(at))
	}
	return stepped
}

// E30, E31: the life of an FDT Instance is measured by the monotonic clock. A wall clock that is set, in either
// direction and by any amount, expires nothing and keeps nothing alive; the next FDT Instance is understood by the
// sender's clock.
func TestConf_E31_WallClockStep(t *testing.T) {
	for _, step := range []time.Duration{3 * time.Hour, -3 * time.Hour, 20 * 365 * 24 * time.Hour} {
		r := newRig(t)
		r.now = time.Now()
		began := r.now
		a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
		describeAt := func(id flute.InstanceID, o object, name string, sct time.Time) [][]byte {
			return fdtInstance{
				id: id, files: []fdt.File{o.file(name)}, e: 60000, expires: sct.Add(time.Hour), sct: sct,
			}.packets(t)
		}
		r.feed(describeAt(0, a, "a", began.Round(0))...)
		r.feed(a.packet(0, 0, 1))
		r.now = steppedBy(t, r.now.Add(time.Minute), step)
		r.s.Advance(r.now)
		r.settle()
		r.feed(a.packet(0, 1, 1))
		r.feed(describeAt(1, b, "b", began.Round(0).Add(time.Minute))...) // the sender's clock was not set
		r.feed(b.packet(0, 0, 1))
		r.want()
		for i := range fec.ESI(3) {
			r.feed(a.packet(0, i, 1), b.packet(0, i, 1))
		}
		r.want("completed 1 a 300", "completed 2 b 300")
		r.close()
	}
}

// E30, E31: a receiver that starts in 1970 and is set later takes the sender's clock for its own.
func TestConf_E31_ClockNeverSet(t *testing.T) {
	for _, sct := range []time.Time{{}, start} { // with and without EXT_TIME
		r := newRig(t)
		r.now = time.Now()
		r.now = steppedBy(t, r.now, -time.Since(time.Unix(10, 0)).Truncate(time.Second))
		booted := r.now
		o, late := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
		d := fdtInstance{
			files: []fdt.File{o.file("a"), late.file("b")}, e: 60000, expires: start.Add(time.Hour), sct: sct,
		}.packets(t)
		r.feed(d...)
		r.feed(o.packet(0, 0, 1))
		r.now = steppedBy(t, r.now.Add(time.Minute), start.Sub(booted.Round(0)).Truncate(time.Second)) // NTP
		r.s.Advance(r.now)
		r.settle()
		r.feed(d...)
		r.feed(o.all()...)
		r.want("completed 1 a 300")
		if sct.IsZero() {
			r.close()
			continue
		}
		for range 2 { // its end is known: an hour after its Sender Current Time
			r.now = r.now.Add(30 * time.Minute)
			r.s.Advance(r.now)
			r.settle()
			r.feed(o.packet(0, 0, 1)) // the session does not fall silent
		}
		r.want("completed 1 a 300", "failed 2 b expired")
		r.close()
	}
}
