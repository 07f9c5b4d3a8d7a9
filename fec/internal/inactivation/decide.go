package inactivation

import "slices"

// solve reports whether the extra repair symbols suffice for the source symbols that are missing.
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
	if d.method == byRows && within(d.missing, d.lost) && within(d.repair, d.extra) {
		if !d.solved && d.addRows() {
			d.solved = d.w.solver.more()
		}
		return d.solved
	}
	if d.method == byFew && d.solved && slices.Equal(d.missing, d.lost) && within(d.w.few.chosen, d.extra) {
		return true
	}
	if d.w == nil {
		d.w = d.engine.worker()
	}
	if isFew(len(d.missing), d.block.Extended) && d.known.isPlanned() {
		if p := d.known.plan(); p != nil {
			d.keep(byFew)
			d.solved = d.w.few.solve(d.known.code(), p, d.w, d.missing, d.extra)
			return d.solved
		}
	}
	d.setRows()
	d.solved = d.w.solver.solve()
	return d.solved
}

// setRows gives the solver the rows of all symbols.
func (d *Decoder) setRows() {
	c, source := d.known.code(), d.known.source()
	rows := c.Source + d.block.surplus()
	d.w.solver.reset(c, rows, d.block.cells(&c.Size), c.limit())
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
	d.keep(byRows)
}

// addRows gives the solver the rows of the symbols that have come since, and reports whether there are any.
func (d *Decoder) addRows() (more bool) {
	for _, isi := range d.lost {
		if _, lost := slices.BinarySearch(d.missing, isi); !lost {
			more = true
			if row := d.known.source().Row(int(isi)); !d.w.solver.full(len(row)) {
				d.w.solver.add(row, int32(isi))
			}
		}
	}
	for _, isi := range d.extra {
		if _, known := slices.BinarySearch(d.repair, isi); !known {
			more = true
			d.addRepair(isi)
		}
	}
	d.keep(byRows)
	return more
}

func (d *Decoder) addRepair(isi uint32) {
	d.w.columns = d.known.code().LT(d.w.columns[:0], isi)
	if !d.w.solver.full(len(d.w.columns)) {
		d.w.solver.add(d.w.columns, int32(isi))
	}
}

// keep remembers what is being solved, and how.
func (d *Decoder) keep(m method) {
	d.method = m
	d.lost = append(room(d.lost, len(d.missing)), d.missing...)
	d.repair = append(room(d.repair, len(d.extra)), d.extra...)
}

// within reports whether all of a are in b; b ascends.
func within(a, b []uint32) bool {
	for _, v := range a {
		if _, there := slices.BinarySearch(b, v); !there {
			return false
		}
	}
	return true
}
