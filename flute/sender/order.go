package sender

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
)

// Order is the order in which a transfer takes the source blocks of a file.
type Order uint8

const (
	// InOrder is the order of their SBNs. Known receivers write a file in that order, and hold what comes early in
	// memory: of long files some hold 10 MiB only.
	InOrder Order = iota
	// RandomStart begins with a random source block in each transfer and comes round to those before it, so that a
	// receiver that is away at the same time of each turn does not always miss the same ones.
	RandomStart
	// Spread has source blocks that are neighbours in the file far apart in time: a long burst of losses takes a little
	// of many parts of the file.
	Spread
)

// String returns the name of o.
func (o Order) String() string {
	switch o {
	case InOrder:
		return "in-order"
	case RandomStart:
		return "random-start"
	case Spread:
		return "spread"
	}
	return fmt.Sprintf("order %d", uint8(o))
}

// blockOrder is the order of the source blocks of one transfer. The zero value is that of their SBNs.
type blockOrder struct{ first, step uint32 }

// newBlockOrder returns the order of so many source blocks in transfer number turn. seed is the object's own.
func newBlockOrder(o Order, blocks uint32, seed, turn uint64) blockOrder {
	switch {
	case blocks < 2:
	case o == RandomStart:
		return blockOrder{first: uint32(mix(seed^mix(turn)) % uint64(blocks)), step: 1}
	case o == Spread:
		// The place of SBN i is i*apart: neighbours are the golden section of the transfer apart, and those next to
		// them about as far from both.
		for apart := max(1, uint32(uint64(blocks)*618/1000)); ; apart++ {
			if step := inverse(apart, blocks); step != 0 {
				return blockOrder{step: step}
			}
		}
	}
	return blockOrder{}
}

// sbn returns the SBN of the source block that is taken at place i of so many.
func (o blockOrder) sbn(i, blocks uint32) fec.SBN {
	if o.step == 0 {
		return fec.SBN(i)
	}
	return fec.SBN((uint64(o.first) + uint64(i)*uint64(o.step)) % uint64(blocks))
}

// inverse returns x with x*a = 1 modulo n, for 0 < a < n or a = n = 1; 0: there is none.
func inverse(a, n uint32) uint32 {
	r, next := int64(n), int64(a)
	x, xNext := int64(0), int64(1)
	for next != 0 {
		q := r / next
		r, next = next, r-q*next
		x, xNext = xNext, x-q*xNext
	}
	if r != 1 {
		return 0
	}
	return uint32((x + int64(n)) % int64(n))
}

// mix is the finalizer of SplitMix64: close values of n have results that have nothing in common.
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
