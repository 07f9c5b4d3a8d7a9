package inactivation

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// Decoder implements fec.Decoder and fec.Solver. It is not safe for concurrent use.
type Decoder struct {
	engine *Engine
	block  Block
	known  *known

	// What Solve found out: how the symbols lost follow from those that are there, among them some repair symbols.
	w      *worker // nil before
	method method
	solved bool
	lost   []uint32 // ISIs in ascending order
	repair []uint32

	missing, extra []uint32 // the same of the symbols that are there now
	order          []symbol
}

// method is how a block is decoded.
type method uint8

const (
	undecided method = iota
	byRows           // all rows are in the solver of the worker, and it makes the plan
	byFew            // the worker's few use the plan of encoders
)

// symbol is a repair symbol.
type symbol struct {
	isi  uint32
	data []byte
}

func (s symbol) compare(isi uint32) int { return cmp.Compare(s.isi, isi) }

// NewDecoder returns the decoder of a source block.
func (e *Engine) NewDecoder(b Block) *Decoder { return &Decoder{engine: e, block: b} }

// Ready implements fec.Decoder.
func (d *Decoder) Ready(sources, repairs int) bool { return sources+repairs >= d.block.Symbols }

// Solve implements fec.Solver. ESIs that are not of source or repair symbols do not count.
func (d *Decoder) Solve(lost, repair []fec.ESI) error {
	d.missing, d.extra = room(d.missing, min(len(lost), d.block.Symbols)), room(d.extra, len(repair))
	for _, esi := range lost {
		if int64(esi) < int64(d.block.Symbols) {
			d.missing = append(d.missing, uint32(esi))
		}
	}
	for _, esi := range repair {
		if int64(esi) >= int64(d.block.Symbols) && esi < d.block.MaxESI {
			d.extra = append(d.extra, d.block.isi(esi))
		}
	}
	slices.Sort(d.missing)
	d.missing = slices.Compact(d.missing)
	slices.Sort(d.extra)
	d.extra = slices.Compact(d.extra)
	if !d.solve() {
		return fec.ErrMoreSymbols
	}
	return nil
}

// Recover implements fec.Decoder.
func (d *Decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	if err := d.check(source); err != nil {
		return err
	}
	lost := 0
	for _, s := range source {
		if len(s) == 0 {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	d.missing, d.extra, d.order = room(d.missing, lost), room(d.extra, len(repair)), room(d.order, len(repair))
	for i, s := range source {
		if len(s) == 0 {
			d.missing = append(d.missing, uint32(i))
		}
	}
	for _, s := range repair {
		if !d.isRepair(s) {
			return fmt.Errorf("%s: repair symbol %d of %d bytes: %w", d.engine.config.Name, s.ESI, len(s.Data),
				flute.ErrOTI)
		}
		d.order = append(d.order, symbol{d.block.isi(s.ESI), s.Data})
	}
	slices.SortFunc(d.order, func(a, b symbol) int { return a.compare(b.isi) })
	d.order = slices.CompactFunc(d.order, func(a, b symbol) bool { return a.isi == b.isi })
	for _, s := range d.order {
		d.extra = append(d.extra, s.isi)
	}
	if !d.solve() {
		return fec.ErrMoreSymbols
	}
	d.run(source)
	clear(d.order[:cap(d.order)])
	d.engine.release(d.w)
	d.w, d.method, d.solved = nil, undecided, false
	return nil
}

// check checks source symbols.
func (d *Decoder) check(source [][]byte) error {
	if len(source) != d.block.Symbols {
		return fmt.Errorf("%s: %d source symbols in a block of %d: %w", d.engine.config.Name, len(source),
			d.block.Symbols, flute.ErrOTI)
	}
	for i, s := range source {
		if len(s) != 0 && len(s) != d.block.SymbolLength {
			return fmt.Errorf("%s: source symbol %d of %d bytes, must be %d: %w",
				d.engine.config.Name, i, len(s), d.block.SymbolLength, flute.ErrOTI)
		}
	}
	return nil
}

// isRepair reports whether s can be a repair symbol of the block.
func (d *Decoder) isRepair(s fec.Symbol) bool {
	return int64(s.ESI) >= int64(d.block.Symbols) && s.ESI < d.block.MaxESI && len(s.Data) == d.block.SymbolLength
}
