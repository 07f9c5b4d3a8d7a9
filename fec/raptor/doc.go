// Package raptor is the Raptor code, R10, for FLUTE: FEC Encoding ID 1 (RFC 5053). It is systematic, and a sender can make
// more than 60,000 different repair symbols of one source block, each on demand. Almost any set of encoding symbols a little
// larger than the source block decodes it.
//
//	scheme := raptor.New(raptor.Config{})
//	enc, err := scheme.NewEncoder(&oti, "", k, block)
//	symbol, err := enc.AppendRepair(nil, esi)
//
// # How it works
//
// The k source symbols are made into l intermediate symbols, somewhat more, of which each encoding symbol is a sum of 4.6 in
// the mean. The intermediate symbols solve a system of linear equations, which depends on ESIs only. A system orders its
// sparse equations such that each gives one intermediate symbol, apart from a few inactive ones for which there is a small
// dense system, the echelon (RFC 5053, section 5.5.2). What comes out is a program: a schedule of sums of symbols. No symbol
// is touched before it is known that all can be recovered.
//
// For an encoder the program depends on k alone: the Scheme keeps it, as a plan. So does a decoder for some lost symbols, up
// to about the square root of 8*k: it runs the plan with the lost ones as unknowns, and solves for them with repair symbols.
// A decoder that has lost more has the system make a program of its own. Both have one result: they fail for the same sets of
// symbols.
//
// Programs run in planes: on as many bytes of each symbol as stay in a core's cache.
//
// # How many symbols it takes
//
// With exactly k symbols a block decodes in one case of four, and each further symbol about halves how often it fails: with
// k+3 one block in seven waits for more, with k+10 one in 500. TestFailureRate measures it. A decoder's Solve finds out for
// each symbol that comes; after the first try it costs next to nothing.
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
