// Package schemes puts together the FEC schemes that this module can encode and decode.
//
// # Limitations
//
// FEC Encoding IDs 1, 2, 3, 4 and 6 have no codec yet; 128 and 130 are under-specified: an application that knows what
// an FEC Instance ID of theirs means adds it with Registry.With.
package schemes

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/nocode"
	"github.com/flute-node/flute-node/fec/rs"
)

// Default returns a Registry of Compact No-Code (0) and Reed-Solomon over GF(2^8) (5, and 129 with FEC Instance ID 0).
func Default() *fec.Registry {
	gf28 := rs.New()
	return fec.NewRegistry().
		With(fec.CompactNoCode, 0, nocode.Scheme{}).
		With(fec.ReedSolomonGF28, 0, gf28).
		With(fec.SmallBlockSystematic, 0, gf28)
}
