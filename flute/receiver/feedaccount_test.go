package receiver

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/flute-node/flute-node/flute/event"
)

// timedArrival is an arrival at a time of its own.
type timedArrival struct {
	arrival
	at time.Duration
}

// play feeds what comes on all feeds, each datagram at its time.
func (r *rig) play(arrivals []timedArrival) {
	r.t.Helper()
	slices.SortStableFunc(arrivals, func(a, b timedArrival) int { return int(a.at - b.at) })
	begin := r.now
	for _, a := range arrivals {
		if at := begin.Add(a.at); at.After(r.now) {
			r.wait(at.Sub(r.now))
		}
		r.on(a.feed, a.b)
	}
}

// sums fails unless the counts of the session are the sums of those of its feeds, and its Jitter and its worst second
// are the highest.
func (r *rig) sums() {
	r.t.Helper()
	var sum event.Account
	var jitter time.Duration
	feeds, got := r.l.Feeds(), r.l.Account(r.now)
	var received uint64
	for i := range feeds {
		a := &feeds[i].Account
		sum.Add(a)
		jitter = max(jitter, a.Jitter)
		received += feeds[i].Received
	}
	if got.Symbols != sum.Symbols || got.Due != sum.Due || got.Lost != sum.Lost || got.Loss != sum.Loss ||
		got.MarginBlocks != sum.MarginBlocks || got.MarginSymbols != sum.MarginSymbols || got.Surplus != sum.Surplus ||
		got.LeastSurplus != sum.LeastSurplus || got.WorstLoss != sum.WorstLoss || got.Jitter != jitter {
		r.t.Errorf("the session tells %+v\nits feeds %+v", got, sum)
	}
	if n := r.l.Counters().Received; n != received {
		r.t.Errorf("the session received %d, its feeds %d", n, received)
	}
}

// TestFeedsTellTheirLoss: each of two feeds tells what it has lost and how unsteady it is, whichever brings a symbol
// first and however far it is behind. A feed that loses nothing tells no loss.
func TestFeedsTellTheirLoss(t *testing.T) {
	const interval = 2 * time.Millisecond
	loss, unsteady := [2]float64{0, 0.1}, [2]time.Duration{0, time.Millisecond}
	for _, behind := range []time.Duration{0, 7 * interval, 300 * interval} {
		for first := range 2 {
			t.Run(fmt.Sprint(behind, first), func(t *testing.T) {
				r := newRig(t, withFeeds(2))
				o := plain(t, 1, 400_000, 100, 100)
				rng := rand.New(rand.NewPCG(3, 4))
				sent, lost := o.all(), [2]uint64{}
				var arrivals []timedArrival
				instance := describe(t, 0, o.file("a"))
				for i, b := range sent {
					for feed := range 2 {
						at := time.Duration(i) * interval
						if feed != first {
							at += behind
						}
						if i%100 == 0 {
							arrivals = append(arrivals, timedArrival{arrival{feed, instance}, at})
						}
						if i%2 == 1 {
							at += unsteady[feed]
						}
						if rng.Float64() < loss[feed] {
							lost[feed]++
							continue
						}
						arrivals = append(arrivals, timedArrival{arrival{feed, b}, at})
					}
				}
				r.play(arrivals)
				r.file("a", o.content)
				for i, f := range r.l.Feeds() {
					a, n := f.Account, uint64(len(sent))
					if a.Symbols != n-lost[i] {
						t.Errorf("feed %d: %d symbols, want %d", i, a.Symbols, n-lost[i])
					}
					// What is lost at the ends of source blocks is not told: of 40, that is some in a hundred.
					if a.Lost > lost[i] || a.Lost < lost[i]*9/10 || a.Due > n || a.Due < n*95/100 ||
						math.Abs(a.Loss-loss[i]) > 0.02 {
						t.Errorf("feed %d: %d of %d lost, %v; want %d of %d", i, a.Lost, a.Due, a.Loss, lost[i], n)
					}
					if a.LatestLoss > 1.5*loss[i] || a.WorstLoss < a.LatestLoss || a.WorstLoss > 2*loss[i] {
						t.Errorf("feed %d: loss of the latest second %v, the worst %v; want %v",
							i, a.LatestLoss, a.WorstLoss, loss[i])
					}
					// Where a datagram is lost the next one comes late, too.
					if a.Jitter < unsteady[i]*8/10 || a.Jitter > unsteady[i]*16/10 {
						t.Errorf("feed %d: jitter %v, want %v", i, a.Jitter, unsteady[i])
					}
				}
				r.sums()
				r.close()
			})
		}
	}
}

// TestDeadFeedTellsItsLoss: one of two feeds brings nothing for some seconds. The other one has lost nothing; this one
// has lost what was sent meanwhile, and tells so when it is heard again, also at the end of the session.
func TestDeadFeedTellsItsLoss(t *testing.T) {
	r := newRig(t, withFeeds(2))
	o := plain(t, 1, 400_000, 100, 100)
	instance := describe(t, 0, o.file("a"))
	r.on(0, instance)
	for i, b := range o.all() {
		r.wait(2 * time.Millisecond)
		if i%100 == 0 {
			r.on(0, instance)
		}
		r.on(0, b)
		if i < 1050 || i >= 3050 { // blocks 11 to 29, and halves of 10 and 30
			if i%100 == 0 {
				r.on(1, instance)
			}
			r.on(1, b)
		}
		if i == 3000 {
			f := r.l.Feeds()
			if a := &f[1].Account; a.Symbols != 1050 || a.Lost != 0 {
				t.Errorf("the dead feed: %+v", f[1])
			}
			r.sums()
		}
	}
	r.file("a", o.content)
	r.sums()
	r.close()
	feeds := eventsOf[event.SessionClosed](r)[0].Feeds
	if a := &feeds[0].Account; a.Symbols != 4000 || a.Lost != 0 || a.WorstLoss != 0 {
		t.Errorf("the feed that lives: %+v", *a)
	}
	// 1900 of them are known from the source blocks that are left out.
	if a := &feeds[1].Account; a.Symbols != 2000 || a.Lost != 1900 || a.WorstLoss < 0.9 || a.LatestLoss != 0 {
		t.Errorf("the feed that was dead: %+v", *a)
	}
}

// TestChannelsShareSourceBlocks: of a source block that comes over several channels no channel has lost what the
// others bring. The session tells the loss.
func TestChannelsShareSourceBlocks(t *testing.T) {
	r := newRig(t, withChannels(3))
	o := plain(t, 1, 60_000, 100, 50)
	r.on(0, describe(t, 0, o.file("a")))
	for i, b := range o.all() {
		r.wait(time.Millisecond)
		if i%10 != 5 {
			r.on(i%3, b)
		}
	}
	for i, f := range r.l.Feeds() {
		if a := &f.Account; a.Due != 0 || a.Loss != 0 || a.Symbols != 180 {
			t.Errorf("channel %d: %+v", i, *a)
		}
	}
	if a := r.l.Account(r.now); a.Lost != 60 || a.Symbols != 540 {
		t.Errorf("the session: %+v", a)
	}
	r.close()
}

// TestSymbolsOfNoFeed: what was kept until its object was described is no loss of a feed, though copies were not kept.
func TestSymbolsOfNoFeed(t *testing.T) {
	r := newRig(t, withFeeds(2))
	o := plain(t, 1, 4000, 100, 50)
	all := o.all()
	for feed := range 2 {
		r.on(feed, all[:20]...)
	}
	r.on(0, describe(t, 0, o.file("a")))
	for feed := range 2 {
		r.on(feed, all[20:]...)
	}
	for i, f := range r.l.Feeds() {
		if a := &f.Account; a.Symbols != 20 || a.Lost != 0 {
			t.Errorf("feed %d: %+v", i, *a)
		}
	}
	if a := r.l.Account(r.now); a.Symbols != 40 || a.Lost != 0 {
		t.Errorf("the session: %+v", a)
	}
	r.close()
}

// TestFeedsAllocateNothing: neither a packet of a session with several feeds nor a look at its account takes memory.
func TestFeedsAllocateNothing(t *testing.T) {
	if n := unsafe.Sizeof([sequenceCount]sequence{}); n > sequenceBytes {
		t.Errorf("the sequences of a feed take %d bytes, %d are charged", n, sequenceBytes)
	}
	r := newRig(t, withFeeds(2))
	o := plain(t, 1, 20_000, 100, 10)
	r.on(0, describe(t, 0, o.file("a")))
	all := o.all()
	r.on(0, all...)
	r.on(1, all...)
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		r.s.Route(r.now, Origin{Feed: uint8(i % 2)}, all[i%len(all)])
		i++
		r.l.Account(r.now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
