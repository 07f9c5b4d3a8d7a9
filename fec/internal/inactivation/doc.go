// Package inactivation is the engine of the Raptor codes (RFC 5053 and RFC 6330): it solves their sparse systems of
// linear equations by inactivation decoding, first for the ESIs alone, then, once, for the symbols.
//
// # How a code describes itself
//
// A code has L intermediate symbols, the unknowns, numbered from 0; here they are columns. Three kinds of equations,
// rows, hold between them:
//
//   - fixed rows, sparse, over GF(2), whose sum is zero: the LDPC relations;
//   - dense rows: H of them, which say what the last H columns are. They have a common form, a running sum over the
//
// columns     that comes to two rows after each column: see Dense. Over GF(2) those are the Half symbols of Raptor,
// over GF(2^8) the     HDPC symbols of RaptorQ;
//   - rows of encoding symbols, sparse, over GF(2): the columns whose sum is the encoding symbol with a given ISI.
//
// A Code holds the first two and a function for the third. A source block of K symbols is coded as K' of them,
// Block.Extended, the last K'-K being zero; ISI = ESI for source symbols, ESI + K'-K for repair symbols. Where a code
// knows no padding, K' = K.
//
// A scheme makes one Engine, with a function that gives the Code for K', and takes its encoders and decoders from
// there; they implement fec.Encoder, fec.Decoder and fec.Solver. What is left to the scheme is to check the OTI.
//
//	engine := inactivation.New(inactivation.Config{Name: "raptorq", Code: newCode, Size: size, Parallel: p})
//	block := inactivation.Block{Symbols: k, Extended: extended(k), SymbolLength: t, MaxESI: 1 << 24}
//	enc, err := engine.NewEncoder(block, source)
//
// # How it works
//
// Phase one takes a row with one column left, a pivot, again and again; where there is none, it sets a column aside as
// inactive. Some columns are inactive from the start. So all other columns become sums of rows before them and of
// inactive columns. The rows that are no pivots, and the dense ones, are a small dense system for the inactive columns,
// the only place where anything can fail. Nothing of that touches symbols. It gives a Plan: the sums to be computed in
// order, first the pivots with the inactive columns taken as zero, then the dense rows, the inactive columns, and the
// pivots again.
//
// An encoder's plan depends on K' alone; the Engine keeps plans, bounded by bytes. A decoder with few lost symbols uses
// the encoder's plan too: it carries the lost symbols as unknowns through it. With many, it makes a plan of its own.
//
// Where only a few encoding symbols are wanted, the plan ends before the pivots are computed again, which is 40 % of
// the work. It is known which inactive columns the row of each pivot lacks, and an encoding symbol adds these: see
// shortcut. Encoders that were told what is wanted do so, and decoders with few lost symbols.
//
// Plans run on one plane of the symbols after the other, as many bytes wide as the columns fit into the cache.
//
// # Limitations
//
// Column numbers have 16 bits. A decoder makes use of no more than 64 + K'/64 repair symbols beyond those needed. ISIs
// that were chosen to make as many columns inactive as possible, several times more than with any that chance selects,
// end in fec.ErrMoreSymbols: memory is bounded that way.
//
// Sums of rows run in assembly on amd64, with AVX2 or AVX-512, elsewhere on those of package kernel.
package inactivation
