package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/fec"
)

// family is what FEC schemes have in common that matters here.
type family uint8

const (
	uncoded     family = iota
	reedSolomon        // any k symbols of the n of a block suffice; n is at most 2^m - 1
	ldpc               // n is part of the code
	fountain           // there are as many repair symbols as anybody wants
)

// Scheme is an FEC scheme under the name that it has as a value of fec.
type Scheme struct {
	Name  string
	Help  string // in a few words
	ID    fec.EncodingID
	Block uint32 // source symbols of a source block by default

	family    family
	fieldBits uint8  // m of Reed-Solomon over GF(2^m); 0: the word field-bits says it
	words     []word // that not all schemes take
}

// Schemes returns all FEC schemes. It is the one place where a scheme gets its name.
//
// Default blocks: those of Reed-Solomon are short since the work for a block grows with its square; 64 + 16 symbols are
// what other implementations take, and 256 is what GF(2^8) cannot do. With LDPC and Raptor the symbols needed beyond k
// are a smaller share of a longer block: at some thousand symbols they no longer matter, while a block, 1.4 MB, still
// fits the cache of a processor's core.
func Schemes() []Scheme {
	return []Scheme{
		{Name: "no-code", Help: "none, what is lost must come again", ID: fec.CompactNoCode, Block: 64},
		{
			Name: "rs", Help: "Reed-Solomon, blocks of at most 255 symbols", ID: fec.ReedSolomonGF28, Block: 64,
			family: reedSolomon, fieldBits: 8, words: []word{wordRSMatrix, wordMaxRepair},
		},
		{
			Name: "rs129", Help: "the same code", ID: fec.SmallBlockSystematic, Block: 64,
			family: reedSolomon, fieldBits: 8, words: []word{wordRSMatrix, wordMaxRepair},
		},
		{
			Name: "rs2", Help: "Reed-Solomon over GF(2^m)", ID: fec.ReedSolomonGF2m, Block: 64,
			family: reedSolomon, words: []word{wordRSMatrix, wordMaxRepair, wordFieldBits, wordGroup},
		},
		{
			Name: "rs16", Help: "the same with m = 16, slow for long blocks", ID: fec.ReedSolomonGF2m, Block: 256,
			family: reedSolomon, fieldBits: 16, words: []word{wordRSMatrix, wordMaxRepair, wordGroup},
		},
		{
			Name: "raptor", Help: "Raptor, blocks of 4 to 8192 source symbols", ID: fec.Raptor, Block: 1024,
			family: fountain, words: []word{wordSubBlocks, wordAlignment, wordGroup},
		},
		{
			Name: "raptorq", Help: "RaptorQ, 1 to 56403", ID: fec.RaptorQ, Block: 1024,
			family: fountain, words: []word{wordSubBlocks, wordAlignment, wordGroup},
		},
		{
			Name: "ldpc", Help: "LDPC-Staircase, some hundred to 500000", ID: fec.LDPCStaircase, Block: 1000,
			family: ldpc, words: []word{wordN1, wordSeed, wordGroup},
		},
		{
			Name: "ldpc-triangle", Help: "LDPC-Triangle", ID: fec.LDPCTriangle, Block: 1000,
			family: ldpc, words: []word{wordN1, wordSeed, wordGroup},
		},
	}
}

// FindScheme returns the scheme of that name. Its error names no word.
func FindScheme(name string) (Scheme, error) {
	for _, s := range Schemes() {
		if s.Name == name {
			return s, nil
		}
	}
	return Scheme{}, noScheme(name)
}

// noScheme tells that there is no scheme of that name. also are other words that may be taken.
func noScheme(name string, also ...string) error {
	for _, s := range Schemes() {
		also = append(also, s.Name)
	}
	return fmt.Errorf("there is no FEC scheme %q: take one of %s", name, strings.Join(also, ","))
}

// IsCoded reports whether the scheme has repair symbols.
func (s *Scheme) IsCoded() bool { return s.family != uncoded }

// Takes reports whether a word that not all schemes take, such as field-bits, means something to this one.
func (s *Scheme) Takes(w string) bool { return slices.Contains(s.words, word(w)) }
