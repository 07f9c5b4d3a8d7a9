package sender

import (
	"fmt"
	"math"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/ceil"
)

// How FDT Instances are coded when Config.FDTOTI does not say it: with the scheme of the files, since receivers have
// that, and with at least its share of repair symbols. "It is RECOMMENDED that the mechanisms used for file attribute
// delivery SHOULD achieve a delivery probability that is higher than the file recovery probability" (RFC 6726, section
// 3.3).

const (
	// minFDTShare is the least number of repair symbols for each source symbol.
	minFDTShare = 0.25
	// minFDTRepair is the least number of repair symbols of a source block: short FDT Instances lose a large part of
	// their packets more often than long ones.
	minFDTRepair = 3
	// maxFDTBlock bounds a source block of an FDT Instance in source symbols: longer ones protect no better, and take
	// longer.
	maxFDTBlock = 1000
)

// fdtCoder codes FDT Instances.
type fdtCoder struct {
	given   bool    // oti is Config.FDTOTI
	oti     fec.OTI // zero fields have defaults
	variant fec.Variant
	share   float64 // repair symbols for each source symbol
	least   uint32  // repair symbols of a source block
}

// newFDTCoder returns the coder of a session, or an error that names Config.FDTOTI if it could code no FDT Instance at
// all.
func newFDTCoder(cfg *Config) (fdtCoder, error) {
	f := fdtCoder{given: cfg.FDTOTI != fec.OTI{}, oti: cfg.FDTOTI, variant: cfg.Variant}
	if !f.given {
		f.choose(cfg)
	}
	if _, err := f.coding(cfg, 1<<10); err != nil {
		return f, fmt.Errorf("sender: Config.FDTOTI: %w", err)
	}
	if id := f.oti.EncodingID; cfg.mbms() && id != fec.CompactNoCode && id != fec.Raptor {
		return f, fmt.Errorf("sender: Config.FDTOTI: %v is not allowed in %v", id, cfg.Profile)
	}
	return f, nil
}

// choose takes over from the OTI of files what does not depend on their length.
func (f *fdtCoder) choose(cfg *Config) {
	o := complete(cfg.OTI, 0, cfg.MaxBlockBytes)
	f.oti = fec.OTI{SymbolLength: o.SymbolLength}
	switch o.EncodingID {
	case fec.ReedSolomonGF28, fec.SmallBlockSystematic, fec.ReedSolomonGF2m, fec.LDPCStaircase, fec.LDPCTriangle,
		fec.Raptor, fec.RaptorQ:
	default: // no code: the default of RFC 6726, section 3.3, which all receivers have
		return
	}
	if cfg.mbms() && o.EncodingID != fec.Raptor || o.InstanceID != 0 { // an application's own: nothing is known of it
		return
	}
	f.oti = fec.OTI{
		EncodingID: o.EncodingID, SymbolLength: o.SymbolLength, SubBlocks: o.SubBlocks,
		Alignment: o.Alignment, FieldBits: o.FieldBits, GroupSize: o.GroupSize, N1: o.N1, Seed: o.Seed,
	}
	f.share, f.least = cfg.Redundancy, max(minFDTRepair, cfg.Repair)
	if b := o.MaxSourceBlockLength; b > 0 {
		f.share = max(f.share, float64(cfg.Repair)/float64(b))
		if !o.IsRateless() {
			f.share = max(float64(cfg.Repair), float64(o.RepairSymbols(b))) / float64(b)
		}
	}
	f.share = max(f.share, minFDTShare)
	f.least = max(f.least, uint32(o.N1)) // each source symbol takes part in N1 repair symbols (RFC 5170, section 6.2)
}

// isCoded reports whether FDT Instances have repair symbols.
func (f *fdtCoder) isCoded() bool {
	return f.oti.EncodingID != fec.CompactNoCode && f.oti.EncodingID != fec.Compact
}

// coding returns how an FDT Instance of length bytes is coded.
func (f *fdtCoder) coding(cfg *Config, length uint64) (coding, error) {
	if f.given || !f.isCoded() {
		return newCoding(cfg, f.oti, f.variant, redundancy{ratio: max(cfg.Redundancy, minFDTShare)}, length)
	}
	o := f.oti
	if o.IsRateless() {
		o.MaxSourceBlockLength = maxFDTBlock
		c, err := newCoding(cfg, o, f.variant, redundancy{ratio: f.share}, length)
		if err != nil {
			return c, err
		}
		return newCoding(cfg, o, f.variant, redundancy{symbols: f.repairs(c.part.BlockSymbols(0))}, length)
	}
	symbols := ceil.Div(length, uint64(o.SymbolLength))
	if o.EncodingID == fec.LDPCStaircase || o.EncodingID == fec.LDPCTriangle {
		fit := fitLDPC(complete(o, length, cfg.MaxBlockBytes))
		symbols = ceil.Div(length, uint64(fit.SymbolLength))
	}
	longest := f.longest(&o)
	k := uint32(ceil.Div(symbols, ceil.Div(symbols, uint64(longest)))) // of all blocks, or one less
	o.MaxSourceBlockLength = k
	o.MaxEncodingSymbols = min(k+f.repairs(k), o.Limits().Symbols)
	return newCoding(cfg, o, f.variant, redundancy{}, length)
}

// repairs returns the number of repair symbols of a block of k source symbols.
func (f *fdtCoder) repairs(k uint32) uint32 {
	return max(uint32(math.Ceil(float64(k)*f.share)), f.least)
}

// longest returns the length of the longest block that has room for its repair symbols.
func (f *fdtCoder) longest(o *fec.OTI) uint32 {
	most := o.Limits().Symbols
	k := min(maxFDTBlock, most)
	for k > 1 && uint64(k)+uint64(f.repairs(k)) > uint64(most) {
		k--
	}
	return k
}
