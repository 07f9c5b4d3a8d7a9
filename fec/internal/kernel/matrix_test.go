package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// shapes are rows and columns of matrices.
var shapes = [][2]int{{1, 1}, {1, 5}, {2, 3}, {3, 1}, {4, 10}, {5, 7}, {6, 6}, {7, 4}, {8, 3}, {9, 2}, {13, 9}, {
	17, 33,
}}

func randomMatrix(r *rand.Rand, rows, columns int) [][]byte {
	m := make([][]byte, rows)
	for i := range m {
		m[i] = make([]byte, columns)
		fill(r, m[i])
		m[i][r.IntN(columns)] = byte(r.IntN(2))
	}
	return m
}

// destinations returns n guarded symbols, and views of them.
func destinations(r *rand.Rand, n, size int) ([]guarded, [][]byte) {
	g, views := make([]guarded, n), make([][]byte, n)
	for i := range g {
		g[i] = newGuarded(r, size, (i*5+size)%64)
		views[i] = g[i].data
	}
	return g, views
}

func TestMatrix(t *testing.T) {
	some := append(lengths()[:0:0], 0, 1, 2, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256,
		257, 319, 320,
		321, 511, 512, 513, 700, 1400, 1408)
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(3, 1))
		for _, shape := range shapes {
			t.Run(fmt.Sprintf("%dx%d", shape[0], shape[1]), func(t *testing.T) {
				for _, n := range some {
					for _, add := range []bool{false, true} {
						rows, src := randomMatrix(r, shape[0], shape[1]), symbols(r, shape[1], n)
						m := NewMatrix(rows)
						m.level = l
						guards, dst := destinations(r, shape[0], n)
						want := make([][]byte, len(dst))
						for i := range want {
							if want[i] = make([]byte, n); add {
								copy(want[i], dst[i])
							}
							for j, s := range src {
								want[i] = xorSlowly(want[i], scaleSlowly(s, rows[i][j]))
							}
						}
						if add {
							m.MulXor(dst, src)
						} else {
							m.Mul(dst, src)
						}
						for i, g := range guards {
							g.check(t, want[i], "row %d, length %d, add %v", i, n, add)
						}
					}
				}
			})
		}
	})
}

// Every length, against MulXor, which other tests know.
func TestMatrixLengths(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(3, 2))
		for _, n := range lengths() {
			rows, src := randomMatrix(r, 7, 5), symbols(r, 5, n)
			m := NewMatrix(rows)
			m.level = l
			guards, dst := destinations(r, 7, n)
			m.Mul(dst, src)
			for i, g := range guards {
				want := make([]byte, n)
				for j, s := range src {
					goMulXor(gf256, want, s, rows[i][j])
				}
				g.check(t, want, "row %d, length %d", i, n)
			}
		}
	})
}

// Reed-Solomon at its largest.
func TestMatrixLarge(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(3, 3))
		const p, k, n = 55, 200, 600
		rows, src := randomMatrix(r, p, k), symbols(r, k, n)
		m := NewMatrix(rows)
		m.level = l
		guards, dst := destinations(r, p, n)
		m.Mul(dst, src)
		for i, g := range guards {
			want := make([]byte, n)
			for j, s := range src {
				goMulXor(gf256, want, s, rows[i][j])
			}
			g.check(t, want, "row %d", i)
		}
		_, again := destinations(r, 20, n)
		m.MulRows(17, again, src)
		for i, d := range again {
			if !bytes.Equal(d, dst[17+i]) {
				t.Fatalf("MulRows: row %d differs", 17+i)
			}
		}
	})
}

func TestMatrixOfOtherField(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(3, 4))
		f := NewField(4, 0x13)
		rows := [][]byte{{1, 15, 7}, {0, 9, 2}}
		m := f.NewMatrix(rows)
		m.level = l
		src := symbols(r, 3, 333)
		guards, dst := destinations(r, 2, 333)
		m.Mul(dst, src)
		for i, g := range guards {
			want := make([]byte, 333)
			for j, s := range src {
				for b := range want {
					want[b] ^= elementsSlowly(s[b], rows[i][j], 4)
				}
			}
			g.check(t, want, "row %d", i)
		}
	})
}

func TestMatrixWithoutSources(t *testing.T) {
	dst := [][]byte{{1, 2, 3, 4}, {5, 6, 7, 8}}
	m := NewMatrix([][]byte{{}, {}})
	if m.MulXor(dst, nil); dst[1][3] != 8 {
		t.Fatal("MulXor without sources changed something")
	}
	if m.Mul(dst, nil); dst[0][0]|dst[1][3] != 0 {
		t.Fatal("the sum of nothing is not zero")
	}
	dst = [][]byte{{1, 2, 3, 4}}
	if NewMatrix16([][]uint16{{}}, 0x1100B).Mul(dst, nil); dst[0][0] != 0 {
		t.Fatal("the sum of nothing is not zero")
	}
	NewMatrix(nil).Mul(nil, nil)
	NewMatrix16(nil, 0x1100B).Mul(nil, nil)
}

func TestMatrixReset(t *testing.T) {
	m := NewMatrix([][]byte{{1, 2, 3}, {4, 5, 6}})
	if m.Rows() != 2 || m.Columns() != 3 || m.Bytes() < 6 || !bytes.Equal(m.Row(1), []byte{4, 5, 6}) {
		t.Fatal(m)
	}
	if n := testing.AllocsPerRun(10, func() { m.Reset(3, 2) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
	copy(m.Row(2), []byte{1, 0})
	if m.Rows() != 3 || m.Columns() != 2 {
		t.Fatal(m)
	}
	dst, src := [][]byte{make([]byte, 9)}, [][]byte{[]byte("reed-solo"), []byte("raptor123")}
	if m.MulRows(2, dst, src); string(dst[0]) != "reed-solo" {
		t.Fatalf("%q", dst)
	}
	if m.Reset(40, 50); len(m.Row(39)) != 50 {
		t.Fatal("no room")
	}
}
