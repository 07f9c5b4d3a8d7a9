package inactivation

import (
	"bytes"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// run computes the lost symbols.
func (d *Decoder) run(source [][]byte) {
	w, length := d.w, d.block.SymbolLength
	plan, rows := &w.plan, 0
	var made []uint32
	if d.method == byFew {
		plan, made = w.few.plan, w.few.chosen
		w.few.prepare(d.known.code())
	} else {
		cells := 0
		for _, isi := range d.missing {
			cells += len(d.known.source().Row(int(isi)))
		}
		w.lost.ends, w.lost.columns = room(w.lost.ends, len(d.missing)), room(w.lost.columns, cells)
		for _, isi := range d.missing {
			w.lost.Append(d.known.source().Row(int(isi))...)
		}
		w.compiler.compile(plan, &w.solver, &w.lost)
	}
	rows = plan.rows + len(made)
	p := newPlanes(length, rows, decoderBudget)
	rest := d.setInputs(w, plan, &p, source, made, len(d.missing))
	w.outputs = room(w.outputs, len(d.missing))
	for _, i := range d.missing {
		if cap(source[i]) < length {
			source[i] = make([]byte, 0, length)
		}
		if length < minWidth {
			w.outputs = append(w.outputs, rest[:p.length])
			rest = rest[p.length:]
		} else {
			w.outputs = append(w.outputs, source[i][:length])
		}
	}
	n := p.stripes()
	if n == 1 || d.engine.config.Parallel == nil {
		d.runStripe(w, plan, rows, &p, 0, 1)
	} else {
		d.engine.config.Parallel(n, func(i int) {
			other := d.engine.worker()
			d.runStripe(other, plan, rows, &p, i, n)
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

// runStripe computes stripe i of n.
func (d *Decoder) runStripe(w *worker, plan *Plan, rows int, p *planes, i, n int) {
	from, to := p.stripe(i, n)
	slab := w.rows(rows, p.width)
	for k := from; k < to; k++ {
		off, width := p.plane(k)
		if d.method == byRows {
			w.runner.run(plan, slab, width, d.w.inputs, off, d.w.outputs)
		} else {
			w.runner.settle(plan, slab, width, d.w.inputs, off)
			d.w.few.run(&w.runner, slab, width, d.w.inputs, off, d.w.outputs)
		}
	}
}

// setInputs finds the symbols for the inputs of a plan, and those with the ISIs made for the inputs behind them; lost
// ones are zeros. Symbols shorter than a plane are copied. It returns memory for so many symbols more of that kind.
func (d *Decoder) setInputs(w *worker, plan *Plan, p *planes, source [][]byte, made []uint32, more int) []byte {
	size, short := p.length, d.block.SymbolLength < minWidth
	inputs, need := len(plan.inputs)+len(made), size
	if short {
		need += (inputs + more) * size
	}
	w.padded = resize(w.padded, need)
	clear(w.padded)
	zeros, rest := w.padded[:size], w.padded[size:]
	w.inputs = append(room(w.inputs, 1+inputs+inputAhead), zeros)
	for i := range inputs {
		var isi int
		if i < len(plan.inputs) {
			isi = int(plan.inputs[i])
		} else {
			isi = int(made[i-len(plan.inputs)])
		}
		data := zeros
		switch {
		case isi < d.block.Symbols:
			if len(source[isi]) > 0 {
				data = source[isi]
			}
		case isi >= d.block.Extended:
			at, _ := slices.BinarySearchFunc(d.order, uint32(isi), symbol.compare)
			data = d.order[at].data
		}
		if short {
			copy(rest, data)
			data, rest = rest[:size], rest[size:]
		}
		w.inputs = append(w.inputs, data)
	}
	w.inputs = paddedInputs(w.inputs)
	return rest
}

// Matches implements fec.Decoder. It costs as much as to encode the block, but for a symbol that does not match.
func (d *Decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if d.check(source) != nil || !d.isRepair(s) || slices.ContainsFunc(source,
		func(s []byte) bool { return len(s) == 0 }) {
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
	p := newPlanes(d.block.SymbolLength, plan.rows, decoderBudget)
	d.setInputs(w, plan, &p, source, nil, 0)
	w.columns = d.known.code().LT(w.columns[:0], d.block.isi(s.ESI))
	w.sum = append(w.sum[:0].begin(0, 0), w.columns...)
	w.sum.end(0)
	w.sum = w.sum.padded()
	made := make([]byte, p.length)
	w.outputs = append(w.outputs[:0], made)
	slab := w.rows(plan.rows, p.width)
	for i := range p.count {
		off, width := p.plane(i)
		w.runner.run(plan, slab, width, w.inputs, off, nil)
		w.runner.sums(w.sum, slab, width, w.inputs, off, w.outputs)
		to := min(off+width, d.block.SymbolLength)
		if !bytes.Equal(made[off:to], s.Data[off:to]) {
			return false
		}
	}
	return true
}
