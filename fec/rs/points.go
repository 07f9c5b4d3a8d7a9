package rs

import "github.com/flute-node/flute-node/fec"

// The codes: see the package documentation.
const (
	Rizzo     fec.Variant = "rizzo"
	RFC5510   fec.Variant = "rfc5510-8.2.1"
	Backblaze fec.Variant = "backblaze"
)

// known reports whether v names a code; the empty name is that of Rizzo's.
func known(v fec.Variant) bool { return v == "" || v == Rizzo || v == RFC5510 || v == Backblaze }

// point returns x_j of variant v, for j below the order of the field. The points of a variant are all different.
func (f *field) point(v fec.Variant, j int) uint16 {
	switch v {
	case RFC5510:
		return f.exp[j]
	case Backblaze:
		return uint16(j)
	}
	if j == 0 {
		return 0
	}
	return f.exp[j-1]
}

// distances returns the logarithm of the product of x_j - x_l over all l below k other than j. Multiplying k factors
// for each of k points would take seconds when k is 65535: the points are regular enough to do without.
func (f *field) distances(v fec.Variant, j, k int) uint16 {
	switch v {
	case RFC5510:
		return f.mod(f.geometric(j, k))
	case Backblaze:
		return f.mod(f.integers(j, k))
	}
	if j == 0 { // from a^0, a^1, …
		return f.mod(triangle(k - 1))
	}
	return f.mod(uint64(j-1) + f.geometric(j-1, k-1)) // from 0, and from a^0, a^1, …
}

// geometric returns the logarithm of the product of a^j - a^l over all l below k other than j, not reduced.
func (f *field) geometric(j, k int) uint64 {
	// a^j - a^l is a^l (1 + a^(j-l)): subtracting is adding.
	if j >= k {
		return triangle(k) + uint64(f.ones[j]) + uint64(f.order) - uint64(f.ones[j-k])
	}
	// For l above j it is a^j (1 + a^(l-j)).
	above := k - 1 - j
	return triangle(j) + uint64(f.ones[j]) + uint64(j)*uint64(above) + uint64(f.ones[above])
}

// integers returns the logarithm of the product of j - l over all l below k other than j, not reduced.
func (f *field) integers(j, k int) (sum uint64) {
	// The difference is the bitwise one. The l below k are, for each bit t that is 1 in k, the block of 2^t numbers
	// that have the bits of k above t and 0 there; their differences from j are such a block too.
	for t := range f.bits {
		if k>>t&1 != 0 {
			sum += uint64(f.blocks[1<<(f.bits-t)|k>>t^1^j>>t])
		}
	}
	return sum
}

// triangle returns the sum of the numbers below n.
func triangle(n int) uint64 { return uint64(n) * uint64(max(n-1, 0)) / 2 }
