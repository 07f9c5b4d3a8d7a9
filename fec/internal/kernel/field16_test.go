package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestMulXor16(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		for m, poly := range polynomials {
			t.Run(fmt.Sprint("m=", m), func(t *testing.T) {
				r := rand.New(rand.NewPCG(4, uint64(m)))
				all := even(lengths())
				for i, n := range all {
					// Elements too large are reduced: the source is not masked.
					c := uint16(r.Uint32() & (1<<m - 1))
					if i < 16 {
						c = uint16(1 << i & (1<<m - 1))
					}
					dst, src := newGuarded(r, n, n%64), newGuarded(r, n, i%64)
					want := xorSlowly(dst.data, scale16Slowly(src.data, c, poly))
					MulXor16(dst.data, src.data, l.coefficient16(c, poly))
					dst.check(t, want, "length %d, coefficient %d", n, c)
				}
			})
		}
	})
}

// All elements of GF(2^16) times some coefficients.
func TestMul16All(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		r := rand.New(rand.NewPCG(4, 1))
		src := make([]byte, 2<<16)
		for i := range 1 << 16 {
			src[2*i], src[2*i+1] = byte(i>>8), byte(i)
		}
		for _, c := range []uint16{0, 1, 2, 0x100, 0x8000, 0xffff, 0x1234} {
			dst := newGuarded(r, len(src), 3)
			want := xorSlowly(dst.data, scale16Slowly(src, c, 0x1100B))
			MulXor16(dst.data, src, l.coefficient16(c, 0x1100B))
			dst.check(t, want, "coefficient %#x", c)
		}
	})
}

// A coefficient beyond the field counts as a polynomial too.
func TestCoefficient16IsReduced(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		for m, poly := range polynomials {
			for c := 1; c < 1<<16; c = c*3 + 1 {
				want := l.coefficient16(uint16(multiplySlowly(uint32(c), 1, poly)), poly)
				if got := l.coefficient16(uint16(c), poly); *got != *want {
					t.Fatalf("m=%d, %#x", m, c)
				}
			}
		}
	})
}

func TestMatrix16(t *testing.T) {
	eachLevel(t, func(t *testing.T, l level) {
		for _, shape := range shapes {
			t.Run(fmt.Sprintf("%dx%d", shape[0], shape[1]), func(t *testing.T) {
				r := rand.New(rand.NewPCG(4, 2))
				for i, n := range []int{
					0, 2, 8, 10, 30, 32, 34, 62, 64, 66, 126, 128, 130, 190, 192, 194, 256, 300, 318, 320, 322, 510,
					1400,
				} {
					m, add := uint(9+i%8), i%3 == 0
					rows := make([][]uint16, shape[0])
					for i := range rows {
						rows[i] = make([]uint16, shape[1])
						for j := range rows[i] {
							rows[i][j] = uint16(r.Uint32() & (1<<m - 1))
						}
					}
					matrix := l.newMatrix16(rows, polynomials[m])
					src := symbols(r, shape[1], n)
					guards, dst := destinations(r, shape[0], n)
					want := make([][]byte, len(dst))
					for i := range want {
						if want[i] = make([]byte, n); add {
							copy(want[i], dst[i])
						}
						for j, s := range src {
							want[i] = xorSlowly(want[i], scale16Slowly(s, rows[i][j], polynomials[m]))
						}
					}
					if add {
						matrix.MulXor(dst, src)
					} else {
						matrix.Mul(dst, src)
					}
					for i, g := range guards {
						g.check(t, want[i], "row %d, length %d, m=%d, add %v", i, n, m, add)
					}
				}
			})
		}
	})
}

func TestMatrix16Rows(t *testing.T) {
	m := NewMatrix16([][]uint16{{3, 5}, {1, 0}}, 0x1100B)
	if m.Rows() != 2 || m.Columns() != 2 || m.Bytes() != 4*32 {
		t.Fatal(m)
	}
	dst, src := [][]byte{make([]byte, 8)}, [][]byte{[]byte("raptorQ!"), []byte("12345678")}
	if m.MulRows(1, dst, src); string(dst[0]) != "raptorQ!" {
		t.Fatalf("%q", dst)
	}
	if n := testing.AllocsPerRun(10, func() {
		m.Reset(1, 2)
		m.SetRow(0, []uint16{0, 1})
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
	if m.Mul(dst, src); string(dst[0]) != "12345678" {
		t.Fatalf("%q", dst)
	}
}
