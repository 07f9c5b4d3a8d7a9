package ldpc

import (
	"bytes"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// NewDecoder implements [fec.Scheme]. The decoder is a [fec.Solver].
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	p, err := blockParameters(o, v, k)
	if err != nil {
		return nil, err
	}
	return &decoder{scheme: s, params: p, length: int(o.SymbolLength)}, nil
}

type decoder struct {
	scheme *Scheme
	params params
	length int   // of a symbol, bytes
	least  int   // symbols below which a try is known to fail
	work   *work // what the last Solve has found out, if it was successful
}

var _ fec.Solver = (*decoder)(nil)

// Ready implements [fec.Decoder]. After a try that failed it says no until as many symbols more have come as were
// missing.
func (d *decoder) Ready(sources, repairs int) bool {
	return repairs > 0 && sources+repairs >= max(d.params.k, d.least)
}

// Solve implements [fec.Solver].
func (d *decoder) Solve(lost, repair []fec.ESI) error {
	for _, esi := range lost {
		if uint32(esi) >= uint32(d.params.k) {
			return fmt.Errorf("ldpc: source symbol %d of %d: %w", esi, d.params.k, flute.ErrOTI)
		}
	}
	for _, esi := range repair {
		if !d.params.isRepair(esi) {
			return fmt.Errorf("ldpc: repair symbol %d is not one of %d to %d: %w", esi, d.params.k, d.params.n-1,
				flute.ErrOTI)
		}
	}
	if len(lost) == 0 || d.work != nil && d.work.isFor(lost, repair) {
		return nil
	}
	w := d.work
	if d.work = nil; w == nil {
		w = d.scheme.works.take()
	}
	missing, err := d.solve(w, lost, repair)
	if missing > 0 {
		d.scheme.works.put(w)
		if err == nil {
			err = fmt.Errorf("ldpc: %w: at least %d", fec.ErrMoreSymbols, missing)
		}
		return err
	}
	w.lost, w.repair = append(w.lost[:0], lost...), append(w.repair[:0], repair...)
	d.work = w
	return nil
}

// solve returns how many symbols more are needed at least.
func (d *decoder) solve(w *work, lost, repair []fec.ESI) (missing int, err error) {
	if len(repair) < len(lost) {
		return len(lost) - len(repair), nil
	}
	w.solver.m = d.scheme.matrices.get(d.params)
	missing, received, err := w.solver.solve(lost, repair)
	if err != nil {
		missing = 1 + len(lost)/retries
	}
	if missing > 0 {
		d.least = d.params.k - len(lost) + received + missing
	}
	return missing, err
}

// retries bounds how often a block is tried in which too many symbols depend on each other: about as often in all,
// rather than with every symbol that comes.
const retries = 64

// Recover implements [fec.Decoder].
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost, err := d.missing(source)
	if err != nil || len(lost) == 0 {
		return err
	}
	esis := make([]fec.ESI, len(repair))
	for i, s := range repair {
		if len(s.Data) != d.length {
			return fmt.Errorf("ldpc: repair symbol %d of %d bytes, must be %d: %w", s.ESI, len(s.Data), d.length,
				flute.ErrOTI)
		}
		esis[i] = s.ESI
	}
	if err := d.Solve(lost, esis); err != nil {
		return err
	}
	w := d.work
	d.work = nil
	defer d.scheme.works.put(w)
	w.prepare(d.length, source, lost, repair)
	stripes(d.scheme.parallel, d.length, w.bytes(), w.run)
	for _, esi := range lost {
		source[esi] = w.symbols[esi]
	}
	return nil
}

// missing lists the source symbols that are not there.
func (d *decoder) missing(source [][]byte) (lost []fec.ESI, err error) {
	if len(source) != d.params.k {
		return nil, fmt.Errorf("ldpc: %d source symbols in a block of %d: %w", len(source), d.params.k, flute.ErrOTI)
	}
	n := 0
	for _, s := range source {
		if len(s) == 0 {
			n++
		}
	}
	lost = make([]fec.ESI, 0, n)
	for i, s := range source {
		switch len(s) {
		case 0:
			lost = append(lost, fec.ESI(i))
		case d.length:
		default:
			return nil, fmt.Errorf("ldpc: source symbol %d of %d bytes, must be %d: %w", i, len(s), d.length,
				flute.ErrOTI)
		}
	}
	return lost, nil
}

// Matches implements [fec.Decoder]: it makes the repair symbols up to s.
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if lost, err := d.missing(source); err != nil || len(lost) > 0 || !d.params.isRepair(s.ESI) ||
		len(s.Data) != d.length {
		return false
	}
	m := d.scheme.matrices.get(d.params)
	last, stride := int(s.ESI)-d.params.k, strideOf(d.length)
	made := make([]byte, (last+1)*stride)
	for row := range last + 1 {
		dst := made[row*stride : row*stride+d.length]
		for _, c := range m.sources.of(row) {
			kernel.Xor(dst, source[c])
		}
		kernel.SumRows(dst, made, stride, m.repairCols.of(row))
	}
	return bytes.Equal(made[last*stride:last*stride+d.length], s.Data)
}
