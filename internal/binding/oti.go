package binding

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
)

// OTI is the FEC of a session or an object, in the numbers of the RFCs: flute_oti of flute_node.h. Config and
// sender.File have more ways to say it, for people; this one leaves nothing to defaults.
type OTI struct {
	fec.OTI

	Repair  uint32 // repair symbols of a source block of MaxSourceBlockLength source symbols
	Variant fec.Variant
	FTI     sender.FTI
}

// valid fills in what follows from the rest, and checks it against the limits of the scheme.
func (o *OTI) valid() error {
	if o.SymbolLength == 0 {
		return Wrong("symbol_length 0: take 1 to 65535")
	}
	if o.MaxSourceBlockLength == 0 {
		return Wrong("max_source_block_length 0: take at least 1")
	}
	switch o.EncodingID {
	case fec.ReedSolomonGF28, fec.ReedSolomonGF2m, fec.SmallBlockSystematic, fec.LDPCStaircase, fec.LDPCTriangle:
		if o.MaxEncodingSymbols == 0 {
			o.MaxEncodingSymbols = o.MaxSourceBlockLength + o.Repair
		}
	case fec.CompactNoCode:
		if o.Repair > 0 {
			return Wrong("repair %d: FEC Encoding ID 0 has no repair symbols", o.Repair)
		}
	default:
	}
	check := o.OTI
	check.TransferLength = uint64(o.SymbolLength) * uint64(o.MaxSourceBlockLength)
	if o.IsRateless() && check.SourceBlocks == 0 {
		check.SourceBlocks = 1
	}
	return check.Validate()
}

// Check reports what is wrong with o.
func (o *OTI) Check() error {
	check := *o
	return check.valid()
}

// apply has the session send with o.
func (o *OTI) apply(cfg *sender.Config) {
	cfg.OTI, cfg.Variant, cfg.FTI = o.OTI, o.Variant, o.FTI
	cfg.Redundancy, cfg.LeastRepair, cfg.Repair = o.share(), 0, 0
	cfg.MaxBlockBytes = max(cfg.MaxBlockBytes, uint64(o.SymbolLength)*uint64(o.MaxSourceBlockLength))
}

// share is Repair for each source symbol: short blocks have fewer.
func (o *OTI) share() float64 {
	if o.Repair == 0 {
		return -1
	}
	return float64(o.Repair) / float64(o.MaxSourceBlockLength)
}
