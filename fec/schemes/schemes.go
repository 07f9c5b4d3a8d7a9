// Package schemes makes a [fec.Registry] of the FEC schemes that this module can encode and decode.
//
// # Limitations
//
// FEC Encoding IDs 128 and 130 are under-specified: an application that knows what an FEC Instance ID of theirs means
// adds it with Registry.With, as it does with a better codec for any other ID.
package schemes

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/ldpc"
	"github.com/flute-node/flute-node/fec/nocode"
	"github.com/flute-node/flute-node/fec/raptor"
	"github.com/flute-node/flute-node/fec/raptorq"
	"github.com/flute-node/flute-node/fec/rs"
)

// Default returns New(nil).
func Default() *fec.Registry { return New(nil) }

// New returns a Registry of all schemes: Compact No-Code (0), Raptor (1), Reed-Solomon over GF(2^m) (2) and GF(2^8) (5,
// and 129 with FEC Instance ID 0), LDPC-Staircase (3) and LDPC-Triangle (4), RaptorQ (6). They share their caches: make
// one Registry and use it everywhere. parallel splits the work on large source blocks: it calls f(0) to f(n-1), some of
// them at the same time, and returns when all calls have returned. nil: the goroutine that asks does all of it. No
// scheme starts a goroutine itself.
func New(parallel func(n int, f func(i int))) *fec.Registry {
	reedSolomon := rs.NewParallel(parallel)
	sparse := ldpc.New(ldpc.Config{Parallel: parallel})
	return new(fec.Registry).
		With(fec.CompactNoCode, 0, nocode.Scheme{}).
		With(fec.Raptor, 0, raptor.New(raptor.Config{Parallel: parallel})).
		With(fec.ReedSolomonGF2m, 0, reedSolomon).
		With(fec.ReedSolomonGF28, 0, reedSolomon).
		With(fec.SmallBlockSystematic, 0, reedSolomon).
		With(fec.LDPCStaircase, 0, sparse).
		With(fec.LDPCTriangle, 0, sparse).
		With(fec.RaptorQ, 0, raptorq.New(raptorq.Config{Parallel: parallel}))
}
