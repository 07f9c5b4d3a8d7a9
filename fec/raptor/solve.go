package raptor

import "github.com/flute-node/flute-node/fec"

// maxUnknowns returns how many lost source symbols are worth recovering by plan: solving for them takes time that grows with
// their square. The factor was measured.
func maxUnknowns(k int) int {
	n := 1
	for n*n < 8*k && n < k {
		n++
	}
	return n
}

// given are the repair symbols that Solve or Recover was told of.
type given struct {
	esis    []fec.ESI
	symbols []fec.Symbol
}

func (g given) len() int { return len(g.esis) + len(g.symbols) }

func (g given) esi(i int) uint32 {
	if g.esis != nil {
		return uint32(g.esis[i])
	}
	return uint32(g.symbols[i].ESI)
}

// solve finds out whether repair symbols suffice for the lost ones, work.now.
func (d *decoder) solve(repair given) error {
	w := d.work
	if d.method == undecided {
		// Everything that is there counts once.
		w.seen = resize(w.seen, modulus/64+1)
		distinct := 0
		for i := range repair.len() {
			if mark(w.seen, repair.esi(i)) {
				distinct++
			}
		}
		if distinct < len(w.now) || distinct-len(w.now) < d.after {
			return fec.ErrMoreSymbols
		}
		if len(w.now) <= d.few {
			d.startByPlan()
		} else if !d.startBySystem(repair) {
			d.after = distinct - len(w.now) + 1 + d.code.k/32
			return fec.ErrMoreSymbols
		}
	}
	if d.extend(repair); !w.system.echelon.full() {
		return fec.ErrMoreSymbols
	}
	return nil
}

// startByPlan makes the source symbols lost now the unknowns.
func (d *decoder) startByPlan() {
	w, c := d.work, &d.code
	d.method, d.plan = byPlan, d.scheme.plans.get(c, &d.scheme.works)
	w.lost = append(resize(w.lost, len(w.now))[:0], w.now...)
	w.unknown = resize(w.unknown, c.k)
	for i := range w.unknown {
		w.unknown[i] = -1
	}
	for i, esi := range w.lost {
		w.unknown[esi] = int32(i)
	}
	e := &w.system.echelon
	e.reset(len(w.lost))
	w.system.origin = resize(w.system.origin, e.n)
	w.sums = resize(w.sums, d.plan.rows*e.words)
	d.plan.express(w.sums, e.words, w.unknown)
	clear(w.seen)
}

// startBySystem solves the block for the intermediate symbols with everything there is. It returns false when that led to
// nothing that more symbols can be added to.
func (d *decoder) startBySystem(repair given) bool {
	w, s := d.work, &d.work.system
	s.reset(&d.code)
	clear(w.seen)
	lost := w.now
	for esi := range uint32(d.code.k) {
		if len(lost) > 0 && lost[0] == esi {
			lost = lost[1:]
			continue
		}
		if s.add(esi) {
			mark(w.seen, esi)
		}
	}
	for i := range repair.len() {
		if esi := repair.esi(i); !marked(w.seen, esi) && s.add(esi) {
			mark(w.seen, esi)
		}
	}
	if !s.solve() && s.ordering.failed {
		return false
	}
	d.method = bySystem
	w.lost = append(resize(w.lost, len(w.now))[:0], w.now...)
	return true
}

// extend adds the symbols that are new since the last time.
func (d *decoder) extend(repair given) {
	w := d.work
	now := w.now
	for _, esi := range w.lost {
		if len(now) > 0 && now[0] == esi {
			now = now[1:]
		} else if mark(w.seen, esi) { // it has come since
			d.add(esi)
		}
	}
	for i := 0; i < repair.len() && !w.system.echelon.full(); i++ {
		if esi := repair.esi(i); mark(w.seen, esi) {
			d.add(esi)
		}
	}
}

// add adds encoding symbol esi.
func (d *decoder) add(esi uint32) {
	w, e := d.work, &d.work.system.echelon
	if d.method == bySystem {
		w.system.extend(esi)
		return
	}
	w.rows = d.code.appendLT(w.rows[:0], esi)
	sumWords(e.next(), w.sums, w.rows)
	if p, ok := e.insert(); ok {
		w.system.origin[p] = esi
	}
}

// mark adds esi to set; it returns false if it was there.
func mark(set []uint64, esi uint32) bool {
	if marked(set, esi) {
		return false
	}
	set[esi/64] |= 1 << (esi & 63)
	return true
}

// marked reports whether esi is in set.
func marked(set []uint64, esi uint32) bool { return set[esi/64]>>(esi&63)&1 == 1 }
