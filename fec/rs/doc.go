// Package rs is Reed-Solomon over GF(2^m), m = 2…16, for FLUTE: FEC Encoding ID 2 (RFC 5510, section 4), FEC Encoding ID 5
// (section 5: m = 8), and FEC Encoding ID 129 with FEC Instance ID 0 (section 7: m = 8). Systematic, any k of n symbols
// decode.
//
// # Use
//
//	scheme := rs.New() // one for all three FEC Encoding IDs, and for all sessions
//	enc, err := scheme.NewEncoder(&oti, rs.Rizzo, k, source)
//	packet, err = enc.AppendRepair(packet, esi)
//
// # Three codes under one wire format
//
// All of them interpolate: a source block is the polynomial of degree below k through its k source symbols, and encoding
// symbol j is the value of that polynomial at the point x_j. They differ in the points:
//
//	Rizzo           0, 1, a, a^2, …   L. Rizzo's codec, with which RFC 5510 declares itself compatible; every current peer
//	RFC5510         1, a, a^2, …      the formula printed in RFC 5510, section 8.2.1
//	Backblaze       0, 1, 2, 3, …     flute-rs up to 1.11.0
//
// Nothing on the wire tells which one a sender uses; a repair symbol more than is needed, or a digest of the object,
// does: see fec.Decoder.
//
// # Elements of a symbol
//
// The RFC does not say how a symbol is cut into elements of m bits. Here, as in all peers that are known, it is a string of
// bits, most significant first; where m = 16 its elements are big-endian numbers.
//
// # Speed
//
// Encoding costs k multiplications of a symbol for each repair symbol, decoding k for each lost one: long source blocks are
// slow, whatever multiplies. RaptorQ is for them. Elements of 2, 4, 8 and 16 bits are multiplied where they are, others
// are unpacked before. An Encoder serves one block after the other: see Encoder.Reset. Matrices of encoders and the memory of
// decoders are kept by the Scheme, within bounds, so that block after block allocates nothing.
//
// # Limitations
//
// n is at most 2^m - 1. A block is recovered as long as k times the number of lost source symbols is at most 2^28; with more
// lost it waits for source symbols. That matters above k = 16384.
package rs
