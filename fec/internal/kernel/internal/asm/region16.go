package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// multiply16Region makes the multiplication of a region over GF(2^m), m up to 16, with shuffles. An element has four
// halves of bytes, each of which adds to both bytes of the product: eight tables of sixteen bytes, made here.
func multiply16Region() {
	function("mulXor16AVX2", "func(dst, src *byte, c *uint64, n int, blend *byte)",
		"mulXor16AVX2 sets dst to dst ^ c*src for elements of 16 bits. c has what becomes of each bit of an element. "+
			"n is a "+
			"multiple of 64, and of 64 bytes those are written whose bits are set in blend.")
	dst, src, c, n, blend := param("dst"), param("src"), param("c"), param("n"), param("blend")

	// choose[i] selects the entries of a table that bit i of the index adds to.
	choose := make([]Mem, 4)
	for i, name := range []string{"choose0", "choose1", "choose2", "choose3"} {
		b := make([]byte, 32)
		for j := range b {
			if j>>i&1 != 0 {
				b[j] = 0xff
			}
		}
		choose[i] = constant(name, b)
	}
	// tables[half of the product][half of a byte]: index 0 is the lowest of an element, product 0 its low byte.
	var tables [2][4]reg.VecVirtual
	for out := range 2 {
		for in := range 4 {
			table := YMM()
			for bit := range 4 {
				column := table
				if bit != 0 {
					column = YMM()
				}
				VPBROADCASTB(Mem{Base: c, Disp: 2*(4*in+bit) + out}, column)
				VPAND(choose[bit], column, column)
				if bit != 0 {
					VPXOR(column, table, table)
				}
			}
			tables[out][in] = table
		}
	}
	takeApart, nibbles := constant("apart32", append(apart, apart...)), nibbleMask()

	Label("loop")
	// The high bytes of 32 elements, and the low ones.
	high, low := YMM(), YMM()
	x, y := YMM(), YMM()
	VMOVDQU(Mem{Base: src}, x)
	VMOVDQU(Mem{Base: src, Disp: 32}, y)
	VPSHUFB(takeApart, x, x)
	VPSHUFB(takeApart, y, y)
	VPUNPCKLQDQ(y, x, high)
	VPUNPCKHQDQ(y, x, low)
	var products [2]reg.VecVirtual
	for i, half := range []reg.VecVirtual{low, high} {
		above := YMM()
		VPSRLQ(U8(4), half, above)
		VPAND(nibbles, half, half)
		VPAND(nibbles, above, above)
		for j, index := range []reg.VecVirtual{half, above} {
			for out := range 2 {
				if i+j == 0 {
					products[out] = YMM()
					VPSHUFB(index, tables[out][0], products[out])
					continue
				}
				t := YMM()
				VPSHUFB(index, tables[out][2*i+j], t)
				VPXOR(t, products[out], products[out])
			}
		}
	}
	x, y = YMM(), YMM()
	VPUNPCKLBW(products[0], products[1], x)
	VPUNPCKHBW(products[0], products[1], y)
	for i, r := range []reg.VecVirtual{x, y} {
		VPAND(Mem{Base: blend, Disp: 32 * i}, r, r)
		VPXOR(Mem{Base: dst, Disp: 32 * i}, r, r)
		VMOVDQU(r, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(I8(64), dst)
	ADDQ(I8(64), src)
	SUBQ(I8(64), n)
	JNE(LabelRef("loop"))
	done()
}
