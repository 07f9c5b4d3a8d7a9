package core

import (
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// Handshakes answers packets that belong to no connection: SYNs, the packets that complete a handshake, and strangers'.
// A connection begins with the packet that proves that the peer got our answer; before that there is an entry in a
// bounded table, for a few seconds, or nothing at all where that is full. No answer is longer than the packet, nor is
// one sent twice: nobody's traffic is amplified. It is not safe for concurrent use.
type Handshakes struct {
	cfg      *Config
	random   func() uint16
	entries  map[halfOpenKey]*halfOpen
	prefixes map[netip.Prefix]int
	oldest   *halfOpen // a list, by age
	newest   *halfOpen
	free     *halfOpen
	cookies  cookies

	resets  float64 // that may be sent now
	resetAt time.Time
	stats   HandshakeStats
}

// MaxPacket returns the most bytes of a datagram that connections send: Config.MaxPacket, or its default.
func (h *Handshakes) MaxPacket() int { return h.cfg.MaxPacket }

// halfOpenKey names the connection that a SYN asks for.
type halfOpenKey struct {
	from netip.AddrPort
	id   wire.ConnID // of our packets
}

type halfOpen struct {
	key      halfOpenKey
	syn, seq wire.Seq // of the peer, ours
	answered time.Time
	repeated bool // answered more than once

	older, newer *halfOpen
}

// NewHandshakes returns an empty table for connections that have cfg. random returns unpredictable numbers. The error
// names the field of cfg that is at fault.
func NewHandshakes(cfg Config, random func() uint16) (*Handshakes, error) {
	v, err := validated(cfg)
	if err != nil {
		return nil, err
	}
	return &Handshakes{
		cfg: v, random: random, entries: map[halfOpenKey]*halfOpen{}, prefixes: map[netip.Prefix]int{},
		cookies: cookies{period: v.HalfOpenLife}, resets: float64(max(0, v.Resets)),
	}, nil
}

// Handle takes a datagram of no connection. It returns the connection that it begins, which has taken the datagram, or
// the answer to send, appended to b, or neither.
func (h *Handshakes) Handle(now time.Time, from netip.AddrPort, datagram, b []byte) (c *Conn, answer []byte) {
	h.Expire(now)
	p, err := wire.Parse(datagram)
	switch {
	case err != nil:
		h.stats.Malformed++
		return nil, nil
	case p.Type == wire.Syn:
		return nil, h.syn(now, from, &p, b)
	}
	e := h.entries[halfOpenKey{from, p.ConnID - 1}]
	if p.Type == wire.Reset {
		if e == nil {
			// It may carry the id of our answer.
			e = h.entries[halfOpenKey{from, p.ConnID}]
		}
		if e != nil && (p.Ack == e.seq || p.Ack == e.seq-1) {
			h.drop(e)
		} else {
			h.stats.Stray++
		}
		return nil, nil
	}
	if e == nil && !h.cookies.used(now) {
		return nil, h.reset(now, &p, b)
	}
	// 16 random bits and the address: who did not get our answer guesses the number of an entry once in 65,536 times,
	// and a cookie, of which two are valid, once in 32,768. Another guess gets nothing.
	if c = h.complete(now, from, e, &p); c == nil {
		h.stats.Forged++
		return nil, nil
	}
	c.Handle(now, datagram)
	h.stats.Accepted++
	return c, nil
}

// complete begins the connection whose handshake a packet completes; nil: it completes none. e is the entry of its id;
// nil: there is none.
func (h *Handshakes) complete(now time.Time, from netip.AddrPort, e *halfOpen, p *wire.Packet) (c *Conn) {
	key, syn := halfOpenKey{from, p.ConnID - 1}, p.Seq-1
	switch {
	case p.SACK != nil:
		return nil
	case e != nil && p.Ack == e.seq-1:
		c = accept(now, h.cfg, key.id, e.syn, e.seq)
		if p.Type == wire.State && !e.repeated {
			// It was sent at once. Data may have waited for the peer's program.
			c.rtt.sample(max(now.Sub(e.answered), 1))
		}
	case h.cookies.used(now) && h.cookies.check(now, key, syn, p.Ack+1):
		c = accept(now, h.cfg, key.id, syn, p.Ack+1)
	default:
		return nil
	}
	if e != nil {
		h.drop(e)
	}
	return c
}

// syn answers a SYN.
func (h *Handshakes) syn(now time.Time, from netip.AddrPort, p *wire.Packet, b []byte) []byte {
	// Other protocols on the same port may look like uTP. A SYN acknowledges nothing and knows no delay.
	if p.Ack != 0 || p.Delay != 0 || len(p.Payload) > 0 {
		h.stats.Refused++
		return nil
	}
	key := halfOpenKey{from, p.ConnID}
	e := h.entries[key]
	if e != nil && e.syn != p.Seq {
		h.stats.Refused++ // a forged one does not take another's place
		return nil
	}
	var seq wire.Seq
	if e != nil {
		e.repeated, seq = true, e.seq
	} else if e = h.add(now, key); e != nil {
		seq = wire.Seq(h.random())
		e.syn, e.seq = p.Seq, seq
	} else {
		h.stats.Stateless++
		seq = h.cookies.make(now, h.random, key, p.Seq)
	}
	h.stats.Syns++
	clock := newClock(now)
	answer := wire.Packet{
		Type: wire.State, ConnID: p.ConnID, Timestamp: clock.wire(), Delay: max(1, clock.wire()-p.Timestamp),
		Window: uint32(h.cfg.ReceiveBuffer), Seq: seq, Ack: p.Seq,
	}
	return answer.AppendBinary(b)
}

// Refuse answers a SYN, where nobody accepts connections, with a RESET, as often as Config.Resets allows. Other
// datagrams are taken as by Handle. It appends the answer to b.
func (h *Handshakes) Refuse(now time.Time, from netip.AddrPort, datagram, b []byte) (answer []byte) {
	if p, err := wire.Parse(datagram); err == nil && p.Type == wire.Syn {
		h.stats.Refused++
		return h.reset(now, &p, b)
	}
	_, answer = h.Handle(now, from, datagram, b)
	return answer
}

// reset answers a packet of an unknown connection, as often as Config.Resets allows.
func (h *Handshakes) reset(now time.Time, p *wire.Packet, b []byte) []byte {
	most := float64(h.cfg.Resets)
	if passed := now.Sub(h.resetAt).Seconds(); passed > 0 {
		h.resets, h.resetAt = min(most, h.resets+passed*most), now
	}
	if h.resets < 1 {
		h.stats.Stray++
		return nil
	}
	h.resets--
	h.stats.Resets++
	answer := wire.Packet{Type: wire.Reset, ConnID: p.ConnID, Seq: wire.Seq(h.random()), Ack: p.Seq}
	return answer.AppendBinary(b)
}

func prefixOf(a netip.Addr) netip.Prefix {
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // of a valid address it exists
	return p
}

// add returns a new entry, or nil if there are too many, in all or of its prefix.
func (h *Handshakes) add(now time.Time, key halfOpenKey) *halfOpen {
	prefix := prefixOf(key.from.Addr())
	if h.prefixes[prefix] >= h.cfg.HalfOpenPrefix || len(h.entries) >= h.cfg.HalfOpen {
		return nil
	}
	e := h.free
	if e == nil {
		e = &halfOpen{}
	} else {
		h.free = e.newer
	}
	*e = halfOpen{key: key, answered: now, older: h.newest}
	if h.newest != nil {
		h.newest.newer = e
	} else {
		h.oldest = e
	}
	h.newest = e
	h.entries[key] = e
	h.prefixes[prefix]++
	return e
}

func (h *Handshakes) drop(e *halfOpen) {
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		h.oldest = e.newer
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		h.newest = e.older
	}
	delete(h.entries, e.key)
	prefix := prefixOf(e.key.from.Addr())
	if h.prefixes[prefix]--; h.prefixes[prefix] == 0 {
		delete(h.prefixes, prefix)
	}
	*e = halfOpen{newer: h.free}
	h.free = e
}

// Expire forgets handshakes that were not completed in time.
func (h *Handshakes) Expire(now time.Time) {
	for h.oldest != nil && now.Sub(h.oldest.answered) >= h.cfg.HalfOpenLife {
		h.stats.Expired++
		h.drop(h.oldest)
	}
}

// Deadline returns when Expire is to be called; zero: not before the next packet.
func (h *Handshakes) Deadline() time.Time {
	if h.oldest == nil {
		return time.Time{}
	}
	return h.oldest.answered.Add(h.cfg.HalfOpenLife)
}

// Stats returns the statistics.
func (h *Handshakes) Stats() HandshakeStats {
	s := h.stats
	s.HalfOpen = len(h.entries)
	return s
}
