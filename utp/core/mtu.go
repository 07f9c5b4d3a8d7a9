package core

import "time"

const (
	// searchGap is the difference at which a search ends: 1 % of a packet.
	searchGap = 16
	// ceilingTries is how often the largest size is tried: mostly it is the right one, and one loss may be chance.
	ceilingTries = 2
	// blackHoleLosses is how many packets longer than the least are lost in a row, while others arrive, before the path
	// is taken for one that drops long packets.
	blackHoleLosses = 6
)

// pathMTU searches the largest packet that the path takes (RFC 8899). All sizes are of UDP payloads. Probes are packets
// of the stream, a bit longer than the others, sent with "don't fragment" like each first transmission. Later ones of
// packets above the least size may be fragmented: the same packet cannot be made shorter.
type pathMTU struct {
	min, max int  // as configured
	floor    int  // the largest that has arrived
	ceiling  int  // the largest that may
	probing  int  // size of the probe in flight; zero: none
	told     bool // the ceiling is what somebody has said: it is likely to be right
	tries    int  // of the ceiling
	reprobe  instant
	again    instant // when to search anew; never: the search is on

	gone    int     // packets above min that were lost since one arrived
	goneAt  instant // when the first of them was sent
	arrival bool    // something has arrived since, so that the path is not down

	blackHole bool // found; whoever looks resets it
}

func newPathMTU(cfg *Config) pathMTU {
	return pathMTU{
		min: cfg.MinPacket, max: cfg.MaxPacket, floor: cfg.MinPacket, ceiling: cfg.MaxPacket,
		reprobe: cfg.Reprobe, again: never,
	}
}

// size returns the length of a full packet.
func (m *pathMTU) size() int { return m.floor }

// probe returns the length to try with the next packet, or zero.
func (m *pathMTU) probe(now instant) int {
	if now >= m.again {
		m.ceiling, m.told, m.tries, m.again = m.max, false, 0, never
	}
	if m.probing > 0 || m.again != never {
		return 0
	}
	if gap := m.ceiling - m.floor; gap == 0 || gap <= searchGap && m.ceiling < m.max && !m.told {
		m.again = now + m.reprobe
		return 0
	}
	if m.ceiling == m.max || m.told {
		return m.ceiling
	}
	return (m.floor + m.ceiling + 1) / 2
}

// sent notes that a probe is on its way.
func (m *pathMTU) sent(size int) { m.probing = size }

// arrived takes a packet that has arrived.
func (m *pathMTU) arrived(p *packet) {
	size := p.size + headerLen
	switch {
	case p.probe && p.sends == 1:
		m.floor, m.probing = max(m.floor, min(size, m.ceiling)), 0
		m.gone = 0
	case p.probe:
		m.failed(size) // it was sent again, as a probe of the tail, and that copy may be fragmented
	case p.whole && size > m.min:
		m.gone = 0
	case m.gone > 0 && p.sent >= m.goneAt:
		m.arrival = true
		m.judge()
	}
}

// lost takes a packet that was lost, and reports whether that was for its length.
func (m *pathMTU) lost(p *packet) bool {
	size := p.size + headerLen
	if p.probe && p.sends == 1 {
		p.probe = false
		m.failed(size)
		return true
	}
	if !p.whole || size <= m.min {
		return false
	}
	if size > m.ceiling {
		return true
	}
	if m.gone == 0 {
		m.goneAt, m.arrival = p.sent, false
	}
	m.gone++
	m.judge()
	return m.blackHole
}

// failed takes a probe that has not arrived.
func (m *pathMTU) failed(size int) {
	m.probing = 0
	if m.tries++; size < m.max && !m.told || m.tries >= ceilingTries {
		m.ceiling, m.told = max(m.floor, min(m.ceiling, size-1)), false
	}
}

// judge finds a black hole.
func (m *pathMTU) judge() {
	if m.gone < blackHoleLosses || !m.arrival || m.floor == m.min {
		return
	}
	m.ceiling, m.floor = max(m.min, m.floor-1), m.min
	m.probing, m.tries, m.gone, m.again, m.blackHole = 0, ceilingTries, 0, never, true
}

// tooBig takes the word of a router, or of this machine, that packets may be size bytes long at most. Less than the
// least size is not believed.
func (m *pathMTU) tooBig(size int) {
	if size < m.min || size >= m.ceiling {
		return
	}
	m.ceiling, m.floor, m.told = size, min(m.floor, size), true
	m.probing, m.tries, m.again = 0, 0, never
}

// TooBig takes what a router says (ICMP: fragmentation needed, packet too big): the path takes UDP payloads of size
// bytes at most. What it quotes must be a packet of this connection. Of the packets that are too long, those that were
// lost are found like others, and sent again without "don't fragment"; that is no congestion.
func (c *Conn) TooBig(now time.Time, size int, q Quoted) {
	c.clock.tick(now)
	switch _, ok := c.sentAt(q); {
	case !ok:
		c.stats.Dropped.Foreign++
	case c.state == connected:
		c.mtu.tooBig(size)
	}
}
