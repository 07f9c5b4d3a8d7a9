package inactivation

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// Prepare makes n repair symbols from first on, which AppendRepair then only copies, until Reset. That takes less than
// to make them one by one: each plane of the intermediate symbols is used while a cache has it, and none is kept; for
// few symbols most of them are not even computed: see shortcut. So only these symbols may be asked for once the source
// is used for something else. Many symbols, or very short ones, are made by AppendRepair all the same, and Prepare only
// computes the intermediate symbols for it.
func (e *Encoder) Prepare(first fec.ESI, n int) error {
	if n <= 0 || int64(first) < int64(e.block.Symbols) || int64(first)+int64(n) > int64(e.block.MaxESI) {
		return fmt.Errorf("%s: %d repair symbols from %d on are not among %d to %d: %w", e.engine.config.Name, n, first,
			e.block.Symbols, e.block.MaxESI-1, flute.ErrOTI)
	}
	if e.done {
		return nil
	}
	if e.block.SymbolLength < minWidth || n > e.block.Symbols/2 { // what Memory says has room for that many
		return e.compute()
	}
	if err := e.findPlan(); err != nil {
		return err
	}
	e.slab, e.planes = nil, newPlanes(e.block.SymbolLength, e.plan.rows, decoderBudget)
	e.setInputs()
	e.sumsOf(first, n, e.plan.pays(n))
	e.made = resize(e.made, n*e.block.SymbolLength)
	e.outputs = room(e.outputs, n)
	for i := range n {
		e.outputs = append(e.outputs, e.madeSymbol(i))
	}
	if n := e.stripes(); n == 1 {
		e.prepareStripe(0, 1)
	} else {
		e.engine.config.Parallel(n, func(i int) { e.prepareStripe(i, n) })
	}
	e.first, e.prepared = first, n
	return nil
}

// prepareStripe makes stripe i of n of the repair symbols.
func (e *Encoder) prepareStripe(i, n int) {
	w, p := e.engine.worker(), &e.planes
	slab := w.rows(e.plan.rows, p.width)
	for from, to := p.stripe(i, n); from < to; from++ {
		off, width := p.plane(from)
		if e.summed.settled {
			w.runner.settle(e.plan, slab, width, e.inputs, off)
		} else {
			w.runner.run(e.plan, slab, width, e.inputs, off, nil)
		}
		w.runner.sums(e.sum, slab, width, e.inputs, off, e.outputs)
	}
	e.engine.release(w)
}

// sumsOf makes sum the sums of n repair symbols from first on. Their destinations are 0, 1, … If settled is set they
// are of rows after settle.
func (e *Encoder) sumsOf(first fec.ESI, n int, settled bool) {
	isi := e.block.isi(first)
	wanted := summed{isi, n, settled}
	if e.summed == wanted { // by the source block before
		return
	}
	e.summed = wanted
	c, inactive := e.known.code(), 0
	if settled {
		inactive = len(e.plan.shortcut.inactive)
	}
	e.sum = room(e.sum, n*(sumHead+c.degree()+inactive)+rowsAhead)
	for i := range n {
		start := len(e.sum)
		e.sum = c.LT(e.sum.begin(i, 0), isi+uint32(i))
		if settled {
			e.sum, e.vector = e.plan.shortcut.shorten(e.sum, start+sumHead, e.vector)
		}
		e.sum.end(start)
	}
	e.sum = e.sum.padded()
}

// madeSymbol returns the memory of symbol i of those that Prepare made.
func (e *Encoder) madeSymbol(i int) []byte {
	length := e.block.SymbolLength
	return e.made[i*length : (i+1)*length : (i+1)*length]
}
