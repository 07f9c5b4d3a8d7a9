// Package raptorq is the RaptorQ FEC scheme for FLUTE: FEC Encoding ID 6 (RFC 6330). The code is systematic and rateless: a source
// block of K symbols, up to 56,403, has 2^24-K repair symbols, and any K encoding symbols decode it but for one case in 170; with
// one more it is one in 25,000, and with two more none was ever seen to fail (see TestConf_K07_Failures).
//
// # Use
//
//	s := raptorq.New(raptorq.Config{})
//	enc, err := s.NewEncoder(&oti, "", k, block)
//	symbol, err := enc.AppendRepair(nil, k)       // ESI k, the first repair symbol
//
//	dec, err := s.NewDecoder(&oti, "", k)
//	err = dec.Recover(source, repair)             // fills in what is lost
//
// Keep one Scheme: it holds what is costly to find out and can be used again. An encoder serves one source block after the
// other, see fec.Encoder. A decoder is a fec.Solver: it tells from ESIs alone whether symbols suffice, and a failed try is
// carried on with the symbols that come.
//
// # How it works
//
// The matrix of the code (RFC 6330, section 5.3.3) is described to the engine that it shares with other codes of its kind, see
// package inactivation. The intermediate symbols of a source block are computed with the first repair symbol that is asked for,
// by a plan that depends on K' only. To decode, symbols are touched once, after all has been decided: by the plan of encoders
// when few symbols are lost, else by one made for what arrived; and the lost symbols are all that is written.
//
// Sub-blocks are of no concern here: all of them are coded alike, so that a symbol is coded as a whole.
//
// # Memory
//
// An encoder holds the intermediate symbols, a little more than the source block. A decoder needs only a plane of them, as many
// bytes of every symbol as fit into a cache: 3 MiB at most for up to 45,000 symbols, 4 MiB above. Scheme.Memory counts all, with
// tables and plans.
//
// # Limitations
//
// Beyond 64 + K'/64 repair symbols more than needed are not looked at. Repair symbols whose ESIs were chosen so that as many
// intermediate symbols as possible are entangled end in fec.ErrMoreSymbols although their number would suffice, for K' above 120;
// what chance selects is far from that.
package raptorq

//go:generate go run gen.go $RFC6330
