package rs

import (
	"bytes"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// maxWork bounds the coefficients, source symbols times lost ones, that a source block is recovered with. Who has the
// symbols of a block of more has sent some megabytes, of which a receiver would make minutes of work: here it is some
// seconds at most, less than those symbols took to arrive in any honest session. All blocks of up to 16384 symbols are
// below it, whatever they lose, and those of 65535 with 4096 lost.
const maxWork = 1 << 28

// NewDecoder implements [fec.Scheme]. The decoder uses repair symbols up to max_n, even beyond those that the
// n-algorithm gives for k.
func (s *Scheme) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	b, err := s.block(o, v, k)
	if err != nil {
		return nil, err
	}
	return &decoder{scheme: s, block: b}, nil
}

type decoder struct {
	scheme *Scheme
	block
}

// Ready implements [fec.Decoder]: any k symbols decode, if not too many of them are lost for a long block, see maxWork.
func (d *decoder) Ready(sources, repairs int) bool {
	return repairs > 0 && sources+repairs >= d.k && d.affords(d.k-sources)
}

// affords reports whether so many source symbols are not too many to recover.
func (d *decoder) affords(lost int) bool { return uint64(d.k)*uint64(max(lost, 0)) <= maxWork }

// Recover implements [fec.Decoder]. The block is a polynomial, known at k points: those of the source symbols that are
// there and of as many repair symbols as are missing. Its values at the points of the lost symbols follow by Lagrange,
// as repair symbols do in an encoder; no matrix is inverted.
func (d *decoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost, err := d.lost(source)
	if err != nil || lost == 0 {
		return err
	}
	if lost > len(repair) {
		return fec.ErrMoreSymbols
	}
	if !d.affords(lost) {
		return fmt.Errorf("rs: %d source symbols of %d are lost, at most %d can be recovered: %w", lost, d.k,
			maxWork/d.k, fec.ErrMoreSymbols)
	}
	w := d.scheme.workspaces.take(d.code)
	defer d.scheme.workspaces.put(w)
	if err := d.gather(w, source, repair, lost); err != nil {
		return err
	}
	rows := min(lost, maxRows(d.k))
	w.dst = sized(w.dst, rows)
	for todo := w.lost; len(todo) > 0; todo = todo[min(rows, len(todo)):] {
		now := todo[:min(rows, len(todo))]
		w.matrix.reset(len(now), &w.basis)
		for r, i := range now {
			w.room = w.matrix.set(r, &w.basis, int(i), w.room)
			w.dst[r] = roomFor(source[i], d.length)
		}
		d.scheme.multiply(w, &w.matrix, w.dst[:len(now)], w.src)
		for r, i := range now {
			source[i] = w.dst[r]
		}
	}
	return nil
}

// gather lists in w the k symbols that a block is recovered from, and their points, and the symbols lost.
func (d *decoder) gather(w *workspace, source [][]byte, repair []fec.Symbol, lost int) error {
	w.basis.reset(d.field, d.variant, d.k)
	w.basis.points, w.basis.inverse = sized(w.basis.points, d.k)[:0], sized(w.basis.inverse, d.k)[:0]
	w.basis.lost, w.basis.taken = sized(w.basis.lost, lost)[:0], sized(w.basis.taken, lost)[:0]
	w.src, w.known, w.lost = sized(w.src, d.k)[:0], sized(w.known, d.k)[:0], sized(w.lost, lost)[:0]
	w.seen = sized(w.seen, (d.n-d.k+63)/64)
	clear(w.seen)
	for i, s := range source {
		if len(s) == 0 {
			w.basis.lose(i)
			w.lost = append(w.lost, uint16(i))
		} else {
			w.src, w.known = append(w.src, s), append(w.known, uint16(i))
		}
	}
	for _, s := range repair {
		if !d.isRepair(s) {
			return fmt.Errorf("rs: repair symbol %d of %d bytes: %w", s.ESI, len(s.Data), flute.ErrOTI)
		}
		i := int(s.ESI) - d.k
		if seen := &w.seen[i/64]; len(w.src) < d.k && *seen>>(i%64)&1 == 0 {
			*seen |= 1 << (i % 64)
			w.basis.take(int(s.ESI))
			w.src, w.known = append(w.src, s.Data), append(w.known, uint16(s.ESI))
		}
	}
	if len(w.src) < d.k {
		return fec.ErrMoreSymbols
	}
	for _, j := range w.known {
		w.basis.know(int(j))
	}
	return nil
}

// roomFor returns s with length bytes, in its own memory if it has room for them.
func roomFor(s []byte, length int) []byte {
	if cap(s) < length {
		return make([]byte, length)
	}
	return s[:length]
}

// lost counts the source symbols that are not there.
func (d *decoder) lost(source [][]byte) (n int, err error) {
	if len(source) != d.k {
		return 0, fmt.Errorf("rs: %d source symbols in a block of %d: %w", len(source), d.k, flute.ErrOTI)
	}
	for i, s := range source {
		switch len(s) {
		case 0:
			n++
		case d.length:
		default:
			return 0, fmt.Errorf("rs: source symbol %d of %d bytes, must be %d: %w", i, len(s), d.length, flute.ErrOTI)
		}
	}
	return n, nil
}

// isRepair reports whether s can be a repair symbol of the block.
func (d *decoder) isRepair(s fec.Symbol) bool {
	return s.ESI >= fec.ESI(d.k) && s.ESI < fec.ESI(d.n) && len(s.Data) == d.length
}

// Matches implements [fec.Decoder].
func (d *decoder) Matches(source [][]byte, s fec.Symbol) bool {
	if lost, err := d.lost(source); lost > 0 || err != nil || !d.isRepair(s) {
		return false
	}
	w := d.scheme.workspaces.take(d.code)
	defer d.scheme.workspaces.put(w)
	w.symbol = sized(w.symbol, d.length)
	w.plan(&w.matrix, &d.block, int(s.ESI), 1)
	w.dst = append(w.dst[:0], w.symbol)
	d.scheme.multiply(w, &w.matrix, w.dst, source)
	return bytes.Equal(w.symbol, s.Data)
}
