package core

import "time"

const (
	// paceQuantum is what timers are exact to: so much is sent at once at high rates.
	paceQuantum = time.Millisecond
	// paceBurst is how many packets may follow each other at any rate.
	paceBurst = 4
)

// pacer spreads the packets of a window over the round trip: a burst makes a queue that LEDBAT would take for that of
// others, and overflows socket buffers.
type pacer struct {
	off  bool
	due  instant // when what was sent would have left at exactly the rate
	rate float64 // bytes per second
}

// set sets the rate to the window for each round trip and a quarter more, twice that in slow start: acknowledgements,
// not the pacer, are to limit.
func (p *pacer) set(window int, rtt instant, slowStart bool) {
	gain := 1.25
	if slowStart {
		gain = 2
	}
	p.rate = gain * float64(window) / max(rtt, 100*time.Microsecond).Seconds()
}

func (p *pacer) ready(now instant) bool { return p.off || p.rate == 0 || p.due <= now }

// sent takes a packet of n bytes.
func (p *pacer) sent(n int, now instant) {
	if p.rate == 0 {
		return
	}
	burst := max(paceQuantum, instant(paceBurst*float64(n)/p.rate*1e9))
	p.due = max(p.due, now-burst) + instant(float64(n)/p.rate*1e9)
}
