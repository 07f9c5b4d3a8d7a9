package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sums makes the functions that add many sources to one destination of up to most registers, which they keep in
// registers meanwhile: sumRegions has a slice of bytes for each source, sumRows the numbers of rows of a slab.
func sums(v vector, most int) {
	for _, strided := range []bool{false, true} {
		name, signature := "sumRegions"+v.suffix, "func(dst *byte, n int, srcs *[]byte, offset, count int, add bool)"
		doc := "sets dst to the sum of srcs[i][offset:offset+n], i below count, and of dst if add."
		if strided {
			name, signature = "sumRows"+
				v.suffix, "func(dst *byte, n int, base *byte, stride int, rows *uint32, count int, add bool)"
			doc = "sets dst to the sum of base[rows[i]*stride:], i below count, and of dst if add."
		}
		function(name, signature, fmt.Sprintf("%s %s n is from %d to %d, count at least 1.", name, doc, least(v),
			most*v.size))
		dst, n, count, add := param("dst"), param("n"), param("count"), flagParam("add")
		next := v.sources(strided)
		registers := GP64()
		LEAQ(Mem{Base: n, Disp: v.size - 1}, registers)
		shift := uint8(5)
		if v == zmm {
			shift = 6
		}
		SHRQ(U8(shift), registers)
		// The last register: masked, or at the end of dst, overlapping the one before.
		last := GP64()
		MOVQ(n, last)
		var k reg.OpmaskVirtual
		if v == zmm {
			DECQ(last)
			ANDQ(I8(63), last)
			INCQ(last)
			k = lowMask(last)
		} else {
			SUBQ(I8(32), last)
		}
		branch(registers, 1, most, func(size int) {
			sum(v, size, k, last, dst, count, add, next)
		})
	}
}

func least(v vector) int {
	if v == ymm {
		return 32
	}
	return 1
}

// branch jumps to one of the bodies from low to high, each of which returns from the function.
func branch(x reg.GPVirtual, low, high int, body func(i int)) {
	if low == high {
		body(low)
		return
	}
	middle := (low + high) / 2
	label := fmt.Sprintf("above%d", middle)
	CMPQ(x, I8(middle))
	JG(LabelRef(label))
	branch(x, low, middle, body)
	Label(label)
	branch(x, middle+1, high, body)
}

// sources returns what puts the address of the next source into a register.
func (v vector) sources(strided bool) func() reg.GPVirtual {
	if !strided {
		srcs, offset := param("srcs"), param("offset")
		return func() reg.GPVirtual {
			p := GP64()
			MOVQ(Mem{Base: srcs}, p)
			ADDQ(I8(24), srcs)
			ADDQ(offset, p)
			return p
		}
	}
	base, stride, rows := param("base"), param("stride"), param("rows")
	return func() reg.GPVirtual {
		p := GP64()
		MOVL(Mem{Base: rows}, p.As32())
		ADDQ(I8(4), rows)
		IMULQ(stride, p)
		ADDQ(base, p)
		return p
	}
}

func sum(v vector, size int, k reg.OpmaskVirtual, last, dst, count, add reg.GPVirtual, next func() reg.GPVirtual) {
	name := func(what string) string { return fmt.Sprintf("%s%d", what, size) }
	acc := v.registers(size)
	at := func(p reg.GPVirtual, i int) Mem {
		if i == size-1 && v == ymm {
			return Mem{Base: p, Index: last, Scale: 1}
		}
		return Mem{Base: p, Disp: i * v.size}
	}
	load := func(p reg.GPVirtual, i int, r reg.VecVirtual) {
		if i == size-1 && v == zmm {
			VMOVDQU8_Z(at(p, i), k, r)
		} else {
			v.load(at(p, i), r)
		}
	}
	addAll := func(p reg.GPVirtual) {
		for i, r := range acc {
			if i == size-1 && v == zmm {
				t := v.register()
				load(p, i, t)
				v.xor(t, r, r)
			} else {
				v.xor(at(p, i), r, r)
			}
		}
	}
	// The first source needs no zeros to be added to.
	p := next()
	for i, r := range acc {
		load(p, i, r)
	}
	TESTL(add, add)
	JE(LabelRef(name("next")))
	addAll(dst)
	JMP(LabelRef(name("next")))
	Label(name("loop"))
	addAll(next())
	Label(name("next"))
	DECQ(count)
	JNE(LabelRef(name("loop")))
	for i, r := range acc {
		if i == size-1 && v == zmm {
			VMOVDQU8(r, k, at(dst, i))
		} else {
			v.store(r, at(dst, i))
		}
	}
	done()
}
