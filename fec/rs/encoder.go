package rs

import (
	"fmt"

	"github.com/klauspost/reedsolomon"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// stride rounds a symbol length up: the kernels handle what is left of 64 bytes one by one.
func stride(symbolLength int) int { return (symbolLength + 63) &^ 63 }

// NewEncoder implements fec.Scheme. All repair symbols of the block are computed with the first one that is asked for.
func (s *Scheme) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	if k == 0 || k > order || len(source) > int(k)*int(o.SymbolLength) || o.SymbolLength == 0 {
		return nil, fmt.Errorf("rs: source block of %d symbols, %d bytes: %w", k, len(source), flute.ErrOTI)
	}
	if _, err := s.codec(v, 1, 1); err != nil {
		return nil, err // an unknown variant is told now, not with the first repair symbol
	}
	return &encoder{scheme: s, variant: v, k: int(k), n: int(min(o.MaxESI(k), order)), usual: int(o.RepairSymbols(k)),
		length: int(o.SymbolLength), source: source}, nil
}

type encoder struct {
	scheme  *Scheme
	variant fec.Variant
	k, n    int
	usual   int // repair symbols that a sender makes
	length  int
	source  []byte
	repair  [][]byte // by ESI - k
}

// AppendRepair implements fec.Encoder.
func (e *encoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	i := int(esi) - e.k
	if i < 0 || int(esi) >= e.n {
		return b, fmt.Errorf("rs: no repair symbol %d of %d to %d", esi, e.k, e.n-1)
	}
	if i >= len(e.repair) {
		p := e.usual
		if i >= p {
			p = e.n - e.k
		}
		if err := e.encode(p); err != nil {
			return b, err
		}
	}
	return append(b, e.repair[i][:e.length]...), nil
}

// encode computes p repair symbols.
func (e *encoder) encode(p int) error {
	c, err := e.scheme.codec(e.variant, e.k, p)
	if err != nil {
		return err
	}
	width := stride(e.length)
	arena := make([]byte, (e.k+p)*width)
	symbols := make([][]byte, e.k+p)
	for i := range symbols {
		symbols[i] = arena[i*width : (i+1)*width]
		if off := i * e.length; i < e.k && off < len(e.source) {
			copy(symbols[i][:e.length], e.source[off:])
		}
	}
	if err := c.Encode(symbols); err != nil {
		return fmt.Errorf("rs: %w", err)
	}
	e.repair = symbols[e.k:]
	return nil
}

// NewDecoder implements fec.Scheme.
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	n := int(min(o.MaxESI(k), order))
	if k == 0 || int(k) > n {
		return nil, fmt.Errorf("rs: source block of %d symbols: %w", k, flute.ErrOTI)
	}
	return &decoder{scheme: s, variant: v, k: int(k), n: n, length: int(o.SymbolLength)}, nil
}

type decoder struct {
	scheme  *Scheme
	variant fec.Variant
	k, n    int
	length  int
}

// Ready implements fec.Decoder: any k symbols decode.
func (d *decoder) Ready(sources, repairs int) bool { return repairs > 0 && sources+repairs >= d.k }

// Recover implements fec.Decoder.
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost := 0
	for _, s := range source {
		if len(s) == 0 {
			lost++
		}
	}
	switch {
	case lost == 0:
		return nil
	case lost > len(repair):
		return fec.ErrMoreSymbols
	}
	c, err := d.scheme.codec(d.variant, d.k, d.n-d.k)
	if err != nil {
		return err
	}
	symbols := make([][]byte, d.n)
	copy(symbols, source)
	for _, s := range repair {
		if int(s.ESI) < d.k || int(s.ESI) >= d.n || len(s.Data) != d.length {
			return fmt.Errorf("rs: repair symbol %d of %d bytes: %w", s.ESI, len(s.Data), flute.ErrOTI)
		}
		if lost > 0 && len(symbols[s.ESI]) == 0 { // no more than are needed, and each once
			symbols[s.ESI] = s.Data
			lost--
		}
	}
	if lost > 0 {
		return fec.ErrMoreSymbols
	}
	if err := c.ReconstructData(symbols); err != nil {
		return fmt.Errorf("rs: %w", err)
	}
	copy(source, symbols)
	return nil
}

// Matches implements fec.Decoder.
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if int(s.ESI) < d.k || int(s.ESI) >= d.n || len(s.Data) != d.length || len(source) != d.k {
		return false
	}
	want := make([]byte, d.length)
	var kernel reedsolomon.LowLevel
	for i, c := range d.scheme.field.row(d.variant, d.k, int(s.ESI)) {
		kernel.GalMulSliceXor(c, source[i], want)
	}
	return string(want) == string(s.Data)
}
