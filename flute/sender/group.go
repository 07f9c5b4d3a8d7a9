package sender

import "github.com/flute-node/flute-node/fec"

// Several encoding symbols may travel in one packet, G of them. Their ESIs are consecutive (RFC 5053, section 3.1; RFC
// 5510, section 4.1; RFC 6330, section 4.4.2), source and repair symbols apart, unless the code has an order of its own
// (RFC 5170, section 5.6). A code that has more repair symbols than a transfer takes makes other ones in each transfer,
// so that a receiver that missed some of one transfer is helped by all of the next.

// group is which encoding symbols of source blocks of one length, k, travel in which packet.
type group struct {
	k       uint32
	g       uint32 // symbols of a packet
	sources uint32 // packets of source symbols
	repairs uint32 // packets of repair symbols, in one transfer
	cycle   uint32 // packets of repair symbols until they repeat
	end     uint32 // the ESI after the last repair symbol
}

// group returns the packets of a source block of k symbols.
func (c *coding) group(k uint32) group {
	g := group{k: k, g: c.perPacket}
	g.sources = (k + g.g - 1) / g.g
	if repair := c.repairs(k); repair > 0 {
		g.repairs = (repair + g.g - 1) / g.g
		all := c.allRepairs(k)
		g.cycle, g.end = max(g.repairs, all/g.g), k+all
	}
	return g
}

// packets returns the number of packets of one transfer.
func (g *group) packets() uint32 { return g.sources + g.repairs }

// symbols returns the first ESI of packet i of transfer number turn, and how many follow one another.
func (g *group) symbols(i uint32, turn uint64) (first fec.ESI, n uint32) {
	if i < g.sources {
		return fec.ESI(i * g.g), min(g.g, g.k-i*g.g)
	}
	j := (turn*uint64(g.repairs) + uint64(i-g.sources)) % uint64(g.cycle)
	first = fec.ESI(g.k + uint32(j)*g.g)
	return first, min(g.g, g.end-uint32(first))
}

// repairSymbols returns the first ESI of the repair symbols of transfer number turn, and how many they are; 0: they do
// not follow one another.
func (g *group) repairSymbols(turn uint64) (first fec.ESI, n int) {
	first, _ = g.symbols(g.sources, turn)
	last, more := g.symbols(g.packets()-1, turn)
	if last < first {
		return first, 0
	}
	return first, int(last-first) + int(more)
}
