package rs

import "github.com/flute-node/flute-node/fec"

// The codes, see the package comment.
const (
	Rizzo     fec.Variant = "rizzo"
	RFC5510   fec.Variant = "rfc5510-8.2.1"
	Backblaze fec.Variant = "backblaze"
)

// known reports whether v names a code; the empty name is that of Rizzo's.
func known(v fec.Variant) bool { return v == "" || v == Rizzo || v == RFC5510 || v == Backblaze }

// polynomial generates GF(2^8): x^8 + x^4 + x^3 + x^2 + 1 (RFC 5510, section 8.1).
const polynomial = 0x11D

// order is the number of elements of the field other than 0, and the largest number of encoding symbols of a block.
const order = 255

// field holds the discrete logarithms to the base a = x.
type field struct {
	exp [2 * order]byte   // twice, so that a sum of two logarithms needs no reduction
	log [order + 1]uint16 // log[0] is not defined
}

func newField() *field {
	f := &field{}
	v := 1
	for i := range order {
		f.exp[i], f.exp[i+order] = byte(v), byte(v)
		f.log[v] = uint16(i)
		if v <<= 1; v > order {
			v ^= polynomial
		}
	}
	return f
}

// point returns x_j of variant v, for j below 255. The points of a variant are all different.
func (f *field) point(v fec.Variant, j int) byte {
	switch v {
	case RFC5510:
		return f.exp[j]
	case Backblaze:
		return byte(j)
	}
	if j == 0 {
		return 0
	}
	return f.exp[j-1]
}

// basis is a polynomial of degree below len(points), given by its values at these points.
type basis struct {
	f      *field
	points []byte
	// weights[i] is the logarithm of the product of (points[i] - points[l]) over all l other than i.
	weights []int
}

func (f *field) newBasis(points []byte) *basis {
	b := &basis{f, points, make([]int, len(points))}
	// The field has characteristic 2: x_i - x_l and x_l - x_i are the same.
	for i, x := range points {
		w := 0
		for l, y := range points[:i] {
			d := int(f.log[x^y])
			w += d
			b.weights[l] += d
		}
		b.weights[i] += w
	}
	return b
}

// sourceBasis returns the polynomial through the k source symbols of a block.
func (f *field) sourceBasis(v fec.Variant, k int) *basis {
	points := make([]byte, k)
	for i := range points {
		points[i] = f.point(v, i)
	}
	return f.newBasis(points)
}

// coefficients returns what the value at each point contributes to the value at x, which is none of the points: by
// Lagrange, for point i, the product over all l other than i of (x - x_l) / (x_i - x_l).
func (b *basis) coefficients(x byte) []byte {
	all := 0
	for _, y := range b.points {
		all += int(b.f.log[x^y])
	}
	row := make([]byte, len(b.points))
	for i, y := range b.points {
		// A weight is at most 254 * 254: the sum is positive before it is reduced.
		row[i] = b.f.exp[(all-int(b.f.log[x^y])-b.weights[i]+order*order)%order]
	}
	return row
}
