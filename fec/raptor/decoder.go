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
	method method
	forced method // by a test
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
	return &decoder{scheme: s, code: newCode(int(k)), length: int(o.SymbolLength)}, nil
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
	w := d.scheme.works.get()
	defer d.scheme.works.put(w)
	w.rows = d.code.appendLT(w.rows[:0], uint32(s.ESI))
	l := newLayout(plan.rows+1, d.length, false)
	w.slab = grow(w.slab, l.planeSize())
	for i := range l.planes {
		start, end := l.span(i)
		plan.run(w.slab, l.width, symbols{slices: source}, start)
		sum := w.slab[plan.rows*l.width:][:end-start]
		if kernel.SetSumRows(sum, w.slab, l.width, w.rows); !bytes.Equal(sum, s.Data[start:end]) {
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

// maxUnknowns returns how many lost source symbols are worth recovering by plan: solving for them takes time that grows with
// their square.
func maxUnknowns(k int) int { return min(k, 64+k/16) }

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
		if d.forced == byPlan || d.forced == undecided && len(w.now) <= maxUnknowns(d.code.k) {
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

// grow returns room for n bytes, of any content, in the memory of b if it can.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
