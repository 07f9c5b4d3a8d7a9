// Package schemes puts together the FEC schemes that this module can encode and decode.
//
// # Limitations
//
// FEC Encoding IDs 128 and 130 are under-specified: an application that knows what an FEC Instance ID of theirs means adds it
// with Registry.With, as it does with a better codec for any other ID.
package schemes

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/nocode"
	"github.com/flute-node/flute-node/fec/raptor"
	"github.com/flute-node/flute-node/fec/rs"
)

// Default returns New(nil).
func Default() *fec.Registry { return New(nil) }

// New returns a Registry of all schemes: Compact No-Code (0), Raptor (1), and Reed-Solomon over GF(2^8) (5, and 129 with FEC
// Instance ID 0). parallel is what large source blocks are worked on with; nil: the goroutine that asks.
func New(parallel fec.Parallel) *fec.Registry {
	gf28 := rs.New()
	return fec.NewRegistry().
		With(fec.CompactNoCode, 0, nocode.Scheme{}).
		With(fec.Raptor, 0, raptor.New(raptor.Config{Parallel: parallel})).
		With(fec.ReedSolomonGF28, 0, gf28).
		With(fec.SmallBlockSystematic, 0, gf28)
}
