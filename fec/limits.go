package fec

// Limits are the largest values that the RFC and the wire format of an FEC scheme allow.
type Limits struct {
	TransferLength  uint64 // bytes of an object, at most
	Blocks          uint64 // source blocks of an object, at most
	MinBlockSymbols uint32 // source symbols of a source block, at least
	MaxBlockSymbols uint32 // source symbols of a source block, at most: the largest B or K
	Symbols         uint32 // encoding symbols of a source block, at most: the largest max_n, or the number of ESIs
}

const (
	maxTransfer48    = 1<<48 - 1
	maxBlocks        = 1<<32 - 1    // one less than an SBN of 32 bits permits, so that their number has 32 bits too
	maxRaptorLength  = 1<<45 - 1    // RFC 5053, section 3.2.2: F is less than 2^45
	maxRaptorQLength = 946270874880 // RFC 6330, section 3.3.2
	minRaptorK       = 4            // RFC 5053, section 5.4.2.3: its tables begin with K = 4
	maxRaptorK       = 8192         // RFC 5053, section 5.1.2
	maxRaptorN       = 1<<8 - 1     // RFC 5053, section 3.2.3: N has 8 bits
	maxRaptorESI     = 65521        // RFC 5053, section 5.4.4.4: ESIs from there on repeat the first ones
	maxRaptorQK      = 56403        // RFC 6330, section 5.1.2
	maxLDPCSymbols   = 1<<20 - 1    // RFC 5170, section 4.2.2, permits 2^20, which its 20-bit fields cannot say
	maxLDPCSeed      = 0x7FFFFFFE   // RFC 5170, section 4.2.3
)

// Limits returns the limits of the FEC scheme of o. They depend on its FEC Encoding ID, on its FEC Instance ID with
// scheme 129, and on m with Reed-Solomon over GF(2^m), where an m above 16 counts as 16. Those of a scheme that is not
// known are zero.
func (o *OTI) Limits() Limits {
	switch o.EncodingID {
	case CompactNoCode, Compact:
		return Limits{maxTransfer48, 1 << 16, 1, 1 << 16, 1 << 16}
	case ReedSolomonGF28:
		return Limits{maxTransfer48, 1 << 24, 1, 255, 255}
	case ReedSolomonGF2m:
		m := min(o.fieldBits(), 16)
		return Limits{maxTransfer48, 1 << (32 - m), 1, 1<<m - 1, 1<<m - 1}
	case LDPCStaircase, LDPCTriangle:
		return Limits{maxTransfer48, 1 << 12, 1, maxLDPCSymbols, maxLDPCSymbols}
	case SmallBlockExpandable:
		return Limits{maxTransfer48, maxBlocks, 1, 1<<32 - 1, 1<<32 - 1}
	case SmallBlockSystematic:
		if o.InstanceID == 0 { // RFC 5510, section 7: Reed-Solomon over GF(2^8)
			return Limits{maxTransfer48, maxBlocks, 1, 255, 255}
		}
		return Limits{maxTransfer48, maxBlocks, 1, 1<<16 - 1, 1<<16 - 1}
	case Raptor:
		return Limits{maxRaptorLength, 1<<16 - 1, minRaptorK, maxRaptorK, maxRaptorESI}
	case RaptorQ:
		return Limits{maxRaptorQLength, 1<<8 - 1, 1, maxRaptorQK, 1 << 24}
	}
	return Limits{}
}

// hasMaxN reports whether the OTI of the scheme has a max_n, the largest number of encoding symbols of a source block.
func (o *OTI) hasMaxN() bool {
	switch o.EncodingID {
	case ReedSolomonGF28, ReedSolomonGF2m, SmallBlockSystematic, LDPCStaircase, LDPCTriangle:
		return true
	default:
		return false
	}
}
