package rs

import (
	"bytes"
	"fmt"

	"github.com/klauspost/reedsolomon"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// NewDecoder implements fec.Scheme. Repair symbols up to max_n are of use, whatever the n-algorithm gives for k.
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	n := min(o.MaxESI(k), order)
	if k == 0 || k > n || o.SymbolLength == 0 {
		return nil, fmt.Errorf("rs: source block of %d symbols of %d bytes: %w", k, o.SymbolLength, flute.ErrOTI)
	}
	if !known(v) {
		return nil, fmt.Errorf("rs: no code is called %q: %w", v, flute.ErrOTI)
	}
	return &decoder{field: s.field, variant: v, k: int(k), n: int(n), length: int(o.SymbolLength)}, nil
}

type decoder struct {
	field   *field
	variant fec.Variant
	k, n    int
	length  int    // of a symbol, bytes
	encode  *basis // of the source symbols; nil until it is needed
	product product
}

// Ready implements fec.Decoder: any k symbols decode.
func (d *decoder) Ready(sources, repairs int) bool { return repairs > 0 && sources+repairs >= d.k }

// Recover implements fec.Decoder. The block is a polynomial, known at k points: those of the source symbols that are
// there and of as many repair symbols as are missing. Its values at the points of the lost symbols follow by Lagrange, as
// repair symbols do in an encoder; no matrix is inverted.
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost, err := d.lost(source)
	if err != nil || lost == 0 {
		return err
	}
	if lost > len(repair) {
		return fec.ErrMoreSymbols
	}
	column := d.product.column(d.k, lost)
	defer d.product.release()
	points := make([]byte, 0, d.k)
	for i, s := range source {
		if len(s) != 0 {
			column[len(points)] = s
			points = append(points, d.field.point(d.variant, i))
		}
	}
	var taken [order]bool
	for _, s := range repair {
		if !d.isRepair(s) {
			return fmt.Errorf("rs: repair symbol %d of %d bytes: %w", s.ESI, len(s.Data), flute.ErrOTI)
		}
		if len(points) < d.k && !taken[s.ESI] {
			taken[s.ESI] = true
			column[len(points)] = s.Data
			points = append(points, d.field.point(d.variant, int(s.ESI)))
		}
	}
	if len(points) < d.k {
		return fec.ErrMoreSymbols
	}
	known := d.field.newBasis(points)
	rows, outputs := make([][]byte, 0, lost), column[d.k:]
	for i, s := range source {
		if len(s) == 0 {
			if cap(s) < d.length {
				s = make([]byte, d.length)
			}
			outputs[len(rows)] = s[:d.length]
			rows = append(rows, known.coefficients(d.field.point(d.variant, i)))
		}
	}
	c, err := newCodec(d.k, rows)
	if err == nil {
		err = d.product.run(c, d.k)
	}
	if err != nil {
		return fmt.Errorf("rs: %w", err)
	}
	next := 0
	for i, s := range source {
		if len(s) == 0 {
			source[i] = outputs[next]
			next++
		}
	}
	return nil
}

// lost counts the source symbols that are not there.
func (d *decoder) lost(source [][]byte) (n int, err error) {
	if len(source) != d.k {
		return 0, fmt.Errorf("rs: %d source symbols in a block of %d: %w", len(source), d.k, flute.ErrOTI)
	}
	for i, s := range source {
		switch len(s) {
		case 0:
			n++
		case d.length:
		default:
			return 0, fmt.Errorf("rs: source symbol %d of %d bytes, must be %d: %w", i, len(s), d.length, flute.ErrOTI)
		}
	}
	return n, nil
}

// isRepair reports whether s can be a repair symbol of the block.
func (d *decoder) isRepair(s fec.Symbol) bool {
	return s.ESI >= fec.ESI(d.k) && s.ESI < fec.ESI(d.n) && len(s.Data) == d.length
}

// Matches implements fec.Decoder.
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if lost, err := d.lost(source); lost > 0 || err != nil || !d.isRepair(s) {
		return false
	}
	if d.encode == nil {
		d.encode = d.field.sourceBasis(d.variant, d.k)
	}
	want := make([]byte, d.length)
	var kernel reedsolomon.LowLevel
	for i, c := range d.encode.coefficients(d.field.point(d.variant, int(s.ESI))) {
		kernel.GalMulSliceXor(c, source[i], want)
	}
	return bytes.Equal(want, s.Data)
}
