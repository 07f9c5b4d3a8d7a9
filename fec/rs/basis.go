package rs

import "github.com/flute-node/flute-node/fec"

// basis is the polynomial of a source block, of degree below k, given by its values at k points: those of the source
// symbols that are there and of as many repair symbols as are lost. Sources are a basis too, with nothing lost.
type basis struct {
	f       *field
	variant fec.Variant
	k       int
	lost    []uint16 // points of lost source symbols
	taken   []uint16 // points of the repair symbols taken instead
	points  []uint16 // of the values that are known
	// inverse[i] is, as a logarithm in 1 to order, one divided by the product of points[i] - points[l] over all l other
	// than i.
	inverse []uint16
}

// reset makes b that of a block of k symbols, and gives room for its points.
func (b *basis) reset(f *field, v fec.Variant, k int) {
	*b = basis{
		f: f, variant: v, k: k, lost: b.lost[:0], taken: b.taken[:0], points: b.points[:0], inverse: b.inverse[:0],
	}
}

// lose says that source symbol i is not known.
func (b *basis) lose(i int) { b.lost = append(b.lost, b.f.point(b.variant, i)) }

// take says that the value of repair symbol j is known.
func (b *basis) take(j int) { b.taken = append(b.taken, b.f.point(b.variant, j)) }

// know appends the point of symbol j, which is known. All that is lost and taken has been said.
func (b *basis) know(j int) {
	b.points = append(b.points, b.f.point(b.variant, j))
	b.inverse = append(b.inverse, uint16(b.f.order)-b.distances(j))
}

// distances returns the logarithm of the product of x_j - y over all known points y other than x_j.
func (b *basis) distances(j int) uint16 {
	x, log, order := b.f.point(b.variant, j), b.f.log, uint64(b.f.order)
	sum := uint64(b.f.distances(b.variant, j, b.k)) + uint64(len(b.lost))*order
	for _, y := range b.lost {
		sum -= uint64(log[x^y])
	}
	for _, y := range b.taken {
		sum += uint64(log[x^y])
	}
	return b.f.mod(sum)
}

// row sets row[i], for each known point i, to what the value there contributes to that of symbol j, which is not known:
// by Lagrange, the product over all l other than i of (x_j - x_l) / (x_i - x_l).
func row[E byte | uint16](row []E, b *basis, j int) {
	f := b.f
	order, bits, exp, log := uint32(f.order), f.bits&31, f.exp, f.log
	x, all := f.point(b.variant, j), uint32(b.distances(j))+order
	points, inverse := b.points[:len(row)], b.inverse[:len(row)]
	for i := range row {
		// A logarithm that is not negative and below 3 * 2^m: 2^m is 1 modulo the order. exp goes on far enough.
		l := all + uint32(inverse[i]) - uint32(log[x^points[i]])
		row[i] = E(exp[l&order+l>>bits])
	}
}
