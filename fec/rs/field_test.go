package rs

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// TestInverseVandermonde derives the generator matrix a second way: the inverse of the square Vandermonde matrix, by
// Gauss-Jordan elimination, times the columns of the repair symbols.
func TestInverseVandermonde(t *testing.T) {
	f := newField()
	mul := func(a, b byte) byte {
		if a == 0 || b == 0 {
			return 0
		}
		return f.exp[f.log[a]+f.log[b]]
	}
	power := func(a byte, n int) byte {
		p := byte(1)
		for range n {
			p = mul(p, a)
		}
		return p
	}
	for _, variant := range []fec.Variant{Rizzo, RFC5510, Backblaze} {
		for _, k := range []int{1, 2, 3, 7, 30, 64} {
			const p = 5
			// One row for each power: [V_kk | V_kp], reduced to [I | V_kk^-1 V_kp].
			m := make([][]byte, k)
			for r := range m {
				m[r] = make([]byte, k+p)
				for j := range m[r] {
					m[r][j] = power(f.point(variant, j), r)
				}
			}
			for c := range k {
				pivot := c
				for m[pivot][c] == 0 {
					pivot++
				}
				m[c], m[pivot] = m[pivot], m[c]
				inverse := f.exp[(order-f.log[m[c][c]])%order]
				for j := range m[c] {
					m[c][j] = mul(m[c][j], inverse)
				}
				for r := range m {
					if factor := m[r][c]; r != c && factor != 0 {
						for j := range m[r] {
							m[r][j] ^= mul(factor, m[c][j])
						}
					}
				}
			}
			for r, row := range repairRows(f, variant, k, p) {
				for i := range row {
					if row[i] != m[i][k+r] {
						t.Fatalf("%s k=%d: coefficient %d of repair symbol %d is %#x, want %#x", variant, k, i, k+r, row[i], m[i][k+r])
					}
				}
			}
		}
	}
}

// TestPoints: all points of a code are different, up to the last encoding symbol that there can be.
func TestPoints(t *testing.T) {
	f := newField()
	for _, v := range New().Variants() {
		seen := map[byte]int{}
		for j := range order {
			if i, ok := seen[f.point(v, j)]; ok {
				t.Errorf("%s: points %d and %d are both %#x", v, i, j, f.point(v, j))
			}
			seen[f.point(v, j)] = j
		}
	}
}
