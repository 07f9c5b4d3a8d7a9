package sender

import (
	"fmt"
	"math"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// maxPayload is what a UDP datagram has room for besides the headers.
const maxPayload = 1<<16 - 1 - 28 - maxHeader

// coding is how one object is coded: a valid OTI and everything derived from it.
type coding struct {
	oti     fec.OTI
	encoder fec.OTI // of encoders
	part    fec.Partition
	scheme  fec.Scheme
	variant fec.Variant
	grouper fec.Grouper // of scheme; nil: it has consecutive ESIs in a packet
	more    redundancy
	blocks  uint32 // source blocks
	// perPacket is G. RFC 5053, section 4.2, and RFC 6330, section 4.3, leave it to the sender, and to no field.
	perPacket uint32
	packets   uint64 // of one transfer
	short     bool   // the last source symbol is sent short, not padded
	lends     bool   // source blocks lend their memory to those that are read ahead
	whole     bool   // the bytes of a source block are needed at once: it has repair symbols or sub-blocks
}

// redundancy is how many repair symbols a source block has.
type redundancy struct {
	symbols uint32  // zero: by the n-algorithm
	ratio   float64 // for codes that the n-algorithm has no say in; not above zero: none
	least   uint32  // with ratio
	share   float64 // of Reed-Solomon: those of one transfer, of the symbols that the n-algorithm gives; zero: all
}

// newCoding checks that o can code length bytes, and derives the rest. Errors wrap flute.ErrOTI.
func newCoding(cfg *Config, o fec.OTI, v fec.Variant, more redundancy, length uint64) (coding, error) {
	c := coding{oti: complete(o, length, cfg.MaxBlockBytes), variant: v, more: more}
	if more.symbols == 0 {
		c.oti = shorten(c.oti)
	}
	if cfg.mbms() {
		var err error
		if c.oti, err = divide(c.oti); err != nil {
			return coding{}, err
		}
	}
	if c.oti.EncodingID != o.EncodingID {
		c.more = redundancy{} // it is too short for the code
	}
	if err := c.oti.Validate(); err != nil {
		return coding{}, err
	}
	var err error
	if c.scheme, err = cfg.Registry.Scheme(&c.oti); err != nil {
		return coding{}, err
	}
	if err := c.scheme.Supports(&c.oti); err != nil {
		return coding{}, err
	}
	if c.variant, err = pickVariant(c.scheme, v); err != nil {
		return coding{}, err
	}
	c.part = c.oti.Partition()
	c.grouper, _ = c.scheme.(fec.Grouper)
	c.perPacket = max(1, uint32(c.oti.GroupSize))
	c.blocks = c.part.Blocks()
	// Only the fully specified No-Code schemes say that the last symbol may be short (RFC 5445, section 3.2.2.2). With
	// a code all receivers take a padded one, and some no other.
	c.short = c.oti.EncodingID == fec.CompactNoCode
	c.packets = 1 // an empty object is one packet without a symbol
	if c.blocks == 0 {
		return c, nil
	}
	large, small := c.part.BlockSymbols(0), c.part.Small
	c.whole = c.part.HasSubBlocks() || c.repairs(large) > 0
	n := uint64(large) * uint64(c.oti.SymbolLength)
	c.lends = n >= lendBytes && c.repairs(large) > 0 && !c.part.HasSubBlocks() && detaches(c.scheme)
	if n > cfg.MaxBlockBytes {
		return coding{}, fmt.Errorf("%w: source blocks of %d bytes exceed MaxBlockBytes %d", flute.ErrOTI, n,
			cfg.MaxBlockBytes)
	}
	if most, repair := c.oti.MaxESI(large), c.repairs(large); most-large < repair {
		return coding{}, fmt.Errorf("%w: %d repair symbols for %d source symbols exceed the %d encoding symbols of %v",
			flute.ErrOTI, repair, large, most, c.oti.EncodingID)
	}
	if c.payload() > maxPayload {
		return coding{}, fmt.Errorf("%w: %d symbols of %d bytes do not fit into a datagram", flute.ErrOTI, c.perPacket,
			c.oti.SymbolLength)
	}
	c.encoder = c.encoderOTI()
	first, other := c.group(large), c.group(small)
	c.packets = uint64(c.part.LargeBlocks)*uint64(first.packets()) +
		uint64(c.blocks-c.part.LargeBlocks)*uint64(other.packets())
	return c, nil
}

// repairs returns the number of repair symbols of a block of k source symbols in one transfer.
func (c *coding) repairs(k uint32) uint32 {
	switch {
	case c.more.symbols != 0:
		return c.more.symbols
	case c.oti.IsRateless() && c.more.ratio > 0:
		return max(uint32(math.Ceil(float64(k)*c.more.ratio-1e-9)), c.more.least)
	}
	all := c.oti.RepairSymbols(k)
	if c.more.share > 0 && isReedSolomon(c.oti.EncodingID) {
		return min(all, uint32(math.Ceil(float64(k)*c.more.share-1e-9)))
	}
	return all
}

// allRepairs returns the number of repair symbols of a block of k source symbols that are sent in turn, transfer after
// transfer: all those that Raptor and RaptorQ have, and those that the n-algorithm gives for Reed-Solomon.
func (c *coding) allRepairs(k uint32) uint32 {
	switch {
	case c.oti.IsRateless():
		return c.oti.MaxESI(k) - k
	case isReedSolomon(c.oti.EncodingID):
		return max(c.repairs(k), c.oti.RepairSymbols(k))
	}
	return c.repairs(k)
}

func isReedSolomon(id fec.EncodingID) bool {
	return id == fec.ReedSolomonGF28 || id == fec.ReedSolomonGF2m || id == fec.SmallBlockSystematic
}

// encoderOTI returns the OTI of encoders. Those of Reed-Solomon make all repair symbols that the n-algorithm gives at
// once; where a transfer takes only some of them, this one has the algorithm give none, and they are made when due.
func (c *coding) encoderOTI() fec.OTI {
	o := c.oti
	if k := c.part.BlockSymbols(0); isReedSolomon(o.EncodingID) && c.allRepairs(k) > c.repairs(k) {
		o.MaxSourceBlockLength = o.MaxEncodingSymbols
	}
	return o
}

// payload returns the most bytes of symbols in a packet.
func (c *coding) payload() int { return int(c.perPacket) * int(c.oti.SymbolLength) }

func pickVariant(s fec.Scheme, v fec.Variant) (fec.Variant, error) {
	known := s.Variants()
	if len(known) == 0 {
		return "", nil
	}
	if v == "" {
		return known[0], nil
	}
	if slices.Contains(known, v) {
		return v, nil
	}
	return "", fmt.Errorf("%w: variant %q is not one of %q", flute.ErrOTI, v, known)
}
