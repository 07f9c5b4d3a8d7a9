package raptor

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// SymbolLength returns the symbol length T for an object of length bytes: the largest that is at most t, a multiple of
// al (both in bytes), and small enough for four source symbols, without which there is no Raptor code. Only objects of
// less than 3*t+1 bytes get another one than t; one of up to 3*al bytes cannot be coded at all. An error wraps
// [flute.ErrOTI].
func SymbolLength(length uint64, t uint16, al uint8) (uint16, error) {
	if al == 0 || uint16(al) > t {
		return 0, fmt.Errorf("raptor: symbols of %d bytes in units of %d bytes: %w", t, al, flute.ErrOTI)
	}
	if length > 0 {
		// ceil(F/T) >= 4 is F/T > 3, and that is T <= floor((F-1)/3).
		t = uint16(min(uint64(t), (length-1)/(minSymbols-1)))
	}
	if t -= t % uint16(al); t == 0 {
		return 0, fmt.Errorf(
			"raptor: an object of %d bytes is too short for %d symbols of %d bytes or a multiple: code it otherwise, "+
				"or align symbols to fewer bytes: %w", length, minSymbols, al, flute.ErrOTI)
	}
	return t, nil
}

// sourceBlocks returns the least and the largest number of source blocks, Z, that an object of length bytes in symbols
// of t bytes may have: with Z from least to most each source block has 4 to 8192 source symbols. length is at least 1.
// An error, which wraps [flute.ErrOTI], says that there is no such Z.
func sourceBlocks(length uint64, t uint16) (least, most uint32, err error) {
	if t == 0 {
		return 0, 0, fmt.Errorf("raptor: symbols of 0 bytes: %w", flute.ErrOTI)
	}
	kt := (length-1)/uint64(t) + 1
	maxBlocks := (&fec.OTI{EncodingID: fec.Raptor}).Limits().Blocks
	// RFC 5053, section 5.3.1.2: Partition[Kt, Z] makes blocks of ceil(Kt/Z) and of floor(Kt/Z) symbols.
	low, high := (kt-1)/maxSymbols+1, min(kt/minSymbols, maxBlocks)
	switch {
	case high == 0:
		return 0, 0, fmt.Errorf("raptor: %d symbols of %d bytes, at least %d: %s: %w", kt, t, minSymbols,
			advice(length), flute.ErrOTI)
	case low > high:
		return 0, 0, fmt.Errorf(
			"raptor: %d symbols of %d bytes, at most %d in each of %d source blocks: take longer symbols: %w",
			kt, t, maxSymbols, maxBlocks, flute.ErrOTI)
	}
	return uint32(low), uint32(high), nil
}

// advice says what to do for an object that has too few symbols.
func advice(length uint64) string {
	if length < minSymbols {
		return "code so short an object otherwise"
	}
	return fmt.Sprintf("take a symbol length of at most %d bytes", (length-1)/(minSymbols-1))
}
