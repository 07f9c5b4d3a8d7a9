package core

// progress is what an acknowledgement tells a congestion control.
type progress struct {
	now      instant
	bytes    int     // newly acknowledged
	inFlight int     // bytes before that
	packet   int     // payload of a full packet
	rtt      instant // smoothed
	leastRTT instant
	delay    instant // queueing delay of the way to the peer
	hasDelay bool
	limited  bool // the window has kept packets back lately
}

// congestion decides how many bytes may be in the network at once. It is called by one connection, which counts losses
// of one round trip as one.
type congestion interface {
	// acked takes an acknowledgement of something new.
	acked(p progress)
	// lost takes one loss, or several of one window.
	lost(now instant)
	// timeout takes a retransmission timeout.
	timeout(now instant)
	// undo takes back the latest lost or timeout: nothing was lost.
	undo()
	// window returns the window in bytes.
	window() int
	// slowStart reports whether the window doubles in each round trip.
	slowStart() bool
	// state returns the queueing delay and the one that is aimed at; zero for a control that has none.
	state() (delay, target instant)
}

const (
	// initialPackets is the window of a new connection. RFC 6817, section 2.5: "INIT_CWND and MIN_CWND SHOULD both be
	// 2".
	initialPackets = 2
	// leastPackets is the least window: MIN_CWND of RFC 6817, section 2.5.
	leastPackets = 2
	// noThreshold is above every window.
	noThreshold = 1 << 40
	// limitedFor is for how many round trips a window counts as used up after it has kept a packet back. One that is
	// not used up says nothing about the path, and does not grow (RFC 6817, section 2.4.2, bounds it by
	// ALLOWED_INCREASE for that).
	limitedFor = 2
)

func newCongestion(cfg *Config) congestion {
	switch cfg.Congestion {
	case Cubic:
		return newCubic(cfg)
	default:
		return newLEDBAT(cfg)
	}
}
