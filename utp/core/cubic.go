package core

import (
	"math"
	"time"
)

const (
	cubicC    = 0.4 // packets per second cubed (RFC 9438, section 5)
	cubicBeta = 0.7 // what a loss leaves of the window (RFC 9438, section 4.6)
)

// cubic is CUBIC (RFC 9438).
type cubic struct {
	packet float64 // bytes

	cubicWindow
	saved cubicWindow // before the latest loss
}

// cubicWindow is what a loss changes.
type cubicWindow struct {
	cwnd      float64 // bytes
	threshold float64 // of slow start, in bytes
	most      float64 // W_max: the window at the latest loss, in packets
	k         float64 // K: seconds from the loss until the window is there again
	epoch     instant // of the growth; never: none since a loss
	reno      float64 // W_est: the window that Reno would have (section 4.3), in packets
}

func newCubic(cfg *Config) *cubic {
	packet := float64(cfg.MinPacket)
	start := cubicWindow{cwnd: initialPackets * packet, threshold: noThreshold, epoch: never}
	return &cubic{packet: packet, cubicWindow: start}
}

func (c *cubic) window() int     { return int(c.cwnd) }
func (c *cubic) slowStart() bool { return c.cwnd < c.threshold }

func (c *cubic) state() (delay, target instant) { return 0, 0 }

func (c *cubic) acked(p progress) {
	c.packet = float64(p.packet)
	if !p.limited {
		return
	}
	bytes := float64(min(p.bytes, p.inFlight))
	if c.slowStart() {
		// HyStart++ (RFC 9406) ends slow start when the round trip gets longer by an eighth, 4 ms at least. Here it is
		// the queueing delay of one way that counts; there is no upper limit of 16 ms, and no Conservative Slow Start.
		if slack := max(p.leastRTT/8, 4*time.Millisecond); p.hasDelay && p.delay > slack && c.cwnd > 16*c.packet {
			c.threshold = c.cwnd
			return
		}
		c.cwnd += bytes
		return
	}
	w := c.cwnd / c.packet
	if c.epoch == never {
		c.epoch, c.reno = p.now, w
		c.k = 0
		if w < c.most {
			c.k = math.Cbrt((c.most - w) / cubicC)
		} else {
			c.most = w
		}
	}
	t := (p.now - c.epoch + p.rtt).Seconds() - c.k
	goal := min(max(cubicC*t*t*t+c.most, w), 1.5*w)
	c.reno += 3 * (1 - cubicBeta) / (1 + cubicBeta) * bytes / c.cwnd
	if c.reno > goal {
		c.cwnd = max(c.cwnd, c.reno*c.packet)
		return
	}
	c.cwnd += (goal - w) / w * bytes
}

func (c *cubic) lost(instant) {
	c.saved = c.cubicWindow
	w := c.cwnd / c.packet
	if c.most = w; w < c.saved.most {
		c.most = w * (1 + cubicBeta) / 2 // fast convergence (section 4.7)
	}
	c.cwnd = max(c.cwnd*cubicBeta, leastPackets*c.packet)
	c.threshold, c.epoch = c.cwnd, never
}

func (c *cubic) timeout(now instant) {
	c.lost(now)
	c.cwnd = leastPackets * c.packet
}

func (c *cubic) undo() {
	if c.saved.cwnd > c.cwnd {
		c.cubicWindow = c.saved
	}
}
