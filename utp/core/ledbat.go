package core

import "time"

const (
	// ledbatGain is how many packets LEDBAT's window grows by in a round trip where there is no queue. RFC 6817,
	// section 2.5: "GAIN MUST be set to 1 or less". libutp's is 2.
	ledbatGain = 1
	// allowedIncrease is by how many packets the window may exceed what is in flight (RFC 6817, section 2.5: SHOULD be
	// 1).
	allowedIncrease = 1
	// ledbatKnee is the part of the target at which the window begins to shrink, beside its growth, and ledbatShare by
	// how much of itself in a round trip, for each ledbatKnee of the target that the queue is longer. More would make
	// much of a millisecond by which two flows measure the queue differently.
	ledbatKnee  = 0.5
	ledbatShare = 0.05
	// maxGainDivisor bounds how much slower than that LEDBAT++ grows where the base delay is short.
	maxGainDivisor = 16
	// plusDecrease is by how much of the window it shrinks in a round trip, for each target that the queue is longer
	// than it is to be.
	plusDecrease = 1.0
	// ledbatPause is the least time between two slowdowns of LEDBAT: they cost a twentieth of the rate for that long,
	// and are what corrects the base delay of flows that began while there was a queue.
	ledbatPause = 8 * time.Second
	// slowdownRest is for how many round trips a slowdown sends next to nothing, so that the queue empties.
	slowdownRest = 2
	// slowdownEvery is how many times longer than a slowdown the time to the next one is.
	slowdownEvery = 9
	// restGives is which part of the window a slowdown gives up at most: others have grown in the meantime, and a queue
	// that is nearly as long as the buffer would overflow.
	restGives = 1.0 / 16
	// gentle is which part of the window a loss leaves where the queue is short: such a loss is seldom of our making.
	// RFC 6817 halves the window at each; where 1 % of the packets is lost that leaves half of what this does.
	gentle = 0.9
)

// ledbat is LEDBAT (RFC 6817) and LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus-01). Both slow down now and then to
// measure the base delay, as the latter asks for.
type ledbat struct {
	plus     bool
	tolerant bool
	target   target

	cwnd      float64 // bytes
	threshold float64 // of slow start, in bytes
	packet    float64 // payload of a full packet, in bytes
	delay     instant // the queueing delay of late
	rtt       instant // smoothed
	lately    lately
	waits     instant // since when slow start waits whether a queue lasts; -1: it does not
	flown     flown

	rests slowdown
	saved savedWindow
}

// savedWindow is what undo restores.
type savedWindow struct {
	cwnd, threshold float64
	target          instant
	rests           slowdown
}

// slowdown is a rest at the least window, then slow start to where the window was.
type slowdown struct {
	next    instant // zero: after the first slow start
	until   instant // of the rest; zero: none
	began   instant // zero: not in a slowdown
	restore float64 // window at which slow start ends, in bytes
}

func newLEDBAT(cfg *Config) *ledbat {
	packet := float64(cfg.MinPacket)
	return &ledbat{
		plus: cfg.Congestion == LEDBATPlusPlus, tolerant: cfg.LossTolerant, target: newTarget(cfg),
		cwnd: initialPackets * packet, threshold: noThreshold, packet: packet, waits: -1,
	}
}

func (l *ledbat) window() int     { return int(l.cwnd) }
func (l *ledbat) slowStart() bool { return l.cwnd < l.threshold && l.rests.until == 0 }

func (l *ledbat) state() (delay, target instant) { return l.delay, l.target.current }

func (l *ledbat) least() float64 { return leastPackets * l.packet }

func (l *ledbat) acked(p progress) {
	l.packet, l.rtt = float64(p.packet), p.rtt
	if p.hasDelay {
		l.delay = l.lately.add(p.delay, p.now, p.rtt)
		l.target.saw(l.delay, p.now, p.rtt)
		if l.plus {
			l.delay = p.delay // it shrinks steeply: flows that learn of the queue later get less
		}
	}
	if l.rest(p) {
		return
	}
	bytes := float64(min(p.bytes, p.inFlight))
	off := 1 - float64(l.delay)/float64(l.target.current)
	switch {
	case l.slowStart():
		if l.threshold == noThreshold && p.hasDelay && l.hasQueue(p.now) {
			break
		}
		if p.limited {
			l.cwnd = min(l.cwnd+bytes, max(l.threshold, l.cwnd))
		}
		if l.cwnd >= l.threshold {
			l.exited(p.now)
		}
	default:
		l.steer(p, off, bytes)
	}
	l.bound(p)
}

// bound keeps a window that is not used near what is in flight. RFC 6817, section 2.4.2: "cwnd = min(cwnd,
// max_allowed_cwnd)", and max_allowed_cwnd is flightsize + ALLOWED_INCREASE * MSS. It is the flightsize "in the
// previous RTT" (section 2.5): what is in flight at one acknowledgement, of many that come together, says less. A
// window that has just kept a packet back is in flight.
func (l *ledbat) bound(p progress) {
	most := float64(l.flown.add(p)) + allowedIncrease*l.packet
	if !p.limited && l.cwnd > most && !l.slowStart() {
		if l.threshold = most; l.cwnd > 2*most {
			l.threshold = l.cwnd // slow start, which RFC 5681 bounds, leads back to what was given up
		}
		l.cwnd = most
	}
	l.cwnd = max(l.cwnd, l.least())
}

// flown is how much was in flight lately.
type flown struct {
	most  [2]int  // bytes, in this round trip and in the one before
	until instant // the end of this one
}

// add takes what was in flight before an acknowledgement, and returns the most of two round trips.
func (f *flown) add(p progress) int {
	if p.now >= f.until {
		f.most[1], f.most[0] = f.most[0], 0
		if p.now >= f.until+p.rtt {
			f.most[1] = 0 // nothing was acknowledged for a round trip
		}
		f.until = p.now + p.rtt
	}
	f.most[0] = max(f.most[0], p.inFlight)
	return max(f.most[0], f.most[1])
}

// hasQueue ends the first slow start when it has made a queue. The later ones go back to a share that was there before.
// It reports whether the window is not to grow: it waits for half of a round trip whether the queue lasts. A moment in
// which nothing moves is no queue, and after slow start the window takes minutes to grow as far.
func (l *ledbat) hasQueue(now instant) bool {
	if l.delay <= l.target.current*l.exit()/4 {
		l.waits = -1
		return false
	}
	if l.waits < 0 {
		l.waits = now
	}
	if now-l.waits >= l.rtt/2 {
		l.threshold = l.cwnd
		l.exited(now)
	}
	return true
}

// exit returns at how many quarters of the target slow start ends: the queue goes on growing for a round trip.
func (l *ledbat) exit() instant {
	if l.plus {
		return 3
	}
	return 2
}

// steer moves the window towards the target, off of which it is, after so many bytes were acknowledged. It grows as RFC
// 6817, section 2.4.2, has it: cwnd += GAIN * off_target * bytes_newly_acked * MSS / cwnd. Near the target it shrinks
// by a part of itself as well ("implementations MAY use a higher GAIN for cwnd decrease"). Where both are equal flows
// that see the same queue have the same window, however they began; with the formula alone they keep the shares that
// they have.
func (l *ledbat) steer(p progress, off, bytes float64) {
	growth, excess := off, max(0, -off)
	gain := float64(ledbatGain)
	if beyond := (1-off)/ledbatKnee - 1; beyond > 0 {
		excess += ledbatShare * beyond
	}
	if l.plus {
		growth, excess, gain = 1, -off, l.plusGain(p)
	}
	change := 0.0
	if p.limited && growth > 0 {
		change = gain * growth * l.packet / l.cwnd
	}
	if excess > 0 {
		change -= min(plusDecrease*excess, 0.5)
	}
	l.cwnd = max(l.cwnd+change*bytes, l.least())
	l.threshold = min(l.threshold, l.cwnd) // or slow start would take back what was given up
}

// plusGain returns how many packets LEDBAT++ grows by in a round trip.
func (l *ledbat) plusGain(p progress) float64 {
	if p.leastRTT == 0 {
		return 1
	}
	return 1 / float64(min(maxGainDivisor, 1+(2*l.target.current-1)/p.leastRTT))
}

// exited is the end of a slow start.
func (l *ledbat) exited(now instant) {
	r := &l.rests
	if r.began > 0 {
		r.next, r.began = now+max(slowdownEvery*(now-r.began), l.pause()), 0
	} else if r.next == 0 {
		r.next = now + slowdownRest*l.rtt
	}
}

// pause returns the least time between two slowdowns.
func (l *ledbat) pause() instant {
	if l.plus {
		return 0
	}
	return ledbatPause
}

// rest does what is due of a slowdown, and reports whether the window stays as it is.
func (l *ledbat) rest(p progress) bool {
	r := &l.rests
	if r.until == 0 {
		if r.next == 0 || p.now < r.next || l.slowStart() {
			return false
		}
		r.began, r.restore = p.now, l.cwnd
		if !l.plus { // no more than a quarter of what is in the queue: the link stays full
			r.restore -= l.cwnd * min(restGives, float64(l.delay)/float64(max(1, p.rtt))/4)
		}
		r.until = p.now + slowdownRest*p.rtt
		l.cwnd = l.least()
		return true
	}
	if p.now < r.until {
		return true
	}
	r.until, l.threshold = 0, r.restore
	return false
}

func (l *ledbat) save() { l.saved = savedWindow{l.cwnd, l.threshold, l.target.current, l.rests} }

func (l *ledbat) lost(now instant) {
	l.save()
	delay := l.target.recent
	if l.tolerant && delay < l.target.current/4 {
		return
	}
	l.target.lost(now, l.rtt)
	factor := 0.5
	if delay < l.target.current/4 {
		factor = gentle
	}
	l.cwnd = max(l.cwnd*factor, l.least())
	if l.slowStart() {
		l.threshold = l.cwnd
		l.exited(now)
	}
	l.threshold = min(l.threshold, l.cwnd)
}

func (l *ledbat) timeout(now instant) {
	l.save()
	l.target.lost(now, l.rtt)
	l.threshold = max(l.cwnd/2, l.least())
	l.cwnd = l.least()
}

func (l *ledbat) undo() {
	if l.saved.cwnd > l.cwnd {
		l.cwnd, l.threshold, l.target.current, l.rests = l.saved.cwnd, l.saved.threshold, l.saved.target, l.saved.rests
	}
}
