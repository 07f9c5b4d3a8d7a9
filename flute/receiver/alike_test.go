package receiver

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// feedTogether takes datagrams of one read as a program does that hands rows of packets to their Object. It returns how
// many went the short way.
func (r *rig) feedTogether(datagrams [][]byte, rows bool) (short int) {
	var packets []Packet
	var toi flute.TOI
	deliver := func() {
		for i := 0; i < len(packets); {
			o := r.object(toi)
			o.Handle(r.now, &packets[i])
			if i++; rows {
				n := o.HandleAlike(r.now, packets[i:])
				i, short = i+n, short+n
			}
		}
		if len(packets) > 0 {
			r.settle()
			r.settleObject(r.object(toi))
		}
		packets = packets[:0]
	}
	r.handed += uint64(len(datagrams))
	for _, d := range datagrams {
		var p Packet
		if !r.s.RouteTo(r.now, Origin{Port: r.port}, &p, d) {
			deliver()
			r.settle()
			continue
		}
		if len(packets) > 0 && toi != p.TOI() || r.s.HasEffects() {
			deliver()
			r.settle()
		}
		toi = p.TOI()
		packets = append(packets, p)
	}
	deliver()
	r.settle()
	r.check()
	r.events = slices.DeleteFunc(r.events, func(e event.Event) bool { _, is := e.(event.ObjectProgress); return is })
	return short
}

// TestHandleAlike: a session that takes rows of packets together knows the same, after each read, as one that takes
// them one by one, and has told the same but for progress on the way: whatever comes, in whatever order.
func TestHandleAlike(t *testing.T) {
	short := 0
	for seed := range uint64(60) {
		// With two objects margins depend on which of them gets first what was held apart for them.
		alone := seed%2 == 0
		objects := []object{plain(t, 1, 60_000, 100, 40), coded(t, 2, 60_000, 100, 50, 60, "")}
		if alone {
			objects = objects[:1]
		}
		one, other, packets := twins(t, objects...)
		rng := rand.New(rand.NewPCG(seed, 5))
		at, from := 0, 0
		for range 100 {
			var read [][]byte
			for range 1 + rng.IntN(60) {
				switch at = (at + 1) % len(packets); {
				case rng.IntN(30) == 0: // lost, or out of order
					at = rng.IntN(len(packets))
				case rng.IntN(200) == 0: // doubled
					read = append(read, packets[at])
				}
				d := bytes.Clone(packets[at])
				if rng.IntN(300) == 0 {
					d[rng.IntN(len(d))] ^= 1 << rng.IntN(8)
				}
				read = append(read, d)
			}
			if one.s.Ended() || other.s.Ended() {
				break
			}
			short += one.feedTogether(read, true)
			other.feedTogether(read, false)
			compareSessions(t, one, other, from)
			for toi, e := range one.l.entries {
				if h, o := e.held, other.l.entries[toi].held; h != nil && o != nil &&
					(h.Received != o.Received || h.percent != o.percent || h.progress != o.progress) {
					t.Errorf("TOI %v: %d and %d bytes, %d and %d %%", toi, h.Received, o.Received, h.percent, o.percent)
				}
			}
			if x, y := one.l.Account(one.now), other.l.Account(other.now); alone && x != y {
				t.Errorf("accounts:\n%+v\n%+v", x, y)
			}
			from = len(one.events)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
			pause := time.Duration(rng.IntN(3)) * 30 * time.Millisecond
			if rng.IntN(20) == 0 {
				pause = 700 * time.Millisecond // a sender that is silent for so long may be another one
			}
			one.wait(pause)
			other.wait(pause)
		}
		one.close()
		other.close()
	}
	if short < 10_000 {
		t.Errorf("%d packets went the short way", short)
	}
}
