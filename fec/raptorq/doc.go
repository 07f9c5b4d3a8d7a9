// Package raptorq implements the RaptorQ code for FLUTE: FEC Encoding ID 6 (RFC 6330,
// https://www.rfc-editor.org/rfc/rfc6330#section-5). The code is systematic and rateless: a source block of K symbols,
// up to 56,403, has 2^24-K repair symbols. Any K encoding symbols decode it, except in one case of 170; with one symbol
// more, except in one case of 25,000; with two more, no failure was ever seen (TestConf_K07_Failures).
//
// # Use
//
//	s := raptorq.New(raptorq.Config{})
//	enc, err := s.NewEncoder(&oti, "", k, block)
//	symbol, err := enc.AppendRepair(nil, k)       // ESI k, the first repair symbol
//
//	dec, err := s.NewDecoder(&oti, "", k)
//	err = dec.Recover(source, repair)             // fills in the lost source symbols
//
// Keep one [Scheme]: it caches plans that are costly to make. An encoder can encode one source block after the other:
// see [fec.Encoder]. A decoder is a [fec.Solver]: it tells from ESIs alone whether symbols suffice, and continues
// a failed try with the symbols that arrive later.
//
// # How it works
//
// The package describes the matrix of the code (RFC 6330, section 5.3.3) to an engine that solves all codes of this
// kind, package fec/internal/inactivation. The first call of AppendRepair computes the intermediate symbols of the
// source block, by a plan that depends on K' only. A decoder makes all decisions before it touches a symbol. If few
// symbols are lost, it uses the plan of the encoder; otherwise it makes a plan for the symbols that arrived. It writes
// the lost symbols only.
//
// Encoders and decoders work on whole symbols and ignore sub-blocks: all sub-symbols of a symbol are coded alike.
//
// # Memory
//
// An encoder holds the intermediate symbols, a little more than the source block. One that was told which repair
// symbols are wanted (its method Prepare) holds these, and a plane of the intermediate ones. So does a decoder: as many
// bytes of every symbol as fit into a cache, 3 MiB at most for up to 45,000 symbols, 4 MiB above. [Scheme.Memory]
// counts all of it, with tables and plans.
//
// This package is plumbing of package schemes: embedders do not need it, and its names may change.
//
// # Limitations
//
// A decoder ignores repair symbols beyond 64 + K'/64 more than it needs. For K' above 120, ESIs that were chosen to
// entangle as many intermediate symbols as possible end in [fec.ErrMoreSymbols], although their number would suffice;
// random ESIs are far from that.
package raptorq

//go:generate go run gen.go $RFC6330
