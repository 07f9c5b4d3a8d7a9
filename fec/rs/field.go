package rs

import "github.com/flute-node/flute-node/fec"

// The codes, see the package comment.
const (
	Rizzo     fec.Variant = "rizzo"
	RFC5510   fec.Variant = "rfc5510-8.2.1"
	Backblaze fec.Variant = "backblaze"
)

// polynomial generates GF(2^8): x^8 + x^4 + x^3 + x^2 + 1 (RFC 5510, section 8.1).
const polynomial = 0x11D

// order is the number of elements of the field other than 0.
const order = 255

// field holds the discrete logarithms to the base a = x.
type field struct {
	exp [2 * order]byte // twice, so that a sum of two logarithms needs no reduction
	log [order + 1]int  // log[0] is not defined
}

func newField() *field {
	f := &field{}
	v := 1
	for i := range order {
		f.exp[i], f.exp[i+order] = byte(v), byte(v)
		f.log[v] = i
		if v <<= 1; v > order {
			v ^= polynomial
		}
	}
	return f
}

// point returns x_j of variant v, for j below 255; for the two others than RFC5510 also for 255.
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

// weights returns, for each source symbol i of a block of k, the logarithm of the product of (x_i - x_l) over all l other
// than i.
func (f *field) weights(v fec.Variant, k int) []int {
	w := make([]int, k)
	for i := range w {
		for l := range k {
			if l != i {
				w[i] += f.log[f.point(v, i)^f.point(v, l)]
			}
		}
	}
	return w
}

// coefficients returns what each source symbol contributes to encoding symbol j: by Lagrange, for source symbol i, the
// product over all l other than i of (x_j - x_l) / (x_i - x_l).
func (f *field) coefficients(v fec.Variant, weights []int, j int) []byte {
	k, xj := len(weights), f.point(v, j)
	above := 0
	for l := range k {
		above += f.log[xj^f.point(v, l)]
	}
	row := make([]byte, k)
	for i := range row {
		e := (above - f.log[xj^f.point(v, i)] - weights[i]) % order
		if e < 0 {
			e += order
		}
		row[i] = f.exp[e]
	}
	return row
}

// row returns the coefficients of encoding symbol j, at least k.
func (f *field) row(v fec.Variant, k, j int) []byte { return f.coefficients(v, f.weights(v, k), j) }

// rows returns the coefficients of the first p repair symbols.
func (f *field) rows(v fec.Variant, k, p int) [][]byte {
	w := f.weights(v, k)
	rows := make([][]byte, p)
	for r := range rows {
		rows[r] = f.coefficients(v, w, k+r)
	}
	return rows
}
