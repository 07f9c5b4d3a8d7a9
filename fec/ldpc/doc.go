// Package ldpc implements the FEC schemes LDPC-Staircase and LDPC-Triangle: FEC Encoding IDs 3 and 4 (RFC 5170,
// https://www.rfc-editor.org/rfc/rfc5170#section-6).
//
// A repair symbol is the sum of a few other symbols. This makes LDPC the cheapest code to encode, and allows very long
// source blocks. In return, a receiver needs more symbols than there are source symbols: about 4 % more with N1 = 3,
// about 0.2 % more with N1 = 7, less in longer blocks, much more in short ones.
//
//	s := ldpc.New(ldpc.Config{})
//	enc, err := s.NewEncoder(&oti, "", k, source)
//	repair, err := enc.AppendRepair(nil, esi)
//
// A decoder first peels: a parity check with one unknown symbol gives that symbol. When none is left, it sets symbols
// aside until peeling can go on (inactivation), and solves those by Gaussian elimination. It plans all this from ESIs
// alone, and adds up symbols only when it knows that they suffice.
//
// This package is plumbing of package schemes: embedders do not need it, and its names may change.
//
// # Limitations
//
// A source block with fewer repair symbols than N1 has no such code: the matrix of RFC 5170, section 6.2, cannot be
// made. [Scheme.Supports] refuses it. For a block of one symbol the text of the RFC cannot be followed either; there
// the matrix is that of OpenFEC, where all repair symbols of LDPC-Staircase repeat the source symbol or are zero.
package ldpc
