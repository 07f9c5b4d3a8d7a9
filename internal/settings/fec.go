package settings

import (
	"cmp"
	"math"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/repair"
)

// The defaults of FEC. Those of a field of the OTI are the sender's too.
const (
	defaultRepair = 0.2
	// autoRepair and autoLeast are the repair symbols that a source block has unasked: for each source symbol, and at
	// least. They make up for what a good network loses.
	autoRepair       = 0.1
	autoLeast        = 2
	defaultFieldBits = 8
	// defaultAlignment is "RECOMMENDED value of 4" (RFC 5053, section 4.3).
	defaultAlignment = 4
	// defaultN1 makes receivers need 0.2 % more symbols than k and not 4 % as 3 does, for half as much work again. It
	// wants receivers that solve equations where substitution ends, as ours do. For others 3, the RFC's default, is
	// better.
	defaultN1   = 7
	defaultSeed = 1

	maxGroup     = 31
	maxSeed      = 1<<31 - 2 // RFC 5170, section 4.2.3
	maxSubBlocks = 255       // of Raptor: N has 8 bits (RFC 5053, section 3.2.3)
	// minLDPC is the least number of source symbols of a block that is worth a code of its own.
	minLDPC = 8
	// lossFailure is the part of the source blocks that may fail where the repair is chosen by Loss.
	lossFailure = 1e-6
)

// FEC are the words that choose the FEC of the files of a session. A number that is zero was not given.
type FEC struct {
	Scheme    string   // fec: the Name of a Scheme, or AutoFEC
	RSMatrix  string   // rs-matrix: variant of Reed-Solomon; empty: the first one of the codec
	FieldBits uint8    // field-bits: m of rs2, 2 to 16; zero: 8
	Symbol    uint16   // symbol: symbol length in bytes; zero: 1400 less what group and the scheme want
	Block     uint32   // block: source symbols of a source block at most; zero: Scheme.Block, or fewer if need be
	Repair    *Percent // repair: repair symbols for each source symbol; nil: 20%, and at least what Loss takes
	// MaxRepair (max-repair) are the repair symbols that the code of rs, rs129, rs2 and rs16 has, for each source
	// symbol: a transfer has those of Repair, and the next one the next of them; nil: those of Repair.
	MaxRepair *Percent
	SubBlocks uint16  // sub-blocks: of a source block of raptor and raptorq; zero: 1
	Alignment uint8   // alignment: of symbols and sub-symbols of raptor and raptorq, in bytes; zero: 4
	N1        uint8   // ldpc-n1: equations of each source symbol, 3 to 10; zero: 7
	LDPCSeed  uint32  // ldpc-seed: 1 to 2^31-2; zero: 1
	Group     uint8   // group: symbols of a packet, 1 to 31; zero: 1
	Loss      Percent // share of packets that repair symbols make up for where Repair is nil
}

// Apply puts the FEC into the configuration of a session whose largest file has largest bytes. It sets OTI, Variant,
// Redundancy, LeastRepair and MaxBlockBytes. An error is an [*Error].
func (f *FEC) Apply(cfg *sender.Config, largest uint64) error {
	if f.Scheme == AutoFEC {
		return f.auto(cfg, largest)
	}
	s, err := f.scheme()
	if err != nil {
		return err
	}
	o, err := f.oti(s, defaults.SymbolLength/uint16(max(1, f.Group)))
	if err != nil {
		return err
	}
	block, err := f.block(s, f.Block)
	if err != nil {
		return err
	}
	f.code(s, &o, block)
	limits := o.Limits()
	cfg.OTI, cfg.Variant = o, fec.Variant(f.RSMatrix)
	cfg.Redundancy = -1 // none
	// The sender makes the symbols of a file that is too short for a block short enough.
	if k := min(block, max(limits.MinBlockSymbols, symbols(&o, largest))); f.repair(s, k) > 0 {
		cfg.Redundancy = float64(f.repair(s, k)) / float64(k)
	}
	// Source blocks are as long as was asked for, and where an object may have few of them as long as its size makes
	// them.
	t := uint64(o.SymbolLength)
	longest := (uint64(symbols(&o, largest)) + limits.Blocks - 1) / limits.Blocks
	cfg.MaxBlockBytes = t * max(uint64(block), longest, defaults.MaxBlockBytes/t)
	return nil
}

// AutoFEC is the value of fec that chooses a scheme by the profile.
const AutoFEC = "auto"

// auto is Apply for AutoFEC: RaptorQ with few repair symbols, so that a file survives some loss although nobody has
// thought of it. The profiles of 3GPP and DVB do not allow RaptorQ; there nothing is done unasked.
func (f *FEC) auto(cfg *sender.Config, largest uint64) error {
	chosen := *f
	chosen.Scheme = "raptorq"
	if cfg.Profile.MBMS() {
		chosen.Scheme = "no-code"
	} else if f.Repair == nil {
		repair := Percent(autoRepair)
		chosen.Repair = &repair
		cfg.LeastRepair = autoLeast
	}
	return chosen.Apply(cfg, largest)
}

// symbols returns how many source symbols size bytes are.
func symbols(o *fec.OTI, size uint64) uint32 {
	return uint32(min((size+uint64(o.SymbolLength)-1)/uint64(o.SymbolLength), math.MaxUint32))
}

// ForSize returns what a file of size bytes needs for itself in a session of cfg; nil when what Apply has set will do.
// A file shorter than a block needs a larger share of repair symbols than longer ones to stand the same loss. How a
// file that is too short for its code is sent is for the sender to decide.
func (f *FEC) ForSize(cfg *sender.Config, size uint64) *fec.OTI {
	s, err := f.scheme()
	k := symbols(&cfg.OTI, size)
	if err != nil || f.Repair != nil || f.Loss == 0 || s.family != reedSolomon && s.family != ldpc ||
		k == 0 || k >= cfg.OTI.MaxSourceBlockLength || s.family == ldpc && k < minLDPC {
		return nil
	}
	o := cfg.OTI
	f.code(s, &o, k)
	o.MaxEncodingSymbols = min(o.MaxEncodingSymbols, o.Limits().Symbols)
	return &o
}

// OneBlock returns the OTI of an object of one source block of k source symbols, at least 1, and how many repair
// symbols the block has. symbol is the symbol length in bytes where Symbol is zero; it is shortened to what the scheme
// takes. An error is an [*Error].
func (f *FEC) OneBlock(k uint32, symbol uint16) (o fec.OTI, repair uint32, err error) {
	s, err := f.scheme()
	if err != nil {
		return o, 0, err
	}
	if o, err = f.oti(s, symbol); err != nil {
		return o, 0, err
	}
	if _, err = f.block(s, k); err != nil {
		return o, 0, err
	}
	f.code(s, &o, k)
	o.TransferLength = uint64(k) * uint64(o.SymbolLength)
	if s.family == fountain {
		o.SourceBlocks = 1
	}
	return o, f.repair(s, k), nil
}

// scheme returns the scheme, or an error for a word that it does not take.
func (f *FEC) scheme() (*Scheme, error) {
	s, err := FindScheme(f.Scheme)
	if err != nil {
		return nil, errorf("%v: %v", wordFEC, noScheme(f.Scheme, AutoFEC))
	}
	for _, given := range []struct {
		word word
		is   bool
	}{
		{wordRSMatrix, f.RSMatrix != ""},
		{wordFieldBits, f.FieldBits != 0},
		{wordSubBlocks, f.SubBlocks != 0},
		{wordAlignment, f.Alignment != 0},
		{wordN1, f.N1 != 0},
		{wordSeed, f.LDPCSeed != 0},
		{wordGroup, f.Group > 1},
		{wordMaxRepair, f.MaxRepair != nil},
	} {
		if given.is && !slices.Contains(s.words, given.word) {
			return nil, errorf("%v means nothing to %v %s: leave it out", given.word, wordFEC, s.Name)
		}
	}
	if !s.IsCoded() && f.Repair != nil && *f.Repair > 0 {
		return nil, errorf("%v %s has no repair symbols: leave %v out, or take another %v",
			wordFEC, s.Name, wordRepair, wordFEC)
	}
	if _, err := f.variant(); err != nil {
		return nil, err
	}
	return &s, nil
}

// variant returns the variant of Reed-Solomon.
func (f *FEC) variant() (fec.Variant, error) {
	if f.RSMatrix == "" {
		return "", nil // the codec's first
	}
	return oneOf(wordRSMatrix, f.RSMatrix, matrices())
}

// matrices are the values of rs-matrix.
func matrices() []choice[fec.Variant] {
	var all []choice[fec.Variant]
	for _, v := range rs.New().Variants() {
		all = append(all, choice[fec.Variant]{string(v), v})
	}
	return all
}

// oti returns what does not depend on the length of the block, with the defaults of s. Where the symbol length was not
// given it is the largest that the scheme takes of at most symbol bytes.
func (f *FEC) oti(s *Scheme, symbol uint16) (fec.OTI, error) {
	o := fec.OTI{EncodingID: s.ID, GroupSize: f.Group}
	if f.Group > maxGroup {
		return o, errorf("%v %d: take 1 to %d", wordGroup, f.Group, maxGroup)
	}
	multiple := uint16(1) // of a symbol's length
	switch {
	case s.ID == fec.ReedSolomonGF2m:
		o.FieldBits = f.bits(s)
		if o.FieldBits < 2 || o.FieldBits > 16 {
			return o, errorf("%v %d: take 2 to 16", wordFieldBits, o.FieldBits)
		}
		o.GroupSize = cmp.Or(f.Group, 1)
		for ; multiple*8%uint16(o.FieldBits) != 0; multiple++ {
		}
	case s.family == fountain:
		o.SubBlocks, o.Alignment = cmp.Or(f.SubBlocks, 1), cmp.Or(f.Alignment, defaultAlignment)
		multiple = uint16(o.Alignment)
	case s.family == ldpc:
		o.N1, o.Seed, o.GroupSize = f.n1(), cmp.Or(f.LDPCSeed, defaultSeed), cmp.Or(f.Group, 1)
		if o.N1 < 3 || o.N1 > 10 {
			return o, errorf("%v %d: take 3 to 10", wordN1, o.N1)
		}
		if o.Seed > maxSeed {
			return o, errorf("%v %d: take 1 to %d", wordSeed, o.Seed, maxSeed)
		}
	}
	o.SymbolLength = cmp.Or(f.Symbol, nearest(symbol, multiple))
	if o.SymbolLength%multiple != 0 {
		return o, errorf("%v %d is no multiple of %d bytes: take %d", wordSymbol, o.SymbolLength, multiple,
			nearest(o.SymbolLength, multiple))
	}
	if n := o.SymbolLength / multiple; s.family == fountain && o.SubBlocks > n {
		return o, errorf("%v %d: a symbol of %d bytes has room for %d sub-symbols: take that, or another %v or %v",
			wordSubBlocks, o.SubBlocks, o.SymbolLength, n, wordSymbol, wordAlignment)
	}
	if s.ID == fec.Raptor && o.SubBlocks > maxSubBlocks {
		return o, errorf("%v %d: %v %s takes at most %d", wordSubBlocks, o.SubBlocks, wordFEC, s.Name, maxSubBlocks)
	}
	return o, nil
}

// nearest returns the largest multiple that is at most n, or the smallest.
func nearest(n, multiple uint16) uint16 { return max(multiple, n/multiple*multiple) }

// bits returns m of Reed-Solomon.
func (f *FEC) bits(s *Scheme) uint8 { return cmp.Or(s.fieldBits, f.FieldBits, defaultFieldBits) }

// n1 returns N1 of LDPC.
func (f *FEC) n1() uint8 { return cmp.Or(f.N1, defaultN1) }

// limits returns those of the code.
func (f *FEC) limits(s *Scheme) fec.Limits {
	o := fec.OTI{EncodingID: s.ID}
	if s.ID == fec.ReedSolomonGF2m {
		o.FieldBits = f.bits(s)
	}
	return o.Limits()
}

// block returns the length of a source block in source symbols: given, or else the default, shortened until it has its
// repair symbols.
func (f *FEC) block(s *Scheme, given uint32) (uint32, error) {
	limits := f.limits(s)
	most := limits.Symbols
	total := func(k uint32) uint64 { return uint64(k) + uint64(f.all(s, k)) }
	k := cmp.Or(given, min(s.Block, most))
	for given == 0 && k > 1 && total(k) > uint64(most) {
		k--
	}
	switch {
	case k > limits.MaxBlockSymbols:
		return 0, errorf("%v %d: %v %s takes at most %d source symbols",
			wordBlock, k, wordFEC, s.Name, limits.MaxBlockSymbols)
	case k < limits.MinBlockSymbols:
		return 0, errorf("%v %d: %v %s takes at least %d source symbols",
			wordBlock, k, wordFEC, s.Name, limits.MinBlockSymbols)
	case total(k) > uint64(most):
		return 0, errorf("a source block of %d source and %d repair symbols is longer than the %d symbols "+
			"that %v %s takes: lower %v or %v", k, f.all(s, k), most, wordFEC, s.Name, wordBlock, wordRepair)
	}
	return k, nil
}

// code puts source blocks of k source symbols into o.
func (f *FEC) code(s *Scheme, o *fec.OTI, k uint32) {
	o.MaxSourceBlockLength, o.MaxEncodingSymbols = k, 0
	if s.family == reedSolomon || s.family == ldpc {
		o.MaxEncodingSymbols = k + f.all(s, k)
	}
}

// all returns how many repair symbols the code has for a source block of k source symbols.
func (f *FEC) all(s *Scheme, k uint32) uint32 {
	n := f.repair(s, k)
	if f.MaxRepair != nil {
		n = max(n, uint32(math.Ceil(float64(k)*float64(*f.MaxRepair)-1e-9)))
	}
	return n
}

// repair returns how many repair symbols a source block of k source symbols has.
func (f *FEC) repair(s *Scheme, k uint32) uint32 {
	if !s.IsCoded() {
		return 0
	}
	share := defaultRepair
	if f.Repair != nil {
		share = float64(*f.Repair)
	}
	n := uint32(min(math.Ceil(float64(k)*share-1e-9), math.MaxInt32))
	if f.Repair == nil && f.Loss > 0 {
		n = max(n, repair.For(k, repair.Extra(s.ID, k, f.n1()), float64(f.Loss), lossFailure))
	}
	if s.family == ldpc && n > 0 {
		n = max(n, uint32(f.n1())) // every source symbol takes part in N1 of them (RFC 5170, section 6.2)
	}
	return n
}
