package core

import "github.com/flute-node/flute-node/utp/wire"

// packet is one that has a sequence number and is not acknowledged by ack_nr yet. Its bytes stay the same in all
// transmissions: peers count packets, so what was sent under a number cannot be cut anew.
type packet struct {
	offset uint64 // of its payload in the stream
	size   int    // of its payload
	sent   instant
	sends  uint8 // transmissions, up to 255

	sacked bool // received, by a selective acknowledgement
	lost   bool // to be sent again
	fin    bool
	probe  bool // of the path's largest packet
	whole  bool // last sent with "don't fragment"
}

// weight is what the packet counts in the congestion window. A FIN has no payload, and still goes.
func (p *packet) weight() int { return max(1, p.size) }

// flight is the packets from the first that is not acknowledged to the last that was sent.
type flight struct {
	ring  []packet // its length is a power of two; packet s is at s modulo the length
	first wire.Seq // the oldest that is not acknowledged
	n     int

	bytes   int // weight of those in the network: not sacked, not lost
	pending int // weight of all that are not sacked
	sacked  int // packets
	lost    int // packets
	resent  int // packets in the network that were sent more than once
	hint    int // no packet before this index is lost
}

const minFlight = 16 // packets that the ring has room for at least

func (f *flight) next() wire.Seq { return f.first + wire.Seq(f.n) }

// at returns the ith packet.
func (f *flight) at(i int) *packet { return &f.ring[int(f.first+wire.Seq(i))&(len(f.ring)-1)] }

// push appends a packet that is being sent.
func (f *flight) push(p packet) *packet {
	if f.n == len(f.ring) {
		f.grow()
	}
	f.n++
	q := f.at(f.n - 1)
	*q = p
	f.bytes += p.weight()
	f.pending += p.weight()
	return q
}

func (f *flight) grow() {
	ring := make([]packet, max(minFlight, 2*len(f.ring)))
	for i := range f.n {
		ring[int(f.first+wire.Seq(i))&(len(ring)-1)] = *f.at(i)
	}
	f.ring = ring
}

// pop drops the first packet, which is acknowledged.
func (f *flight) pop() {
	if p := f.at(0); p.sacked {
		f.sacked--
	} else {
		f.arrived(p)
	}
	f.first++
	f.n--
	f.hint = max(0, f.hint-1)
}

// sack notes that p was received.
func (f *flight) sack(p *packet) {
	f.arrived(p)
	p.sacked = true
	f.sacked++
}

// arrived takes p, which is not sacked, out of all sums.
func (f *flight) arrived(p *packet) {
	f.pending -= p.weight()
	if p.lost {
		f.lost--
		p.lost = false
		return
	}
	f.bytes -= p.weight()
	if p.sends > 1 {
		f.resent--
	}
}

// lose notes that the ith packet is to be sent again.
func (f *flight) lose(i int) {
	p := f.at(i)
	p.lost = true
	f.lost++
	f.bytes -= p.weight()
	if p.sends > 1 {
		f.resent--
	}
	f.hint = min(f.hint, i)
}

// firstLost returns the index of the first lost packet. There is one.
func (f *flight) firstLost() int {
	for !f.at(f.hint).lost {
		f.hint++
	}
	return f.hint
}

// resend notes that p, which was lost or is in the network, goes once more.
func (f *flight) resend(p *packet, now instant) {
	switch {
	case p.lost:
		p.lost = false
		f.lost--
		f.bytes += p.weight()
		f.resent++
	case p.sends == 1:
		f.resent++
	}
	p.sent = now
	if p.sends < 255 {
		p.sends++
	}
}
