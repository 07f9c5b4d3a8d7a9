package receiver

import "slices"

const (
	// maxKnownInstances bounds the fingerprints that are kept; a sender that publishes every second for an hour stays
	// below.
	maxKnownInstances = 4096
	// arrivingBytes bounds the memory of FDT Instances that are received: 100,000 files are described in some 40 MB.
	arrivingBytes = 64 << 20
)

// arrivingInstances returns the FDT Instances that are being received.
func (l *Ledger) arrivingInstances() []*instance {
	l.arriving = slices.DeleteFunc(l.arriving, func(in *instance) bool { return in.object == nil })
	return l.arriving
}

// makeRoomForInstance makes room for one more FDT Instance: of those that are received the one gives way that was
// silent longest, of those that are only known a quarter, those that would be forgotten next. So the work is shared by
// many.
func (l *Ledger) makeRoomForInstance() {
	for {
		open := l.arrivingInstances()
		if len(open) == 0 || len(open) < l.cfg.MaxInstances && l.listings.Used() < l.listings.Limit()/2 {
			break
		}
		if out := l.readings.out; out != nil { // a Work is at it: that is nearly done
			open = slices.DeleteFunc(slices.Clone(open), func(in *instance) bool { return in.object == out.object })
		}
		if len(open) == 0 {
			break
		}
		oldest := slices.MinFunc(open, func(a, b *instance) int { return a.touched.Compare(b.touched) })
		l.forgetInstance(oldest.id, oldest)
	}
	if len(l.instances) < maxKnownInstances+len(l.arriving) {
		return
	}
	known := make([]*instance, 0, len(l.instances))
	for _, in := range l.instances {
		if in.object == nil {
			known = append(known, in)
		}
	}
	slices.SortFunc(known, func(a, b *instance) int { return a.forget.Compare(b.forget) })
	for _, in := range known[:len(known)/4] {
		l.forgetInstance(in.id, in)
	}
}
