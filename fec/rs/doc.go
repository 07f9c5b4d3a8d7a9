// Package rs is Reed-Solomon over GF(2^8) for FLUTE: FEC Encoding ID 5 (RFC 5510, section 5) and FEC Encoding ID 129
// with FEC Instance ID 0 (RFC 5510, section 7). Field 0x11D, systematic, any k of n symbols decode.
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
// # Speed
//
// Symbols are multiplied by klauspost/reedsolomon, with matrices from here. Encoding costs k multiplications of a symbol
// for each repair symbol, decoding k for each lost one: long source blocks are slow. An Encoder serves one block after
// the other: see Encoder.Reset.
//
// # Limitations
//
// n is at most 255. Other fields (FEC Encoding ID 2) are not here.
package rs
