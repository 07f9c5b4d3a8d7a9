package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
)

// vector is what the sets of instructions differ in, where a function is the same otherwise.
type vector struct {
	suffix string // of names of functions
	size   int    // of a register in bytes
}

var (
	ymm = vector{"AVX2", 32}
	zmm = vector{"AVX512", 64}
)

func (v vector) register() reg.VecVirtual {
	if v == zmm {
		return ZMM()
	}
	return YMM()
}

func (v vector) registers(n int) []reg.VecVirtual {
	r := make([]reg.VecVirtual, n)
	for i := range r {
		r[i] = v.register()
	}
	return r
}

func (v vector) load(m Op, r Op) {
	if v == zmm {
		VMOVDQU64(m, r)
	} else {
		VMOVDQU(m, r)
	}
}

func (v vector) store(r Op, m Op) { v.load(r, m) }

func (v vector) xor(a, b, r Op) {
	if v == zmm {
		VPXORQ(a, b, r)
	} else {
		VPXOR(a, b, r)
	}
}

// zero clears r. avo has to be told that what was in r does not matter.
func (v vector) zero(r reg.VecVirtual) {
	i, err := x86.VPXOR(r, r, r)
	if v == zmm {
		i, err = x86.VPXORQ(r, r, r)
	}
	if err != nil {
		panic(err)
	}
	i.CancellingInputs = true
	Instruction(i)
}

// lowMask returns a mask of the n lowest bits, n up to 64 being in a register.
func lowMask(n reg.GPVirtual) reg.OpmaskVirtual {
	ones, k := GP64(), K()
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVQ(ones, k)
	return k
}

// function begins a function that keeps no pointer that it is given.
func function(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

// done ends a function.
func done() {
	VZEROUPPER()
	RET()
}

func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// flagParam returns a parameter that is a bool.
func flagParam(name string) reg.GPVirtual {
	r := GP32()
	Load(Param(name), r.As8())
	MOVBLZX(r.As8(), r)
	return r
}

// constant returns data.
func constant(name string, b []byte) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, x := range b {
		DATA(i, U8(x))
	}
	return m
}
