package fecbench

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// firstExtra is how many repair symbols beyond the lost source symbols a decoder is given at first: with two, RaptorQ
// fails once in a million.
const firstExtra = 2

var errDiffers = errors.New("fecbench: what was decoded differs from the source")

// reception is what a receiver has of the block, and where it puts it.
type reception struct {
	b       *Bench
	slab    []byte   // the place of the block
	source  [][]byte // of slab
	lost    []fec.ESI
	repairs []fec.ESI
	symbols []fec.Symbol // of repairs
}

// Decode measures the recovery of a share of the source symbols, rounded up and chosen at random. There are two
// repair symbols more than source symbols lost, as far as the code has them. When they do not suffice the decoder gets
// twice as many more, and so on, in all further runs: Result.Extra says how many it were in the end. The error wraps
// ErrSkipped when the code has too few repair symbols or the block needs too much memory.
func (b *Bench) Decode(loss float64) (Result, error) {
	lost := int(math.Ceil(loss*float64(b.block.K) - 1e-9))
	extra := 0
	if lost > 0 {
		extra = firstExtra
	}
	size := uint64(len(b.source))
	if err := b.fits(2*size + uint64(lost+extra)*uint64(b.length()) + b.Memory().Encoder); err != nil {
		return Result{}, err
	}
	r := &reception{b: b, slab: make([]byte, size), source: make([][]byte, b.block.K)}
	for {
		repairs := min(lost+extra, int(b.available()))
		if repairs < lost {
			return Result{}, fmt.Errorf("%w: more symbols are lost than there are repair symbols", ErrSkipped)
		}
		w := Work{
			Prepare: func() error { return r.draw(lost, repairs) },
			Run:     func() error { return r.decode() },
			Check:   func() error { return r.check() },
		}
		_, err := w.once(b.cfg.Now) // what the scheme keeps is made now
		var result Result
		if err == nil {
			result, err = Measure(b.cfg, size, w)
		}
		switch {
		case err == nil:
			result.Lost, result.Extra = lost, repairs-lost
			return result, nil
		case !errors.Is(err, fec.ErrMoreSymbols):
			return Result{}, err
		case repairs == int(b.available()):
			return Result{}, fmt.Errorf("%w: all repair symbols together do not suffice", ErrSkipped)
		}
		extra = max(2*extra, 1)
	}
}

// draw chooses what is lost and what comes instead.
func (r *reception) draw(lost, repairs int) error {
	b := r.b
	pool := max(repairs, int(b.block.Repair))
	if repairs == 0 {
		pool = 0
	}
	if err := b.grow(pool); err != nil {
		return err
	}
	r.lost, r.repairs, r.symbols = r.lost[:0], r.repairs[:0], r.symbols[:0]
	for _, i := range b.choose(lost, len(r.source)) {
		r.lost = append(r.lost, fec.ESI(i))
	}
	for _, i := range b.choose(repairs, pool) {
		s := b.repairSymbol(i)
		r.repairs, r.symbols = append(r.repairs, s.ESI), append(r.symbols, s)
	}
	r.clear()
	return nil
}

// clear makes the place of the block empty.
func (r *reception) clear() {
	t := r.b.length()
	for i := range r.slab {
		r.slab[i] = 0xA5
	}
	for i := range r.source {
		r.source[i] = r.slab[i*t : i*t : (i+1)*t]
	}
}

// choose returns count different numbers below n, in order.
func (b *Bench) choose(count, n int) []int {
	all := b.random.Perm(n)[:count]
	slices.Sort(all)
	return all
}

// decode does what a receiver does with a block.
func (r *reception) decode() error {
	lost := r.lost
	for i := range r.source {
		if len(lost) > 0 && lost[0] == fec.ESI(i) {
			lost = lost[1:]
			continue
		}
		r.source[i] = append(r.source[i], r.b.sourceSymbol(i)...)
	}
	d, err := r.b.scheme.NewDecoder(&r.b.block.OTI, r.b.block.Variant, r.b.block.K)
	if err != nil {
		return err
	}
	if s, ok := d.(fec.Solver); ok && len(r.lost) > 0 {
		if err := s.Solve(r.lost, r.repairs); err != nil {
			return err
		}
	}
	return d.Recover(r.source, r.symbols)
}

// check compares the block with the source.
func (r *reception) check() error {
	for i, s := range r.source {
		if len(s) != r.b.length() || &s[0] != &r.slab[i*r.b.length()] {
			return errDiffers
		}
	}
	if !bytes.Equal(r.slab, r.b.source) {
		return errDiffers
	}
	return nil
}
