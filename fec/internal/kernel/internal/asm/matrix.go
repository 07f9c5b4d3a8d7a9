package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A product of matrices goes through columns of symbols, some registers wide. For such a strip the sums of several rows
// stay in registers, while each source is loaded once.

// product is what such a function is made of.
type product struct {
	name      string
	signature string
	doc       string
	vector    vector
	rows      int
	width     int // in registers
	// unit is the size of a coefficient in bytes.
	unit int
	// begin loads constants.
	begin func()
	// split makes of a loaded source what multiply takes; it may do so in place.
	split func(x []reg.VecVirtual) [][]reg.VecVirtual
	// multiply adds the product of x and the coefficient at m to the sums.
	multiply func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual)
	// multiplyPair, if not nil, does multiply for two sources at once, the parts of both being in x.
	multiplyPair func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual)
	// join makes of a sum what is stored.
	join func(r reg.VecVirtual)
}

// operands are what stays in registers from strip to strip. Other parameters are loaded when they are needed.
type operands struct {
	offset reg.GPVirtual
	mask   reg.OpmaskVirtual
}

// masked makes a function that takes any number of bytes.
func (p *product) masked() {
	function(p.name, p.signature, p.doc)
	p.begin()
	o := operands{offset: param("offset")}
	n := param("n")
	full := p.width * p.vector.size
	Label("loop")
	CMPQ(n, I32(full))
	JL(LabelRef("tail"))
	p.strip(o, p.width)
	ADDQ(I32(full), o.offset)
	SUBQ(I32(full), n)
	JMP(LabelRef("loop"))

	Label("tail")
	TESTQ(n, n)
	JE(LabelRef("done"))
	last, registers := GP64(), GP64()
	LEAQ(Mem{Base: n, Disp: -1}, last)
	MOVQ(last, registers)
	SHRQ(U8(6), registers)
	ANDQ(I8(63), last)
	INCQ(last)
	o.mask = lowMask(last)
	branch(registers, 0, p.width-1, func(i int) {
		p.strip(o, i+1)
		done()
	})
	Label("done")
	done()
}

// blended makes a function that takes a multiple of a strip.
func (p *product) blended() {
	function(p.name, p.signature, p.doc)
	p.begin()
	o := operands{offset: param("offset")}
	n := param("n")
	Label("loop")
	p.strip(o, p.width)
	ADDQ(I32(p.width*p.vector.size), o.offset)
	SUBQ(I32(p.width*p.vector.size), n)
	JNE(LabelRef("loop"))
	done()
}

// strip multiplies a strip of so many registers, the last of them masked if there is a mask.
func (p *product) strip(o operands, width int) {
	label := fmt.Sprintf("source%d", width)
	if o.mask != nil {
		label += "masked"
	}
	v := p.vector
	acc := make([][]reg.VecVirtual, p.rows)
	for i := range acc {
		acc[i] = v.registers(width)
		for _, r := range acc[i] {
			v.zero(r)
		}
	}
	load := func(m Mem, i int, r reg.VecVirtual) {
		if m.Disp = i * v.size; i == width-1 && o.mask != nil {
			VMOVDQU8_Z(m, o.mask, r)
		} else {
			v.load(m, r)
		}
	}
	srcs, c, count := param("srcs"), param("rows"), param("columns")
	at := p.rowAddresses(c, count)

	next := func(parts [][]reg.VecVirtual) [][]reg.VecVirtual {
		s := GP64()
		MOVQ(Mem{Base: srcs}, s)
		ADDQ(I8(24), srcs)
		x := v.registers(width)
		for i, r := range x {
			load(Mem{Base: s, Index: o.offset, Scale: 1}, i, r)
		}
		return append(parts, p.split(x)...)
	}
	one := func() {
		parts := next(nil)
		for i, a := range acc {
			p.multiply(at[i], parts, a)
		}
		ADDQ(I8(p.unit), c)
	}
	if p.multiplyPair == nil {
		Label(label)
		one()
		DECQ(count)
		JNE(LabelRef(label))
	} else {
		Label(label)
		DECQ(count)
		JE(LabelRef(label + "odd"))
		parts := next(next(nil))
		for i, a := range acc {
			p.multiplyPair(at[i], parts, a)
		}
		ADDQ(I8(2*p.unit), c)
		DECQ(count)
		JNE(LabelRef(label))
		JMP(LabelRef(label + "summed"))
		Label(label + "odd")
		one()
		Label(label + "summed")
	}

	dsts, add := param("dsts"), flagParam("add")
	var blend reg.GPVirtual
	if v == ymm {
		blend = param("blend")
	}
	for i, a := range acc {
		d := GP64()
		MOVQ(Mem{Base: dsts, Disp: 24 * i}, d)
		ADDQ(o.offset, d)
		for _, r := range a {
			p.join(r)
		}
		stored := fmt.Sprintf("%srow%d", label, i)
		TESTL(add, add)
		JE(LabelRef(stored))
		for j, r := range a {
			t := v.register()
			load(Mem{Base: d}, j, t)
			v.xor(t, r, r)
		}
		Label(stored)
		for j, r := range a {
			switch m := (Mem{Base: d, Disp: j * v.size}); {
			case v == ymm:
				old, written := YMM(), YMM()
				VMOVDQU(Mem{Base: blend, Disp: j * v.size}, written)
				VMOVDQU(m, old)
				VPBLENDVB(written, r, old, r)
				VMOVDQU(r, m)
			case j == width-1 && o.mask != nil:
				VMOVDQU8(r, o.mask, m)
			default:
				v.store(r, m)
			}
		}
	}
}

// rowAddresses returns where the coefficients of each row are, c being that of the first.
func (p *product) rowAddresses(c, columns reg.GPVirtual) []Mem {
	stride := GP64()
	MOVQ(columns, stride)
	for u := p.unit; u > 1; u /= 2 {
		SHLQ(U8(1), stride)
	}
	at := []Mem{{Base: c}, {Base: c, Index: stride, Scale: 1}, {Base: c, Index: stride, Scale: 2}}
	if p.rows > 3 {
		three := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
		at = append(at, Mem{Base: c, Index: three, Scale: 1}, Mem{Base: c, Index: stride, Scale: 4})
	}
	if p.rows > 5 {
		five := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 4}, five)
		at = append(at, Mem{Base: c, Index: five, Scale: 1})
	}
	return at[:p.rows]
}

const productDoc = "adds, if add, or sets the products of %d rows of coefficients and as many sources as there are " +
	"columns, " +
	"bytes offset to offset+n of each symbol, to dsts."

// multiply512 makes the products over GF(2^8) with matrices of GFNI, five rows of four registers at most.
func multiply512() {
	for rows := 1; rows <= 5; rows++ {
		var table reg.GPVirtual
		name := fmt.Sprintf("multiply%dAVX512", rows)
		p := &product{
			name:      name,
			signature: "func(table *uint64, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, add bool)",
			doc:       name + " " + fmt.Sprintf(productDoc, rows) + " table has the matrix of each coefficient.",
			vector:    zmm, rows: rows, width: 4, unit: 1,
			begin: func() { table = param("table") },
			split: func(x []reg.VecVirtual) [][]reg.VecVirtual { return [][]reg.VecVirtual{x} },
			multiply: func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual) {
				c, f := GP64(), ZMM()
				MOVBQZX(m, c)
				VPBROADCASTQ(Mem{Base: table, Index: c, Scale: 8}, f)
				for i, r := range acc {
					t := ZMM()
					VGF2P8AFFINEQB(U8(0), f, x[0][i], t)
					VPXORQ(t, r, r)
				}
			},
			// One addition of three registers instead of two of two: they compete with the products for the CPU's
			// units.
			multiplyPair: func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual) {
				var f [2]reg.VecVirtual
				for i := range f {
					c := GP64()
					f[i] = ZMM()
					MOVBQZX(m, c)
					m.Disp++
					VPBROADCASTQ(Mem{Base: table, Index: c, Scale: 8}, f[i])
				}
				for i, r := range acc {
					t, u := ZMM(), ZMM()
					VGF2P8AFFINEQB(U8(0), f[0], x[0][i], t)
					VGF2P8AFFINEQB(U8(0), f[1], x[1][i], u)
					VPTERNLOGQ(U8(0x96), t, u, r)
				}
			},
			join: func(reg.VecVirtual) {},
		}
		p.masked()
	}
}

// multiply2 makes the products over GF(2^8) with shuffles, four rows of two registers at most.
func multiply2() {
	for rows := 1; rows <= 4; rows++ {
		var table reg.GPVirtual
		var mask reg.VecVirtual
		name := fmt.Sprintf("multiply%dAVX2", rows)
		p := &product{
			name: name,
			signature: "func(table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend " +
				"*byte, " +
				"add bool)",
			doc: name + " " + fmt.Sprintf(productDoc, rows) + " table has the products of each coefficient, n is a " +
				"multiple of 64, and of 64 bytes those are written whose bits 7 are set in blend.",
			vector: ymm, rows: rows, width: 2, unit: 1,
			begin: func() { table, mask = param("table"), nibbleMask() },
			split: func(x []reg.VecVirtual) [][]reg.VecVirtual {
				high := ymm.registers(len(x))
				for i, r := range x {
					VPSRLQ(U8(4), r, high[i])
					VPAND(mask, r, r)
					VPAND(mask, high[i], high[i])
				}
				return [][]reg.VecVirtual{x, high}
			},
			multiply: func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual) {
				c := GP64()
				MOVBQZX(m, c)
				SHLQ(U8(5), c)
				for half := range 2 {
					f := YMM()
					VBROADCASTI128(Mem{Base: table, Index: c, Scale: 1, Disp: 16 * half}, f)
					for i, r := range acc {
						t := YMM()
						VPSHUFB(x[half][i], f, t)
						VPXOR(t, r, r)
					}
				}
			},
			join: func(reg.VecVirtual) {},
		}
		p.blended()
	}
}
