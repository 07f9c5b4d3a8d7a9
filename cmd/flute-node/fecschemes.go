package main

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// fecFamily is what schemes have in common that matters to the command line.
type fecFamily uint8

const (
	uncoded     fecFamily = iota
	reedSolomon           // any k symbols of the n of a block suffice; n is at most 2^m - 1
	ldpc                  // n is part of the code
	fountain              // there are as many repair symbols as anybody wants
)

// fecScheme is a FEC scheme of the command line.
type fecScheme struct {
	name      string
	help      string
	id        fec.EncodingID
	family    fecFamily
	fieldBits uint8      // m of Reed-Solomon over GF(2^m); 0: --field-bits
	block     uint32     // source symbols of a block by default
	blocks    uint64     // largest number of source blocks of an object
	sizes     []uint32   // source symbols of the blocks that are measured
	repair    percentage // repair symbols of those
	flags     []string   // that not all schemes take
}

// fecSchemes is the one place where a scheme is added to the command line: `send`, `demo` and `bench` read it.
//
// Default blocks: those of Reed-Solomon are short since the work for a block grows with its square; 64 + 16 symbols are
// what other implementations take, and 256 is what GF(2^8) cannot do. With LDPC and Raptor the symbols needed beyond k are
// a smaller share of a longer block: at some thousand symbols they no longer matter, while a block, 1.4 MB, still fits the
// cache of a processor's core.
func fecSchemes() []fecScheme {
	return []fecScheme{
		{
			name: "no-code", help: "none, what is lost must come again", id: fec.CompactNoCode, block: 64, blocks: 1 << 16,
			sizes: []uint32{1000},
		},
		{
			name: "rs", help: "Reed-Solomon, blocks of at most 255 symbols", id: fec.ReedSolomonGF28, family: reedSolomon, fieldBits: 8,
			block: 64, blocks: 1 << 24, sizes: []uint32{10, 64, 200}, repair: 0.25, flags: []string{flagMatrix},
		},
		{
			name: "rs129", help: "the same code", id: fec.SmallBlockSystematic, family: reedSolomon, fieldBits: 8,
			block: 64, blocks: 1<<32 - 1, sizes: []uint32{64}, repair: 0.25, flags: []string{flagMatrix},
		},
		{
			name: "rs2", help: "Reed-Solomon over GF(2^m)", id: fec.ReedSolomonGF2m, family: reedSolomon,
			block: 64, blocks: 1 << 16, sizes: []uint32{64}, repair: 0.25, flags: []string{flagMatrix, flagFieldBits, flagGroup},
		},
		{
			name: "rs16", help: "the same with m = 16, slow for long blocks",
			id: fec.ReedSolomonGF2m, family: reedSolomon, fieldBits: 16,
			block: 256, blocks: 1 << 16, sizes: []uint32{300, 1000}, repair: 0.2, flags: []string{flagMatrix, flagGroup},
		},
		{
			name: "raptor", help: "Raptor, blocks of 4 to 8192 source symbols", id: fec.Raptor, family: fountain,
			block: 1024, blocks: 1<<16 - 1, sizes: []uint32{10, 100, 1000, 8192}, repair: 0.2,
			flags: []string{flagSubBlocks, flagAlignment, flagGroup},
		},
		{
			name: "raptorq", help: "RaptorQ, 1 to 56403", id: fec.RaptorQ, family: fountain,
			block: 1024, blocks: 1<<8 - 1, sizes: []uint32{10, 100, 1000, 10000, 50000}, repair: 0.2,
			flags: []string{flagSubBlocks, flagAlignment, flagGroup},
		},
		{
			name: "ldpc", help: "LDPC-Staircase, some hundred to 500000", id: fec.LDPCStaircase, family: ldpc,
			block: 1000, blocks: 1 << 12, sizes: []uint32{100, 1000, 10000}, repair: 0.5, flags: []string{flagN1, flagSeed, flagGroup},
		},
		{
			name: "ldpc-triangle", help: "LDPC-Triangle", id: fec.LDPCTriangle, family: ldpc,
			block: 1000, blocks: 1 << 12, sizes: []uint32{100, 1000, 10000}, repair: 0.5, flags: []string{flagN1, flagSeed, flagGroup},
		},
	}
}

// findScheme returns the scheme of that name.
func findScheme(name string) (fecScheme, error) {
	all := fecSchemes()
	if i := slices.IndexFunc(all, func(s fecScheme) bool { return s.name == name }); i >= 0 {
		return all[i], nil
	}
	return fecScheme{}, fmt.Errorf("there is no FEC scheme %q: take one of %s", name, fecVars()["fec_schemes"])
}
