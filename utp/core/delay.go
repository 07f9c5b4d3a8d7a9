package core

import "time"

const (
	// baseHistory is how many minutes the least delay is remembered for (RFC 6817, section 2.5: SHOULD be 10).
	baseHistory = 10
	// currentFilter is of how many samples the least is the current delay (RFC 6817, section 2.5: at least 4 in a round
	// trip): a single late packet is no queue.
	currentFilter = 4
	// maxShift is how far the clocks of the two ends may drift apart between two samples; a greater step is a new path.
	maxShift = 10_000
)

// delayHistory estimates a queueing delay from the differences of two clocks that know nothing of each other, in
// microseconds modulo 2^32 (RFC 6817, section 3.1).
type delayHistory struct {
	bases  [baseHistory]uint32 // the least of each minute
	minute instant             // when that of now began
	slot   int
	known  bool
	base   uint32 // the least of all
	recent [currentFilter]uint32
	next   int
}

// before reports whether a is less than b, along the shorter way around.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// add takes a sample.
func (h *delayHistory) add(sample uint32, now instant) {
	if !h.known {
		for i := range h.bases {
			h.bases[i] = sample
		}
		h.known, h.base, h.minute = true, sample, now
		for i := range h.recent {
			h.recent[i] = sample
		}
	}
	for steps := 0; now-h.minute >= time.Minute; steps++ {
		if steps == baseHistory {
			h.minute = now
			break
		}
		h.minute += time.Minute
		h.slot = (h.slot + 1) % baseHistory
		h.bases[h.slot] = sample
		h.find()
	}
	if before(sample, h.bases[h.slot]) {
		h.bases[h.slot] = sample
	}
	if before(sample, h.base) {
		h.base = sample
	}
	h.recent[h.next] = sample
	h.next = (h.next + 1) % currentFilter
}

func (h *delayHistory) find() {
	h.base = h.bases[0]
	for _, b := range h.bases[1:] {
		if before(b, h.base) {
			h.base = b
		}
	}
}

// queueing returns the delay beyond the base.
func (h *delayHistory) queueing() instant {
	least := uint32(1<<32 - 1)
	for _, r := range h.recent {
		if d := r - h.base; !before(r, h.base) {
			least = min(least, d)
		} else {
			least = 0 // the base was shifted over it
		}
	}
	return instant(least) * time.Microsecond
}

// shift moves all bases up by d, for clocks that drift apart.
func (h *delayHistory) shift(d uint32) {
	for i := range h.bases {
		h.bases[i] += d
	}
	h.base += d
}

const (
	driftPeriod = 5 * time.Second
	// driftAllowed is by how many microseconds the mean delay may fall in driftPeriod before the peer's clock is taken
	// for one that is slowed down, to seem near (libutp).
	driftAllowed = 200_000
	driftPenalty = 7
)

// delays are the measurements of both directions.
type delays struct {
	ours   delayHistory // of the way to the peer, as its packets report
	theirs delayHistory // of the way from it
	reply  uint32       // for our next packet

	sum, samples int64 // of the current driftPeriod
	began        instant
	mean         int64
	hasMean      bool
	drift        int64 // microseconds in driftPeriod, smoothed
}

// noDelay and noDelayYet are values of wire.Packet.Delay by which peers say that they know none, beside 0.
const (
	noDelay    = 0x7fffffff
	noDelayYet = 0xffffffff
)

// arrived takes the times of a packet that arrived at a time of our clock.
func (d *delays) arrived(timestamp, at uint32, now instant) {
	sample := at - timestamp
	if d.reply = sample; sample == 0 {
		d.reply = 1 // 0 says that there is no sample
	}
	base, known := d.theirs.base, d.theirs.known
	d.theirs.add(sample, now)
	// Where packets from the peer seem to get faster and faster its clock is slower than ours, and packets to it seem
	// to get slower and slower.
	if fell := base - d.theirs.base; known && before(d.theirs.base, base) && fell <= maxShift {
		d.ours.shift(fell)
	}
}

// sample takes the delay that a packet reports, and returns the queueing delay of the way to the peer; ok is false if
// it reports none. A queue cannot last longer than the whole round trip: least is the least one of late, or zero.
func (d *delays) sample(reported uint32, least, now instant) (queueing instant, ok bool) {
	if reported == 0 || reported == noDelay || reported == noDelayYet {
		return 0, false
	}
	d.ours.add(reported, now)
	queueing = d.ours.queueing()
	if least > 0 && queueing > least {
		d.ours.shift(uint32((queueing - least) / time.Microsecond))
		queueing = least
	}
	d.measureDrift(queueing, now)
	if d.drift < -driftAllowed {
		queueing += instant((-d.drift-driftAllowed)/driftPenalty) * time.Microsecond
	}
	return queueing, true
}

func (d *delays) measureDrift(queueing, now instant) {
	if d.samples == 0 {
		d.began = now
	}
	d.sum += int64(queueing / time.Microsecond)
	d.samples++
	if now-d.began < driftPeriod {
		return
	}
	mean := d.sum / d.samples
	if d.hasMean {
		d.drift = (7*d.drift + mean - d.mean) / 8
	}
	d.mean, d.hasMean, d.sum, d.samples = mean, true, 0, 0
}
