// Package rs implements Reed-Solomon over GF(2^m), m = 2…16, for FLUTE: FEC Encoding ID 2 (RFC 5510,
// https://www.rfc-editor.org/rfc/rfc5510#section-4), FEC Encoding ID 5
// (https://www.rfc-editor.org/rfc/rfc5510#section-5, m = 8), and FEC Encoding ID 129 with FEC Instance ID 0
// (https://www.rfc-editor.org/rfc/rfc5510#section-7, m = 8). The code is systematic, and any k of n symbols decode a
// source block.
//
// # Use
//
//	scheme := rs.New() // one for all three FEC Encoding IDs, and for all sessions
//	enc, err := scheme.NewEncoder(&oti, rs.Rizzo, k, source)
//	packet, err = enc.AppendRepair(packet, esi)
//
// # Three codes with one wire format
//
// Each code interpolates: a source block is the polynomial of degree below k through its k source symbols, and encoding
// symbol j is the value of that polynomial at the point x_j. The codes differ in the points:
//
//	Rizzo           0, 1, a, a^2, …   L. Rizzo's codec, with which RFC 5510 declares itself compatible; all peers
//	RFC5510         1, a, a^2, …      the formula printed in RFC 5510, section 8.2.1
//	Backblaze       0, 1, 2, 3, …     flute-rs up to 1.11.0
//
// Nothing on the wire tells which code a sender uses. A receiver finds out from one repair symbol more than it needs
// ([fec.Decoder], Matches), or from a digest of the object.
//
// # Elements of a symbol
//
// The RFC does not say how a symbol is cut into elements of m bits. Here, as in all known peers, a symbol is a string
// of bits, most significant bit first; with m = 16 its elements are big-endian numbers.
//
// # Speed
//
// Encoding costs k multiplications of a symbol for each repair symbol, decoding k for each lost symbol. Long source
// blocks are therefore slow; use RaptorQ for them. Elements of 2, 4, 8 and 16 bits are multiplied in place, others are
// unpacked first. An [Encoder] can encode one block after the other: see [Encoder.Reset]. The [Scheme] keeps the
// matrices of encoders and the memory of decoders, within bounds, so that coding block after block allocates nothing.
//
// This package is plumbing of package schemes: embedders do not need it, and its names may change.
//
// # Limitations
//
// n is at most 2^m - 1. A decoder recovers a block if k times the number of lost source symbols is at most 2^28; if
// more are lost, it waits for source symbols. This matters for k above 16384.
package rs
