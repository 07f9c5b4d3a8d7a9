package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/fecbench"
)

// The flags that only some schemes take.
const (
	flagMatrix    = "--rs-matrix"
	flagFieldBits = "--field-bits"
	flagSubBlocks = "--sub-blocks"
	flagAlignment = "--alignment"
	flagN1        = "--ldpc-n1"
	flagSeed      = "--ldpc-seed"
	flagGroup     = "--group"
)

// The defaults of fecFlags.
const (
	defaultRepair    = 0.2
	defaultFieldBits = 8
	// defaultAlignment is "RECOMMENDED value of 4" (RFC 5053, section 4.3).
	defaultAlignment = 4
	// defaultN1 makes receivers need 0.2 % more symbols than k and not 4 % as 3 does, for half as much work again. It wants
	// receivers that solve equations where substitution ends, as ours do. For others 3, the RFC's default, is better.
	defaultN1   = 7
	defaultSeed = 1
	maxGroup    = 31
	// minRaptor is the least number of source symbols of a block (RFC 5053, section 5.4.2.3).
	minRaptor = 4
	// minLDPC is the least number of source symbols of a block that is worth a code of its own.
	minLDPC = 8
	// demoFailure is the part of the source blocks that may fail in a demo whose repair was chosen by its loss.
	demoFailure = 1e-6
)

// fecFlags are the flags that choose the FEC of files. A number that is zero was not given.
type fecFlags struct {
	FEC       string      `name:"fec" default:"no-code" enum:"${fec_schemes}" help:"FEC scheme, in brackets the FEC Encoding ID. ${fec_help}."`
	RSMatrix  string      `name:"rs-matrix" placeholder:"rizzo" enum:",rizzo,rfc5510-8.2.1,backblaze" default:"" help:"Family of Reed-Solomon codes: rizzo (default), rfc5510-8.2.1, backblaze."`
	FieldBits uint8       `type:"positive" name:"field-bits" placeholder:"8" help:"rs2: m, 2 to 16; a block has at most 2^m - 1 symbols."`
	Symbol    uint16      `type:"positive" placeholder:"1400" help:"Symbol length in bytes; default 1400, divided by --group; a little less where the scheme wants a multiple."`
	Block     uint32      `type:"positive" placeholder:"N" help:"Source symbols of a source block at most; default ${fec_blocks}; more for very long files."`
	Repair    *percentage `placeholder:"20%" help:"Repair symbols, in percent of the source symbols; default 20%, in a demo at least what --loss takes."`
	SubBlocks uint16      `type:"positive" name:"sub-blocks" placeholder:"1" help:"raptor, raptorq: sub-blocks of a source block, for receivers with little memory."`
	Alignment uint8       `type:"positive" placeholder:"4" help:"raptor, raptorq: symbols and sub-symbols are multiples of so many bytes."`
	N1        uint8       `type:"positive" name:"ldpc-n1" placeholder:"7" help:"ldpc: equations of each source symbol, 3 to 10; default 7; 3 for receivers that only substitute."`
	LDPCSeed  uint32      `type:"positive" name:"ldpc-seed" placeholder:"1" help:"ldpc: seed of the code, 1 to 2147483646."`
	Group     uint8       `type:"positive" placeholder:"1" help:"rs2, rs16, raptor, raptorq, ldpc: symbols in a packet, 1 to 31."`

	loss percentage // what the repair must stand when it was not given
}

// fecVars are the variables of the help texts.
func fecVars() map[string]string {
	var names, help, blocks []string
	var same []string // schemes with the same default block
	all := fecSchemes()
	for i, s := range all {
		names = append(names, s.name)
		help = append(help, fmt.Sprintf("%s (%d): %s", s.name, uint8(s.id), s.help))
		if same = append(same, s.name); i+1 == len(all) || all[i+1].block != s.block {
			blocks = append(blocks, fmt.Sprintf("%d for %s", s.block, strings.Join(same, ", ")))
			same = nil
		}
	}
	return map[string]string{
		"fec_schemes": strings.Join(names, ","), "fec_help": strings.Join(help, "; "), "fec_blocks": strings.Join(blocks, "; "),
	}
}

// apply puts the flags into the configuration of a session whose largest file has size bytes.
func (f *fecFlags) apply(cfg *sender.Config, size uint64) error {
	s, err := findScheme(f.FEC)
	if err != nil {
		return err
	}
	if err := f.fits(&s); err != nil {
		return err
	}
	o, err := f.oti(&s)
	if err != nil {
		return err
	}
	block, err := f.block(&s, f.Block)
	if err != nil {
		return err
	}
	f.code(&s, &o, block)
	cfg.OTI, cfg.Variant = o, fec.Variant(f.RSMatrix)
	cfg.Redundancy = -1 // none
	least := uint32(1)
	if s.id == fec.Raptor {
		least = minRaptor // the sender makes the symbols of a shorter file short enough
	}
	if k := min(block, max(least, symbolsOf(&o, size))); f.repairSymbols(&s, k) > 0 {
		cfg.Redundancy = float64(f.repairSymbols(&s, k)) / float64(k)
	}
	// Source blocks are as long as was asked for, and where an object may have few of them as long as its size makes them.
	t := uint64(o.SymbolLength)
	longest := (uint64(symbolsOf(&o, size)) + s.blocks - 1) / s.blocks
	cfg.MaxBlockBytes = t * max(uint64(block), longest, sender.DefaultMaxBlockBytes/t)
	return nil
}

// symbolsOf returns how many source symbols size bytes are.
func symbolsOf(o *fec.OTI, size uint64) uint32 {
	return uint32(min((size+uint64(o.SymbolLength)-1)/uint64(o.SymbolLength), math.MaxUint32))
}

// forSize returns what a file of size bytes needs for itself; nil when what apply has set will do. A file shorter than a block
// needs a larger share of repair symbols than longer ones to stand the same loss. How a file that is too short for its code is
// sent is for the sender to decide.
func (f *fecFlags) forSize(cfg *sender.Config, size uint64) *fec.OTI {
	s, err := findScheme(f.FEC)
	symbols := symbolsOf(&cfg.OTI, size)
	if err != nil || f.Repair != nil || f.loss == 0 || s.family != reedSolomon && s.family != ldpc ||
		symbols == 0 || symbols >= cfg.OTI.MaxSourceBlockLength || s.family == ldpc && symbols < minLDPC {
		return nil
	}
	o := cfg.OTI
	f.code(&s, &o, symbols)
	o.MaxEncodingSymbols = min(o.MaxEncodingSymbols, f.maxSymbols(&s))
	return &o
}

// fits returns an error for a flag that s does not take.
func (f *fecFlags) fits(s *fecScheme) error {
	for _, given := range []struct {
		flag string
		is   bool
	}{
		{flagMatrix, f.RSMatrix != ""},
		{flagFieldBits, f.FieldBits != 0},
		{flagSubBlocks, f.SubBlocks != 0},
		{flagAlignment, f.Alignment != 0},
		{flagN1, f.N1 != 0},
		{flagSeed, f.LDPCSeed != 0},
		{flagGroup, f.Group > 1},
	} {
		if given.is && !slices.Contains(s.flags, given.flag) {
			return fmt.Errorf("%s means nothing to --fec %s: leave it out", given.flag, s.name)
		}
	}
	if s.family == uncoded && f.Repair != nil && *f.Repair > 0 {
		return fmt.Errorf("--fec %s has no repair symbols: leave --repair out, or take another --fec", s.name)
	}
	return nil
}

// oti returns what does not depend on the length of the block, with the defaults of s.
func (f *fecFlags) oti(s *fecScheme) (fec.OTI, error) {
	o := fec.OTI{EncodingID: s.id, GroupSize: f.Group}
	if f.Group > maxGroup {
		return o, fmt.Errorf("--group %d: take 1 to %d", f.Group, maxGroup)
	}
	multiple := uint16(1) // of a symbol's length
	switch {
	case s.id == fec.ReedSolomonGF2m:
		o.FieldBits = f.bits(s)
		if o.FieldBits < 2 || o.FieldBits > 16 {
			return o, fmt.Errorf("--field-bits %d: take 2 to 16", o.FieldBits)
		}
		o.GroupSize = cmp.Or(f.Group, 1)
		for ; multiple*8%uint16(o.FieldBits) != 0; multiple++ {
		}
	case s.family == fountain:
		o.SubBlocks, o.Alignment = cmp.Or(f.SubBlocks, 1), cmp.Or(f.Alignment, defaultAlignment)
		multiple = uint16(o.Alignment)
	case s.family == ldpc:
		o.N1, o.Seed, o.GroupSize = cmp.Or(f.N1, defaultN1), cmp.Or(f.LDPCSeed, defaultSeed), cmp.Or(f.Group, 1)
		if o.N1 < 3 || o.N1 > 10 {
			return o, fmt.Errorf("--ldpc-n1 %d: take 3 to 10", o.N1)
		}
		if o.Seed > 1<<31-2 {
			return o, fmt.Errorf("--ldpc-seed %d: take 1 to %d", o.Seed, 1<<31-2)
		}
	}
	packet := sender.DefaultSymbolLength / uint16(max(1, f.Group))
	o.SymbolLength = cmp.Or(f.Symbol, max(multiple, packet/multiple*multiple))
	if r := o.SymbolLength % multiple; r != 0 {
		return o, fmt.Errorf("--symbol %d is no multiple of %d bytes: take %d", o.SymbolLength, multiple, nearest(o.SymbolLength, multiple))
	}
	if n := o.SymbolLength / multiple; s.family == fountain && o.SubBlocks > n {
		return o, fmt.Errorf("--sub-blocks %d: a symbol of %d bytes has room for %d sub-symbols: take that, or another --symbol or --alignment",
			o.SubBlocks, o.SymbolLength, n)
	}
	if s.id == fec.Raptor && o.SubBlocks > 255 {
		return o, fmt.Errorf("--sub-blocks %d: --fec %s takes at most 255", o.SubBlocks, s.name)
	}
	return o, nil
}

// nearest returns the largest multiple that is at most n, or the smallest.
func nearest(n, multiple uint16) uint16 { return max(multiple, n/multiple*multiple) }

// bits returns m of Reed-Solomon.
func (f *fecFlags) bits(s *fecScheme) uint8 {
	return cmp.Or(s.fieldBits, f.FieldBits, defaultFieldBits)
}

// maxSymbols returns how many encoding symbols a source block may have.
func (f *fecFlags) maxSymbols(s *fecScheme) uint32 {
	switch {
	case s.family == reedSolomon:
		return 1<<f.bits(s) - 1
	case s.family == ldpc:
		return 1<<20 - 1
	case s.id == fec.Raptor:
		return 65521 // RFC 5053, section 5.4.4.4: ESIs from there on repeat the first ones
	case s.id == fec.RaptorQ:
		return 1 << 24
	}
	return 1 << 16
}

// maxBlock returns how many source symbols a source block may have.
func (f *fecFlags) maxBlock(s *fecScheme) uint32 {
	switch s.id {
	case fec.Raptor:
		return 8192 // RFC 5053, section 5.1.2
	case fec.RaptorQ:
		return 56403 // RFC 6330, section 5.1.2
	default:
		return f.maxSymbols(s)
	}
}

// block returns the length of a source block in source symbols: given, or else the default, shortened until it has its repair
// symbols.
func (f *fecFlags) block(s *fecScheme, given uint32) (uint32, error) {
	most := f.maxSymbols(s)
	total := func(k uint32) uint64 { return uint64(k) + uint64(f.repairSymbols(s, k)) }
	k := cmp.Or(given, min(s.block, most))
	for given == 0 && k > 1 && total(k) > uint64(most) {
		k--
	}
	switch {
	case k > f.maxBlock(s):
		return 0, fmt.Errorf("--block %d: --fec %s takes at most %d source symbols", k, s.name, f.maxBlock(s))
	case s.id == fec.Raptor && k < minRaptor:
		return 0, fmt.Errorf("--block %d: --fec %s takes at least %d source symbols", k, s.name, minRaptor)
	case total(k) > uint64(most):
		return 0, fmt.Errorf("a source block of %d source and %d repair symbols is longer than the %d symbols that --fec %s takes: "+
			"lower --block or --repair", k, f.repairSymbols(s, k), most, s.name)
	}
	return k, nil
}

// code puts source blocks of k source symbols into o.
func (f *fecFlags) code(s *fecScheme, o *fec.OTI, k uint32) {
	o.MaxSourceBlockLength, o.MaxEncodingSymbols = k, 0
	if s.family == reedSolomon || s.family == ldpc {
		o.MaxEncodingSymbols = k + f.repairSymbols(s, k)
	}
}

// repairSymbols returns how many repair symbols a source block of k source symbols has.
func (f *fecFlags) repairSymbols(s *fecScheme, k uint32) uint32 {
	if s.family == uncoded {
		return 0
	}
	share := defaultRepair
	if f.Repair != nil {
		share = float64(*f.Repair)
	}
	n := uint32(min(math.Ceil(float64(k)*share-1e-9), math.MaxInt32))
	if f.Repair == nil && f.loss > 0 {
		n = max(n, fecbench.RepairFor(k, fecbench.Extra(s.id, k, cmp.Or(f.N1, defaultN1)), float64(f.loss), demoFailure))
	}
	if s.family == ldpc && n > 0 {
		n = max(n, uint32(cmp.Or(f.N1, defaultN1))) // every source symbol takes part in N1 of them (RFC 5170, section 6.2)
	}
	return n
}
