package inactivation

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// NewDecoder returns the decoder of a source block.
func (e *Engine) NewDecoder(b Block) *Decoder { return &Decoder{engine: e, block: b} }

// Decoder implements fec.Decoder and fec.Solver. It is not safe for concurrent use.
type Decoder struct {
	engine *Engine
	block  Block
	known  *known

	w              *worker // with the solver that the rows below have been added to; nil before
	solved         bool    // it succeeded
	lost           []uint32
	repair         []uint32 // ISIs in ascending order
	missing, extra []uint32 // the same of the symbols that are there now
	order          []symbol
}

// symbol is a repair symbol.
type symbol struct {
	isi  uint32
	data []byte
}

func (s symbol) compare(isi uint32) int { return cmp.Compare(s.isi, isi) }

// Ready implements fec.Decoder.
func (d *Decoder) Ready(sources, repairs int) bool { return sources+repairs >= d.block.Symbols }

// Solve implements fec.Solver. ESIs that are not of source or repair symbols do not count.
func (d *Decoder) Solve(lost, repair []fec.ESI) error {
	d.missing, d.extra = d.missing[:0], d.extra[:0]
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

// solve reports whether the extra repair symbols suffice for those that are missing.
func (d *Decoder) solve() bool {
	if len(d.missing) == 0 {
		return true
	}
	if len(d.missing) > len(d.extra) {
		return false
	}
	d.extra = d.extra[:min(len(d.extra), len(d.missing)+d.block.surplus())]
	if d.known == nil {
		d.known = d.engine.known(d.block.Extended)
	}
	source := d.known.source()
	if d.w != nil && within(d.missing, d.lost) && within(d.repair, d.extra) {
		if d.solved {
			return true
		}
		more := false
		for _, isi := range d.lost {
			if _, there := slices.BinarySearch(d.missing, isi); !there && !d.w.solver.full(len(source.Row(int(isi)))) {
				d.w.solver.add(source.Row(int(isi)), int32(isi))
				more = true
			}
		}
		for _, isi := range d.extra {
			if _, there := slices.BinarySearch(d.repair, isi); !there {
				d.addRepair(isi)
				more = true
			}
		}
		d.keep()
		if !more {
			return false
		}
		d.solved = d.w.solver.more()
		return d.solved
	}
	if d.w == nil {
		d.w = d.engine.worker()
	}
	c := d.known.code()
	rows := c.Source + d.block.surplus()
	d.w.solver.reset(c, rows, c.cellsOf(rows), c.limit())
	next := 0
	for isi := range source.Len() {
		switch {
		case next < len(d.missing) && int(d.missing[next]) == isi:
			next++
		case isi < d.block.Symbols:
			d.w.solver.add(source.Row(isi), int32(isi))
		default:
			d.w.solver.add(source.Row(isi), noInput)
		}
	}
	for _, isi := range d.extra {
		d.addRepair(isi)
	}
	d.keep()
	d.solved = d.w.solver.solve()
	return d.solved
}

func (d *Decoder) addRepair(isi uint32) {
	d.w.columns = d.known.code().LT(d.w.columns[:0], isi)
	if !d.w.solver.full(len(d.w.columns)) {
		d.w.solver.add(d.w.columns, int32(isi))
	}
}

// keep remembers which rows the solver has.
func (d *Decoder) keep() {
	d.lost = append(d.lost[:0], d.missing...)
	d.repair = append(d.repair[:0], d.extra...)
}

// within reports whether all of a are in b; both ascend.
func within(a, b []uint32) bool {
	for _, v := range a {
		i, there := slices.BinarySearch(b, v)
		if !there {
			return false
		}
		b = b[i+1:]
	}
	return true
}

// Recover implements fec.Decoder.
func (d *Decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	if err := d.check(source); err != nil {
		return err
	}
	d.missing, d.extra, d.order = d.missing[:0], d.extra[:0], d.order[:0]
	for i, s := range source {
		if len(s) == 0 {
			d.missing = append(d.missing, uint32(i))
		}
	}
	if len(d.missing) == 0 {
		return nil
	}
	for _, s := range repair {
		if !d.isRepair(s) {
			return fmt.Errorf("%s: repair symbol %d of %d bytes: %w", d.engine.config.Name, s.ESI, len(s.Data), flute.ErrOTI)
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
	w := d.w
	w.lost.reset()
	for _, isi := range d.missing {
		w.lost.Append(d.known.source().Row(int(isi))...)
	}
	w.compiler.compile(&w.plan, &w.solver, &w.lost)
	d.run(source)
	clear(d.order[:cap(d.order)])
	d.w, d.solved = nil, false
	d.engine.release(w)
	return nil
}

// run computes the lost symbols by the plan of the worker.
func (d *Decoder) run(source [][]byte) {
	w, length := d.w, d.block.SymbolLength
	planes := newPlanes(length, w.plan.rows)
	room := planes.length
	more := 0
	if length < minWidth {
		more = len(d.missing)
	}
	copies := d.setInputs(w, &w.plan, &planes, source, more)
	w.outputs = w.outputs[:0]
	for _, i := range d.missing {
		if cap(source[i]) < length {
			source[i] = make([]byte, 0, length)
		}
		if length < minWidth {
			w.outputs = append(w.outputs, copies[:room])
			copies = copies[room:]
		} else {
			w.outputs = append(w.outputs, source[i][:length])
		}
	}
	n := planes.stripes()
	if n == 1 || d.engine.config.Parallel == nil {
		d.runStripe(w, &planes, 0, 1)
	} else {
		d.engine.config.Parallel(n, func(i int) {
			other := d.engine.worker()
			d.runStripe(other, &planes, i, n)
			d.engine.release(other)
		})
	}
	for k, i := range d.missing {
		source[i] = source[i][:length]
		if length < minWidth {
			copy(source[i], w.outputs[k])
		}
	}
}

// setInputs finds the symbols for the inputs of a plan. Those shorter than a plane are copied, into memory of which it returns
// the rest: room for so many symbols more.
func (d *Decoder) setInputs(w *worker, p *Plan, planes *planes, source [][]byte, more int) []byte {
	room, short := planes.length, d.block.SymbolLength < minWidth
	need := (1 + more) * room
	if short {
		need += len(p.inputs) * room
	}
	if cap(w.padded) < need {
		w.padded = make([]byte, need)
	}
	w.padded = w.padded[:need]
	clear(w.padded)
	zeros, rest := w.padded[:room], w.padded[room:]
	w.inputs = append(w.inputs[:0], zeros)
	for _, isi := range p.inputs {
		data := zeros
		switch i := int(isi); {
		case i < d.block.Symbols:
			data = source[i]
		case i >= d.block.Extended:
			at, _ := slices.BinarySearchFunc(d.order, uint32(isi), symbol.compare)
			data = d.order[at].data
		}
		if short {
			copy(rest, data)
			data, rest = rest[:room], rest[room:]
		}
		w.inputs = append(w.inputs, data)
	}
	w.inputs = paddedInputs(w.inputs)
	return rest
}

// runStripe computes stripe i of n.
func (d *Decoder) runStripe(w *worker, p *planes, i, n int) {
	from, to := p.stripe(i, n)
	slab := w.rows(d.w.plan.rows, p.width)
	for k := from; k < to; k++ {
		w.runner.run(&d.w.plan, slab, p.width, d.w.inputs, p.offset(k), d.w.outputs)
	}
}

// check checks source symbols.
func (d *Decoder) check(source [][]byte) error {
	if len(source) != d.block.Symbols {
		return fmt.Errorf("%s: %d source symbols in a block of %d: %w", d.engine.config.Name, len(source), d.block.Symbols, flute.ErrOTI)
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

// Matches implements fec.Decoder. It costs as much as to encode the block, but for a symbol that does not match.
func (d *Decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if d.check(source) != nil || !d.isRepair(s) || slices.ContainsFunc(source, func(s []byte) bool { return len(s) == 0 }) {
		return false
	}
	if d.known == nil {
		d.known = d.engine.known(d.block.Extended)
	}
	plan := d.known.plan()
	if plan == nil {
		return false
	}
	w := d.engine.worker()
	defer d.engine.release(w)
	d.order = d.order[:0]
	p := newPlanes(d.block.SymbolLength, plan.rows)
	d.setInputs(w, plan, &p, source, 1)
	w.columns = d.known.code().LT(w.columns[:0], d.block.isi(s.ESI))
	w.sum = append(w.sum[:0].begin(0, 0), w.columns...)
	w.sum.end(0)
	w.sum = w.sum.padded()
	// The symbol is made in the part of padded that is left.
	w.outputs = append(w.outputs[:0], w.padded[len(w.padded)-p.length:])
	slab := w.rows(plan.rows, p.width)
	for i := range p.count {
		off := p.offset(i)
		w.runner.run(plan, slab, p.width, w.inputs, off, nil)
		w.runner.sums(w.sum, slab, p.width, w.inputs, off, w.outputs)
		to := min(off+p.width, d.block.SymbolLength)
		if !bytes.Equal(w.outputs[0][off:to], s.Data[off:to]) {
			return false
		}
	}
	return true
}
