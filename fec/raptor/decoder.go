package raptor

import (
	"bytes"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
	"github.com/flute-node/flute-node/flute"
)

// method says how a decoder goes about a source block.
type method uint8

const (
	undecided method = iota
	byPlan           // few source symbols are lost: they are the unknowns, and the encoder plan says what repair symbols are in them
	bySystem         // the intermediate symbols are the unknowns
)

// decoder implements fec.Decoder and fec.Solver.
type decoder struct {
	scheme *Scheme
	code   code
	length int // of a symbol, bytes
	few    int // lost source symbols that are recovered by plan
	method method
	plan   *program
	work   *work // nil unless tried
	after  int   // encoding symbols that are needed for another try
}

var (
	_ fec.Decoder = (*decoder)(nil)
	_ fec.Solver  = (*decoder)(nil)
)

// NewDecoder implements fec.Scheme. The decoder is a fec.Solver.
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	if err := check(o, v, k); err != nil {
		return nil, err
	}
	return &decoder{scheme: s, code: newCode(int(k)), length: int(o.SymbolLength), few: maxUnknowns(int(k))}, nil
}

// Ready implements fec.Decoder. Often some symbols more than k are needed; a try that fails costs little.
func (d *decoder) Ready(sources, repairs int) bool { return repairs > 0 && sources+repairs >= d.code.k }

// Solve implements fec.Solver. After the first try each further symbol costs next to nothing.
func (d *decoder) Solve(lost, repair []fec.ESI) error {
	for i, esi := range lost {
		if esi >= fec.ESI(d.code.k) || i > 0 && esi <= lost[i-1] {
			return fmt.Errorf("raptor: lost source symbol %d is not one of %d, in ascending order: %w", esi, d.code.k, flute.ErrOTI)
		}
	}
	for _, esi := range repair {
		if !d.isRepair(esi) {
			return fmt.Errorf("raptor: %d is no repair symbol of a block of %d symbols: %w", esi, d.code.k, flute.ErrOTI)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	if len(lost) > len(repair) {
		return fec.ErrMoreSymbols
	}
	w := d.acquire()
	w.now = resize(w.now, len(lost))
	for i, esi := range lost {
		w.now[i] = uint32(esi)
	}
	return d.solve(given{esis: repair})
}

// Recover implements fec.Decoder.
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost, err := d.lost(source)
	if err != nil || lost == 0 {
		return err
	}
	for _, s := range repair {
		if !d.isRepair(s.ESI) || len(s.Data) != d.length {
			return fmt.Errorf("raptor: repair symbol %d of %d bytes: %w", s.ESI, len(s.Data), flute.ErrOTI)
		}
	}
	if lost > len(repair) {
		return fec.ErrMoreSymbols
	}
	w := d.acquire()
	w.now = resize(w.now, lost)[:0]
	for i, s := range source {
		if len(s) == 0 {
			w.now = append(w.now, uint32(i))
		}
	}
	there := given{symbols: repair}
	err = d.solve(there)
	if err == nil && !d.gather(source, repair) {
		// Solve was told of symbols that are not here.
		d.method, d.after = undecided, 0
		if err = d.solve(there); err == nil && !d.gather(source, repair) {
			panic("raptor: a symbol is missing that was there")
		}
	}
	if err != nil {
		return err
	}
	d.fill(source)
	d.release()
	return nil
}

// Matches implements fec.Decoder. It costs as much as encoding the source block.
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if lost, err := d.lost(source); lost > 0 || err != nil || !d.isRepair(s.ESI) || len(s.Data) != d.length {
		return false
	}
	plan := d.scheme.plans.get(&d.code, &d.scheme.works)
	rows := d.code.appendLT(nil, uint32(s.ESI))
	l := newLayout(plan.rows+1, d.length, false)
	slab := d.scheme.slabs.get(l.planeSize())
	defer d.scheme.slabs.put(slab)
	for i := range l.planes {
		start, end := l.span(i)
		plan.run(slab, l.width, symbols{slices: source}, start)
		sum := slab[plan.rows*l.width:][:end-start]
		if kernel.SetSumRows(sum, slab, l.width, rows); !bytes.Equal(sum, s.Data[start:end]) {
			return false
		}
	}
	return true
}

// lost counts the source symbols that are not there.
func (d *decoder) lost(source [][]byte) (n int, err error) {
	if len(source) != d.code.k {
		return 0, fmt.Errorf("raptor: %d source symbols in a block of %d: %w", len(source), d.code.k, flute.ErrOTI)
	}
	for i, s := range source {
		switch len(s) {
		case 0:
			n++
		case d.length:
		default:
			return 0, fmt.Errorf("raptor: source symbol %d of %d bytes, must be %d: %w", i, len(s), d.length, flute.ErrOTI)
		}
	}
	return n, nil
}

// isRepair reports whether esi is that of a repair symbol.
func (d *decoder) isRepair(esi fec.ESI) bool { return esi >= fec.ESI(d.code.k) && esi < modulus }

// acquire returns the work of d.
func (d *decoder) acquire() *work {
	if d.work == nil {
		d.work, d.method, d.after = d.scheme.works.get(), undecided, 0
	}
	return d.work
}

// release gives the work of d back.
func (d *decoder) release() {
	d.scheme.works.put(d.work)
	d.work, d.method = nil, undecided
}
