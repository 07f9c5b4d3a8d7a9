// Package raptor is the Raptor code, R10, for FLUTE: FEC Encoding ID 1 (RFC 5053). It is systematic, and a sender can make
// more than 57,000 different repair symbols of one source block, each on demand. Almost any set of encoding symbols a little
// larger than the source block decodes it.
//
//	scheme := raptor.New(raptor.Config{})
//	enc, err := scheme.NewEncoder(&oti, "", k, block)
//	symbol, err := enc.AppendRepair(nil, esi)
//
// # How it works
//
// The k source symbols are made into l intermediate symbols, somewhat more, of which each encoding symbol is a sum of 4.6 in
// the mean. They solve a system of linear equations over GF(2) (RFC 5053, section 5.4.2.4): of the LDPC symbols, the Half
// symbols, and the encoding symbols that are there. This package says what the equations are; those of RaptorQ are of the same
// kind, and package inactivation solves both.
//
// # How many symbols it takes
//
// Of blocks with exactly k symbols one in four decodes, and each further symbol about halves how many do not: with k+3 one in
// seven waits for more, with k+10 one in 500. Long blocks of which no source symbol came take more: one of 1000 symbols
// waits at k+3 in one case of three, at k+10 in one of 100. TestFailureRate measures it. A decoder's Solve finds out
// for each symbol that comes; after the first try it costs little.
//
// # Limitations
//
// Source blocks have 4 to 8192 symbols. Objects too short for four take shorter symbols, see SymbolLength, and those of a few
// bytes another scheme. ESIs from 65521 on, which repeat the first encoding symbols, are neither sent nor accepted.
//
// Sub-blocks (RFC 5053, section 5.3.1.2) are no concern of an encoder or decoder, which work on whole symbols: all
// sub-symbols of a symbol are added up in the same way.
package raptor

//go:generate go run gen.go $RFC5053
