package sender

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// The defaults of Config.OTI.
const (
	// DefaultSymbolLength leaves room for all headers in a datagram of 1500 bytes, also over IPv6 and a tunnel.
	DefaultSymbolLength = 1400
	// DefaultSourceBlockLength is in source symbols; short blocks keep memory low and repair local.
	DefaultSourceBlockLength = 64
	// defaultAlignment is Al of Raptor and RaptorQ: "RECOMMENDED value of 4" (RFC 5053, section 4.3).
	defaultAlignment = 4
)

// maxBlockSymbols is the largest source block that the codes of FEC Encoding IDs 1 and 6 take (RFC 5053, section 5.1.1;
// RFC 6330, section 5.1.2).
func maxBlockSymbols(id fec.EncodingID) uint64 {
	if id == fec.Raptor {
		return 8192
	}
	return 56403
}

// complete returns o with defaults in its zero fields, for an object of length bytes.
func complete(o fec.OTI, length, maxBlockBytes uint64) fec.OTI {
	o.SymbolLength = cmp.Or(o.SymbolLength, DefaultSymbolLength)
	o.TransferLength = length
	switch o.EncodingID {
	case fec.Raptor, fec.RaptorQ:
		o.SubBlocks = cmp.Or(o.SubBlocks, 1)
		o.Alignment = cmp.Or(o.Alignment, defaultAlignment)
		symbols := (length + uint64(o.SymbolLength) - 1) / uint64(o.SymbolLength)
		block := min(maxBlockSymbols(o.EncodingID), max(1, maxBlockBytes/uint64(o.SymbolLength)))
		if o.MaxSourceBlockLength != 0 {
			block = min(block, uint64(o.MaxSourceBlockLength))
		}
		if o.SourceBlocks == 0 && symbols > 0 {
			o.SourceBlocks = uint32(min((symbols+block-1)/block, 1<<32-1)) // too many is for Validate to refuse
		}
		if o.SourceBlocks != 0 {
			o.MaxSourceBlockLength = uint32(min((symbols+uint64(o.SourceBlocks)-1)/uint64(o.SourceBlocks), 1<<32-1))
		}
	case fec.ReedSolomonGF28, fec.SmallBlockSystematic, fec.ReedSolomonGF2m:
		o.MaxSourceBlockLength = cmp.Or(o.MaxSourceBlockLength, DefaultSourceBlockLength)
		limit := uint32(255)
		if o.EncodingID == fec.ReedSolomonGF2m {
			o.FieldBits = cmp.Or(o.FieldBits, 8)
			o.GroupSize = cmp.Or(o.GroupSize, 1)
			limit = 1<<min(o.FieldBits, 16) - 1
		}
		if b := o.MaxSourceBlockLength; o.MaxEncodingSymbols == 0 {
			o.MaxEncodingSymbols = max(b, min(limit, b+(b+3)/4))
		}
	default:
		o.MaxSourceBlockLength = cmp.Or(o.MaxSourceBlockLength, DefaultSourceBlockLength)
	}
	return o
}

// coding is how one object is coded: a valid OTI and everything derived from it.
type coding struct {
	oti     fec.OTI
	part    fec.Partition
	scheme  fec.Scheme
	variant fec.Variant
	repair  uint32 // repair symbols of every block; zero: by the n-algorithm
	blocks  uint32 // source blocks
	packets uint64 // of one transfer
	short   bool   // the last source symbol is sent short, not padded
}

// newCoding checks that o can code length bytes, and derives the rest. Errors wrap flute.ErrOTI.
func newCoding(cfg *Config, o fec.OTI, v fec.Variant, repair uint32, length uint64) (coding, error) {
	c := coding{oti: complete(o, length, cfg.MaxBlockBytes), variant: v, repair: repair}
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
	c.blocks = c.part.Blocks()
	// Only the fully specified No-Code schemes say that the last symbol may be short (RFC 5445, section 3.2.2.2). With a
	// code all receivers take a padded one, and some no other.
	c.short = c.oti.EncodingID == fec.CompactNoCode
	c.packets = 1 // an empty object is one packet without a symbol
	if c.blocks == 0 {
		return c, nil
	}
	large, small := c.part.BlockSymbols(0), c.part.Small
	if n := uint64(large) * uint64(c.oti.SymbolLength); n > cfg.MaxBlockBytes {
		return coding{}, fmt.Errorf("%w: source blocks of %d bytes exceed MaxBlockBytes %d", flute.ErrOTI, n, cfg.MaxBlockBytes)
	}
	if most := c.oti.MaxESI(large); repair != 0 && most-large < repair {
		return coding{}, fmt.Errorf("%w: %d repair symbols for %d source symbols exceed the %d encoding symbols of %v",
			flute.ErrOTI, repair, large, most, c.oti.EncodingID)
	}
	c.packets = uint64(c.part.LargeBlocks)*uint64(c.symbols(large)) + uint64(c.blocks-c.part.LargeBlocks)*uint64(c.symbols(small))
	return c, nil
}

// symbols returns the number of encoding symbols that are sent of a block of k source symbols.
func (c *coding) symbols(k uint32) uint32 {
	if c.repair != 0 {
		return k + c.repair
	}
	return k + c.oti.RepairSymbols(k)
}

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
