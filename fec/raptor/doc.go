// Package raptor implements the Raptor code (R10) for FLUTE: FEC Encoding ID 1 (RFC 5053,
// https://www.rfc-editor.org/rfc/rfc5053#section-5). The code is systematic. A sender can make more than 57,000
// different repair symbols of one source block, each on demand. Almost any set of encoding symbols a little larger than
// the source block decodes it.
//
//	scheme := raptor.New(raptor.Config{})
//	enc, err := scheme.NewEncoder(&oti, "", k, block)
//	symbol, err := enc.AppendRepair(nil, esi)
//
// # How it works
//
// The k source symbols determine l intermediate symbols; l is a little larger than k. Each encoding symbol is a sum of
// intermediate symbols, 4.6 in the mean. The intermediate symbols solve a system of linear equations over GF(2) (RFC
// 5053, section 5.4.2.4): the equations of the LDPC symbols, of the Half symbols, and of the encoding symbols that are
// present. This package states the equations. Package fec/internal/inactivation solves them, as it does those of
// RaptorQ.
//
// # How many symbols it takes
//
// With exactly k symbols, one block in four decodes. Each further symbol about halves the share of failures: with k+3
// one block in seven waits for more, with k+10 one in 500. Long blocks of which no source symbol arrived need more: a
// block of 1000 symbols waits at k+3 in one case of three, at k+10 in one of 100. TestFailureRate measures this. Solve
// of a decoder ([fec.Solver]) tells for each new symbol whether the symbols suffice; after the first call this costs
// little.
//
// This package is plumbing of package schemes: embedders do not need it, and its names may change.
//
// # Limitations
//
// A source block has 4 to 8192 symbols. An object that is too short for four symbols needs shorter ones: see
// [SymbolLength]. An object of a few bytes needs another scheme. ESIs from 65521 on repeat the first encoding symbols;
// they are neither sent nor accepted.
//
// Encoders and decoders work on whole symbols and ignore sub-blocks (RFC 5053, section 5.3.1.2): all sub-symbols of a
// symbol are added up in the same way.
package raptor

//go:generate go run gen.go $RFC5053
