package rs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// TestPolynomials: the table is that of RFC 5510, section 8.1, by the SHA-256 of its lines as gen.go writes them. The
// polynomials are primitive: the powers of a are all elements but 0.
func TestPolynomials(t *testing.T) {
	h := sha256.New()
	for m, p := range polynomials {
		fmt.Fprintf(h, "%d: %#X\n", m, p)
	}
	const want = "9235974abdd74b804bbf33e77b5bd7f39ceae70e5c0016042fe3900842cb0843"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("SHA-256 of the polynomials is %s, want %s", got, want)
	}
	for m := uint(minBits); m <= maxBits; m++ {
		f := newField(m)
		seen := make([]bool, f.order+1)
		for i := range f.order {
			x := f.exp[i]
			if x == 0 || int(x) > f.order || seen[x] || int(f.log[x]) != i {
				t.Fatalf("m=%d: a^%d is %#x, and its logarithm %d", m, i, x, f.log[x])
			}
			seen[x] = true
		}
		if f.exp[f.order] != 1 {
			t.Errorf("m=%d: a^%d is %#x", m, f.order, f.exp[f.order])
		}
	}
}

// slowMul multiplies bit by bit, modulo the polynomial of GF(2^m).
func slowMul(m uint, a, b uint16) uint16 {
	var p uint32
	for i := range m {
		if b>>i&1 != 0 {
			p ^= uint32(a) << i
		}
	}
	for i := 2*m - 1; i >= m; i-- {
		if p>>i&1 != 0 {
			p ^= polynomials[m] << (i - m)
		}
	}
	return uint16(p)
}

// slowInverse returns a^(2^m-2).
func slowInverse(m uint, a uint16) uint16 {
	p := uint16(1)
	for range m - 1 {
		a = slowMul(m, a, a)
		p = slowMul(m, p, a)
	}
	return p
}

// TestInverseVandermonde derives the generator matrix a second way, that of RFC 5510, section 8.2.1: the inverse of the
// square Vandermonde matrix, by Gauss-Jordan elimination, times the columns of the repair symbols.
func TestInverseVandermonde(t *testing.T) {
	fectest.OneGoroutine(t)
	for m := uint(minBits); m <= maxBits; m++ {
		c := newCode(m)
		for _, variant := range New().Variants() {
			for _, k := range []int{1, 2, 3, 7, 12, 30, 100} {
				p := min(5, c.order-k)
				if p <= 0 || k == 100 && m != 8 && m != 16 { // slow
					continue
				}
				want := inverseVandermonde(c, variant, k, p)
				for r, row := range repairRows(c, variant, k, p) {
					for i := range row {
						if row[i] != want[i][r] {
							t.Fatalf("m=%d %s k=%d: coefficient %d of repair symbol %d is %#x, want %#x",
								m, variant, k, i, k+r, row[i], want[i][r])
						}
					}
				}
			}
		}
	}
}

// inverseVandermonde returns V_kk^-1 * V_kp, a row for each source symbol.
func inverseVandermonde(c *code, variant fec.Variant, k, p int) [][]uint16 {
	// One row for each power: [V_kk | V_kp], reduced to [I | V_kk^-1 V_kp].
	v := make([][]uint16, k)
	for r := range v {
		v[r] = make([]uint16, k+p)
		for j := range v[r] {
			v[r][j] = 1
			if r > 0 {
				v[r][j] = slowMul(c.bits, v[r-1][j], c.point(variant, j))
			}
		}
	}
	for col := range k {
		pivot := col
		for v[pivot][col] == 0 {
			pivot++
		}
		v[col], v[pivot] = v[pivot], v[col]
		inverse := slowInverse(c.bits, v[col][col])
		for j := range v[col] {
			v[col][j] = slowMul(c.bits, v[col][j], inverse)
		}
		for r := range v {
			if factor := v[r][col]; r != col && factor != 0 {
				for j := range v[r] {
					v[r][j] ^= slowMul(c.bits, factor, v[col][j])
				}
			}
		}
	}
	for r := range v {
		v[r] = v[r][k:]
	}
	return v
}

// TestPoints: all points of a code are different, up to the last encoding symbol that there can be, and those of the
// RFC are the powers of a.
func TestPoints(t *testing.T) {
	for m := uint(minBits); m <= maxBits; m++ {
		f := newField(m)
		for _, v := range New().Variants() {
			seen := make([]bool, f.order+1)
			power := uint16(1)
			for j := range f.order {
				x := f.point(v, j)
				if seen[x] {
					t.Fatalf("m=%d %s: point %d is that of another", m, v, j)
				}
				seen[x] = true
				if v == RFC5510 && x != power {
					t.Fatalf("m=%d: point %d is %#x, want %#x", m, j, x, power)
				}
				power = slowMul(m, power, 2)
			}
		}
	}
}

// TestDistances compares the short way to the product of differences with multiplying them.
func TestDistances(t *testing.T) {
	for m := uint(minBits); m <= maxBits; m++ {
		f := newField(m)
		for _, v := range New().Variants() {
			for _, k := range []int{1, 2, 3, 4, 5, 7, 8, 100, 127, 128, 1000, 4095, 30000, f.order - 1, f.order} {
				if k > f.order {
					continue
				}
				for _, j := range []int{0, 1, 2, k / 2, k - 1, k, k + 1, (k + f.order) / 2, f.order - 1} {
					if j < 0 || j >= f.order {
						continue
					}
					want := uint64(0)
					for l := range k {
						if l != j {
							want += uint64(f.log[f.point(v, j)^f.point(v, l)])
						}
					}
					if got := f.distances(v, j, k); uint64(got) != want%uint64(f.order) {
						t.Fatalf("m=%d %s j=%d k=%d: %d, want %d", m, v, j, k, got, want%uint64(f.order))
					}
				}
			}
		}
	}
}
