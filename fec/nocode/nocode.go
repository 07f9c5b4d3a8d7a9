// Package nocode implements the Compact No-Code FEC scheme: FEC Encoding ID 0 (RFC 5445,
// https://www.rfc-editor.org/rfc/rfc5445#section-3). It has source symbols only: what is lost must be sent again.
//
// This package is plumbing of package schemes: embedders do not need it, and its names may change.
//
// # Limitations
//
// None: there is nothing to compute.
package nocode

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// Scheme implements [fec.Scheme]. The zero value is ready to use.
type Scheme struct{}

var _ fec.Scheme = Scheme{}

// Supports implements fec.Scheme.
func (Scheme) Supports(o *fec.OTI) error {
	if o.EncodingID != fec.CompactNoCode {
		return fmt.Errorf("nocode: %v: %w", o.EncodingID, flute.ErrOTI)
	}
	return nil
}

// Variants implements fec.Scheme.
func (Scheme) Variants() []fec.Variant { return nil }

// NewEncoder implements fec.Scheme.
func (Scheme) NewEncoder(*fec.OTI, fec.Variant, uint32, []byte) (fec.Encoder, error) {
	return none{}, nil
}

// NewDecoder implements fec.Scheme.
func (Scheme) NewDecoder(*fec.OTI, fec.Variant, uint32) (fec.Decoder, error) { return none{}, nil }

// Memory implements fec.Scheme: there is nothing to hold.
func (Scheme) Memory(*fec.OTI, uint32) fec.Memory { return fec.Memory{} }

type none struct{}

func (none) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	return b, fmt.Errorf("nocode: no repair symbol %d: %w", esi, flute.ErrOTI)
}

func (none) Reset([]byte) error { return nil }

func (none) Ready(int, int) bool { return false }

func (none) Recover(source [][]byte, _ []fec.Symbol) error {
	for _, s := range source {
		if len(s) == 0 {
			return fec.ErrMoreSymbols
		}
	}
	return nil
}

func (none) Matches([][]byte, fec.Symbol) bool { return false }
