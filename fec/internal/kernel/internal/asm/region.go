package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// operation is what is done to a region of memory.
type operation struct {
	name   string
	doc    string
	source bool // reads src
	factor bool // multiplies
	// what gives the new dst from the old dst and src.
	what func(f factor, dst, src reg.VecVirtual)
}

// factor multiplies a register with a coefficient, in place.
type factor func(r reg.VecVirtual)

// unroll is the number of registers in the main loop.
const unroll = 4

// regions makes the functions of one destination and at most one source.
func regions(v vector) {
	for _, op := range []operation{
		{"xor", "sets dst to dst ^ src.", true, false, func(_ factor, d, s reg.VecVirtual) { v.xor(s, d, d) }},
		{"mulXor", "sets dst to dst ^ c*src.", true, true, func(f factor, d, s reg.VecVirtual) {
			f(s)
			v.xor(s, d, d)
		}},
		{"mul", "sets dst to c*dst.", false, true, func(f factor, d, _ reg.VecVirtual) { f(d) }},
		{"alphaXor", "sets dst to c*dst ^ src.", true, true, func(f factor, d, s reg.VecVirtual) {
			f(d)
			v.xor(s, d, d)
		}},
	} {
		region(v, op)
	}
}

func region(v vector, op operation) {
	signature := "func(dst"
	if op.source {
		signature += ", src"
	}
	signature += " *byte"
	name, doc := op.name+v.suffix, op.name+v.suffix+" "+op.doc
	if op.factor {
		if v == zmm {
			signature += ", c *uint64"
			doc += " c is the matrix of the coefficient."
		} else {
			signature += ", c *[2][16]byte"
			doc += " c has the products of the coefficient."
		}
	}
	signature += ", n int)"
	if v == ymm {
		doc += " n is at least 32."
	} else {
		doc += " n is at least 1."
	}
	function(name, signature, doc)
	var src reg.GPVirtual
	dst, n := param("dst"), param("n")
	if op.source {
		src = param("src")
	}
	var f factor
	if op.factor {
		f = v.factor(param("c"))
	}
	// one does it to one register's width at an offset; load and store may be masked.
	one := func(offset Mem, load, store func(a, b Op)) reg.VecVirtual {
		d, s := v.register(), reg.VecVirtual(nil)
		at := func(base reg.Register) Mem { m := offset; m.Base = base; return m }
		load(at(dst), d)
		if op.source {
			s = v.register()
			load(at(src), s)
		}
		op.what(f, d, s)
		if store != nil {
			store(d, at(dst))
		}
		return d
	}
	advance := func(by int) {
		ADDQ(I32(by), dst)
		if op.source {
			ADDQ(I32(by), src)
		}
		SUBQ(I32(by), n)
	}

	// With AVX2 what does not fill a register at the end is done as part of a full register that ends there: computed
	// before anything is written, from what dst was, and written when all the rest is.
	var tail reg.VecVirtual
	var end reg.GPVirtual
	if v == ymm {
		end = GP64()
		LEAQ(Mem{Base: dst, Index: n, Scale: 1, Disp: -v.size}, end)
		tail = one(Mem{Index: n, Scale: 1, Disp: -v.size}, v.load, nil)
	}

	Label("loop")
	CMPQ(n, I32(unroll*v.size))
	JL(LabelRef("single"))
	for i := range unroll {
		one(Mem{Disp: i * v.size}, v.load, v.store)
	}
	advance(unroll * v.size)
	JMP(LabelRef("loop"))

	Label("single")
	CMPQ(n, I32(v.size))
	JL(LabelRef("tail"))
	one(Mem{}, v.load, v.store)
	advance(v.size)
	JMP(LabelRef("single"))

	Label("tail")
	if v == ymm {
		v.store(tail, Mem{Base: end})
		done()
		return
	}
	TESTQ(n, n)
	JE(LabelRef("done"))
	k := lowMask(n)
	one(Mem{}, func(m, r Op) { VMOVDQU8_Z(m, k, r) }, func(r, m Op) { VMOVDQU8(r, k, m) })
	Label("done")
	done()
}

// factor returns what multiplies with the coefficient that c points to: its matrix, or its products.
func (v vector) factor(c reg.GPVirtual) factor {
	if v == zmm {
		m := v.register()
		VPBROADCASTQ(Mem{Base: c}, m)
		return func(r reg.VecVirtual) { VGF2P8AFFINEQB(U8(0), m, r, r) }
	}
	low, high, mask := v.register(), v.register(), nibbleMask()
	VBROADCASTI128(Mem{Base: c}, low)
	VBROADCASTI128(Mem{Base: c, Disp: 16}, high)
	return func(r reg.VecVirtual) {
		h := v.register()
		VPSRLQ(U8(4), r, h)
		VPAND(mask, r, r)
		VPAND(mask, h, h)
		VPSHUFB(r, low, r)
		VPSHUFB(h, high, h)
		VPXOR(h, r, r)
	}
}

// nibbleMask returns a register of bytes 15.
func nibbleMask() reg.VecVirtual {
	x, m := GP32(), YMM()
	MOVL(U32(0x0f0f0f0f), x)
	VMOVD(x, m.AsX())
	VPBROADCASTD(m.AsX(), m)
	return m
}
