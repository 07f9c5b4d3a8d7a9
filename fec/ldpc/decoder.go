package ldpc

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// NewDecoder implements fec.Scheme. The decoder is a fec.Solver.
func (s *Scheme) NewDecoder(o *fec.OTI, _ fec.Variant, k uint32) (fec.Decoder, error) {
	p, err := parameters(o, k)
	if err != nil {
		return nil, err
	}
	return &decoder{scheme: s, params: p, length: int(o.SymbolLength)}, nil
}

type decoder struct {
	scheme *Scheme
	params params
	length int // of a symbol, bytes
	least  int // symbols below which a try is known to fail
	solver solver
	lost   []fec.ESI // for which solver has found a way, with repair; nil: it has not
	repair []fec.ESI
}

var _ fec.Solver = (*decoder)(nil)

// Ready implements fec.Decoder. After a try that failed it says no until as many symbols more have come as were missing.
func (d *decoder) Ready(sources, repairs int) bool {
	return repairs > 0 && sources+repairs >= max(d.params.k, d.least)
}

// Solve implements fec.Solver.
func (d *decoder) Solve(lost, repair []fec.ESI) error {
	for _, esi := range lost {
		if int(esi) >= d.params.k {
			return fmt.Errorf("ldpc: source symbol %d of %d: %w", esi, d.params.k, flute.ErrOTI)
		}
	}
	for _, esi := range repair {
		if !d.isRepair(esi) {
			return fmt.Errorf("ldpc: repair symbol %d is not one of %d to %d: %w", esi, d.params.k, d.params.n-1, flute.ErrOTI)
		}
	}
	if len(lost) == 0 || d.lost != nil && slices.Equal(d.lost, lost) && slices.Equal(d.repair, repair) {
		return nil
	}
	d.lost = nil
	if len(repair) < len(lost) {
		return fec.ErrMoreSymbols
	}
	d.solver.m = d.scheme.matrices.get(d.params)
	missing, err := d.solver.solve(lost, repair)
	if err != nil {
		return err
	}
	if missing > 0 {
		d.least = d.params.k - len(lost) + d.solver.repairs + missing
		return fmt.Errorf("ldpc: %w: at least %d", fec.ErrMoreSymbols, missing)
	}
	d.lost, d.repair = slices.Clone(lost), slices.Clone(repair)
	return nil
}

func (d *decoder) isRepair(esi fec.ESI) bool { return int(esi) >= d.params.k && int(esi) < d.params.n }

// Recover implements fec.Decoder.
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost, err := d.missing(source)
	if err != nil || len(lost) == 0 {
		return err
	}
	esis := make([]fec.ESI, len(repair))
	for i, s := range repair {
		if len(s.Data) != d.length {
			return fmt.Errorf("ldpc: repair symbol %d of %d bytes, must be %d: %w", s.ESI, len(s.Data), d.length, flute.ErrOTI)
		}
		esis[i] = s.ESI
	}
	if err := d.Solve(lost, esis); err != nil {
		return err
	}
	w := d.scheme.works.take()
	defer d.scheme.works.put(w)
	w.prepare(&d.solver, d.length, source, lost, repair)
	work := len(w.first)*d.length + len(w.second)*d.length
	stripes(d.scheme.parallel, d.length, work, w.run)
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
	for i, s := range source {
		switch len(s) {
		case 0:
			lost = append(lost, fec.ESI(i))
		case d.length:
		default:
			return nil, fmt.Errorf("ldpc: source symbol %d of %d bytes, must be %d: %w", i, len(s), d.length, flute.ErrOTI)
		}
	}
	return lost, nil
}

// Matches implements fec.Decoder: it makes the repair symbols up to s.
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	lost, err := d.missing(source)
	if err != nil || len(lost) > 0 || !d.isRepair(s.ESI) || len(s.Data) != d.length {
		return false
	}
	m := d.scheme.matrices.get(d.params)
	row := int(s.ESI) - d.params.k
	made := make([]byte, (row+1)*d.length)
	for i := range row + 1 {
		dst := made[i*d.length : (i+1)*d.length]
		var terms [][]byte
		for _, c := range m.sources.of(i) {
			terms = append(terms, source[c])
		}
		for _, c := range m.repairCols.of(i) {
			terms = append(terms, made[int(c)*d.length:(int(c)+1)*d.length])
		}
		sum(dst, terms)
	}
	return bytes.Equal(made[row*d.length:], s.Data)
}
