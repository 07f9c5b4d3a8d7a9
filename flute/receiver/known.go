package receiver

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

const (
	// maxKnownInstances bounds the fingerprints that are kept; a sender that publishes every second for an hour stays
	// below.
	maxKnownInstances = 4096
	// arrivingBytes bounds the memory of FDT Instances that are received: 100,000 files are described in some 40 MB.
	arrivingBytes = 64 << 20
	// claimSilence is after what silence nothing speaks for an FDT Instance that is received but when it came last.
	claimSilence = 5 * time.Minute
)

// listingBytes returns how much memory the FDT Instances of a session may hold.
func (c *Config) listingBytes() uint64 { return max(arrivingBytes, 8*uint64(c.fdtLimit())) }

// arrive notes that in is being received. Those that are not any more leave the list before it grows: an FDT Instance
// that another one of its ID replaces makes room for none, and there may be thousands of those a second.
func (l *Ledger) arrive(in *instance) {
	if len(l.arriving) == cap(l.arriving) {
		l.arrivingInstances()
	}
	l.arriving = append(l.arriving, in)
}

// arrivingInstances returns the FDT Instances that are being received.
func (l *Ledger) arrivingInstances() []*instance {
	l.arriving = slices.DeleteFunc(l.arriving, func(in *instance) bool { return in.object == nil })
	return l.arriving
}

// makeRoomForInstance makes room for one more FDT Instance: of those that are received the one with the least claim
// gives way, of those that are only known a quarter, so that the work is shared by many.
func (l *Ledger) makeRoomForInstance(now time.Time) {
	for {
		open := l.arrivingInstances()
		tooMany, tooLarge := len(open) >= l.cfg.MaxInstances, l.listings.Used() >= l.listings.Limit()/2
		if len(open) == 0 || !tooMany && !tooLarge {
			break
		}
		if out := l.readings.out; out != nil { // a Work is at it: that is nearly done
			open = slices.DeleteFunc(slices.Clone(open), func(in *instance) bool { return in.object == out.object })
		}
		if len(open) == 0 {
			break
		}
		least := slices.MinFunc(open, func(a, b *instance) int {
			if !tooMany {
				return cmp.Or(cmp.Compare(b.weight(), a.weight()), a.touched.Compare(b.touched))
			}
			return cmp.Or(cmp.Compare(a.claim(now), b.claim(now)), a.touched.Compare(b.touched))
		})
		l.forgetInstance(least.id, least)
	}
	if len(l.instances) >= maxKnownInstances+len(l.arriving) {
		l.forgetKnown()
	}
}

// forgetKnown forgets a quarter of the FDT Instances that are only known, those that would be forgotten next.
func (l *Ledger) forgetKnown() {
	known := make([]*instance, 0, len(l.instances))
	for _, in := range l.instances {
		if in.object == nil {
			known = append(known, in)
		}
	}
	slices.SortFunc(known, func(a, b *instance) int { return a.forget.Compare(b.forget) })
	for _, in := range known[:(len(known)+3)/4] {
		l.forgetInstance(in.id, in)
	}
}

// claim is how much an FDT Instance that is received has shown: its packets, in powers of two, so that whoever floods
// the session has to send as much of each as a good sender does. One that is silent has none: it may never come again.
func (in *instance) claim(now time.Time) int {
	if now.Sub(in.touched) >= claimSilence {
		return 0
	}
	return bits.Len32(in.packets)
}

// weight is the memory of an FDT Instance that is received, in powers of two: where memory is short, the largest gives
// way, so that few large ones do not take the room of many.
func (in *instance) weight() int { return bits.Len64(in.receipt.memory.cost) }
