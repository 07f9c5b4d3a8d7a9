package receiver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// closing returns a session that was closed while so many objects are being published, and some are unfinished. Every
// fifth cannot be published; what keeps it may pass.
func closing(tb testing.TB, n int) *rig {
	tb.Helper()
	published := 0
	r := newRig(tb, withFaults(func(op string) error {
		if op == "publish" {
			if published++; published%5 == 0 {
				return errors.New("no room")
			}
		}
		return nil
	}))
	r.manual = true
	var files []fdt.File
	var packets [][]byte
	for i := range n {
		o := plain(tb, uint64(i+1), 100, 100, 4)
		files = append(files, o.file(fmt.Sprint(i)))
		if i%7 > 0 {
			packets = append(packets, o.all()...)
		}
	}
	r.feed(fdtInstance{files: files}.packets(tb)...)
	for len(r.works) > 0 {
		r.work()
	}
	r.feed(packets...)
	r.s.Close("enough")
	r.settle()
	return r
}

// Every object has one end, in whichever order publications end, and the session ends after the last one, also when it
// has crashed meanwhile.
func TestEndWaitsForAll(t *testing.T) {
	const n = 70
	for crash := range 2 {
		r := closing(t, n)
		for i := 0; len(r.works) > 0; i++ {
			if r.s.Ended() {
				t.Fatalf("ended while %d objects are being published", len(r.works))
			}
			if crash > 0 && i == n/3 {
				r.l.outstanding = outstanding{} // as a crash in end leaves it
				r.s = r.l.NewSession()
			}
			j := rand.IntN(len(r.works))
			r.works[0], r.works[j] = r.works[j], r.works[0]
			r.work()
		}
		ends := map[flute.TOI]int{}
		for _, e := range r.events {
			switch e := e.(type) {
			case event.ObjectCompleted:
				ends[e.TOI]++
			case event.ObjectFailed:
				if !e.Retry {
					ends[e.TOI]++
				}
			default:
			}
		}
		for i := range uint64(n) {
			if ends[flute.NewTOI(i+1)] != 1 {
				t.Errorf("TOI %d has %d ends", i+1, ends[flute.NewTOI(i+1)])
			}
		}
		if !r.s.Ended() {
			t.Errorf("not ended: %+v", r.l.outstanding)
		}
		r.close()
	}
}

// What the end of a Work costs a session that ends does not depend on how many objects there are.
func BenchmarkEnd(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := closing(b, n)
			b.ReportAllocs()
			for b.Loop() {
				r.s.Advance(r.now)
			}
		})
	}
}

// A session that is aborted ends the objects that leave it, too: those that are being published though nothing
// describes them any more.
func TestAbortEndsWhatLeaves(t *testing.T) {
	r := newRig(t)
	r.manual = true
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()...)
	if len(r.works) != 1 {
		t.Fatalf("%d Works", len(r.works))
	}
	e := r.l.entries[o.toi]
	r.l.remove(e)
	if len(r.l.leaving) != 1 {
		t.Fatalf("%d objects leave", len(r.l.leaving))
	}
	r.s.Abort("broken")
	r.settle()
	if failed := eventsOf[event.ObjectFailed](r); len(failed) != 1 || failed[0].Reason != event.FailQuarantined ||
		len(r.l.leaving) != 0 {
		t.Errorf("%+v, %d leave", failed, len(r.l.leaving))
	}
}
