package fecbench

import (
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/fec"
)

// Overhead is how many encoding symbols beyond K receivers needed.
type Overhead struct {
	Trials int
	// Failures[e] is how many receivers could not decode with K+e encoding symbols.
	Failures []int
	// Mean is how many encoding symbols beyond K a receiver needed, of those that could decode at all.
	Mean float64
	// Unsolved is how many receivers could not decode with all encoding symbols.
	Unsolved int
}

// Overhead lets up to trials receivers get encoding symbols of the block, all K source symbols and the repair symbols
// in random order, until they can decode it; fewer when the time of Config.Budget is over, but at least one. extra is
// the largest e of Overhead.Failures. A decoder that is no [fec.Solver] works on symbols, which are best short.
func (b *Bench) Overhead(trials, extra int) (Overhead, error) {
	if b.block.Repair == 0 {
		return Overhead{}, fmt.Errorf("%w: no repair symbols are made", ErrSkipped)
	}
	if err := b.fits(3*uint64(len(b.source)) + uint64(b.block.Repair)*uint64(b.length())); err != nil {
		return Overhead{}, err
	}
	r := &reception{b: b, slab: make([]byte, len(b.source)), source: make([][]byte, b.block.K)}
	result := Overhead{Failures: make([]int, extra+1)}
	sum, start := 0, b.cfg.Now()
	for result.Trials < trials && (result.Trials == 0 || b.cfg.Now().Sub(start) < b.cfg.Budget) {
		needed, err := r.trial()
		if err != nil {
			return Overhead{}, err
		}
		result.Trials++
		if needed < 0 {
			result.Unsolved++
			needed = extra + 1
		} else {
			sum += needed
		}
		for e := range min(needed, extra+1) {
			result.Failures[e]++
		}
	}
	if n := result.Trials - result.Unsolved; n > 0 {
		result.Mean = float64(sum) / float64(n)
	}
	return result, nil
}

// trial returns how many encoding symbols beyond K one receiver needs; -1 when all do not suffice.
func (r *reception) trial() (int, error) {
	b, k := r.b, int(r.b.block.K)
	d, err := b.scheme.NewDecoder(&b.block.OTI, b.block.Variant, b.block.K)
	if err != nil {
		return 0, err
	}
	solver, _ := d.(fec.Solver)
	if solver == nil {
		if err := b.grow(int(b.block.Repair)); err != nil {
			return 0, err
		}
		r.clear()
	}
	r.repairs, r.symbols = r.repairs[:0], r.symbols[:0]
	got, order := make([]bool, k), b.random.Perm(k+int(b.block.Repair))
	for n, esi := range order {
		switch {
		case esi < k && solver == nil:
			r.source[esi] = append(r.source[esi], b.sourceSymbol(esi)...)
		case esi < k:
			got[esi] = true
		case solver == nil:
			r.symbols = append(r.symbols, b.repairSymbol(esi-k))
		default:
			r.repairs = append(r.repairs, fec.ESI(esi))
		}
		if n+1 < k {
			continue
		}
		if solver == nil {
			err = d.Recover(r.source, r.symbols)
		} else {
			err = solver.Solve(r.missing(got), r.repairs)
		}
		if err == nil {
			return n + 1 - k, nil
		}
		if !errors.Is(err, fec.ErrMoreSymbols) {
			return 0, err
		}
	}
	return -1, nil
}

// missing lists the source symbols that are not there yet.
func (r *reception) missing(got []bool) []fec.ESI {
	r.lost = r.lost[:0]
	for i, ok := range got {
		if !ok {
			r.lost = append(r.lost, fec.ESI(i))
		}
	}
	return r.lost
}
