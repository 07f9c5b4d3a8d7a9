// Package ldpc is the FEC schemes LDPC-Staircase and LDPC-Triangle: FEC Encoding IDs 3 and 4 (RFC 5170). Repair symbols are
// sums of a few other symbols, which makes them the cheapest of all to make, and blocks may be very long. In return a receiver
// needs some more symbols than there are source symbols: with N1 = 3 about 4 %, with N1 = 7 about 0.2 %, less in longer
// blocks, much more in short ones.
//
//	s := ldpc.New(ldpc.Config{})
//	enc, err := s.NewEncoder(&oti, "", k, source)
//	repair, err := enc.AppendRepair(nil, esi)
//
// A receiver first peels: a parity check with one unknown symbol gives it. What is left it solves by Gaussian elimination, for
// which symbols are set aside until peeling can go on (inactivation). All this is found out from ESIs; symbols are summed
// only once it is known that they suffice.
//
// # Limitations
//
// A source block with fewer repair symbols than N1 has no such code: the matrix of RFC 5170, section 6.2, could not be made.
// Supports refuses it. That of a block of one symbol cannot be made word by word either; it is what OpenFEC makes of it, where all
// repair symbols of LDPC-Staircase repeat the source symbol or are zero.
package ldpc
