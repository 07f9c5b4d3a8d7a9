package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The function of each round, as the table of VPTERNLOGD for the operands that ternary puts them in.
const (
	choose = 0xca // first ? second : third
	parity = 0x96 // first ^ second ^ third
	fourth = 0x2d // first ^ (second | ^third)
)

// blocksAVX512 makes the function for 16 lanes: a register holds a word of all of them.
func blocksAVX512() {
	a := begin("blocksAVX512", 16)
	sines := table(1)
	var s [4]reg.VecVirtual
	for i := range s {
		s[i] = ZMM()
		VMOVDQU32(a.state.Offset(64*i), s[i])
	}
	Label("block")
	m := loadAVX512(a)
	A, B, C, D := ZMM(), ZMM(), ZMM(), ZMM()
	for i, r := range []reg.VecVirtual{A, B, C, D} {
		VMOVDQA32(s[i], r)
	}
	f := ZMM()
	for i := range steps {
		VPADDD(m[word(i)], A, A)
		VPADDD_BCST(sines.Offset(4*i), A, A)
		ternary(i/16, f, B, C, D)
		VPADDD(f, A, A)
		VPROLD(U8(shift(i)), A, A)
		VPADDD(B, A, A)
		A, B, C, D = D, A, B, C
	}
	for i, r := range []reg.VecVirtual{A, B, C, D} {
		VPADDD(r, s[i], s[i])
	}
	ADDQ(U8(64), a.off)
	DECQ(a.n)
	JNZ(LabelRef("block"))
	for i := range s {
		VMOVDQU32(s[i], a.state.Offset(64*i))
	}
	VZEROUPPER()
	RET()
}

// ternary sets f to the function of a round.
func ternary(round int, f, b, c, d reg.VecVirtual) {
	switch round {
	case 0:
		VMOVDQA32(b, f)
		VPTERNLOGD(U8(choose), d, c, f)
	case 1:
		VMOVDQA32(d, f)
		VPTERNLOGD(U8(choose), c, b, f)
	case 2:
		VMOVDQA32(b, f)
		VPTERNLOGD(U8(parity), d, c, f)
	case 3:
		VMOVDQA32(c, f)
		VPTERNLOGD(U8(fourth), d, b, f)
	}
}

// loadAVX512 loads a block of each lane, and returns a register for each word.
func loadAVX512(a arguments) (m [words]reg.VecVirtual) {
	var r [16]reg.VecVirtual
	p := GP64()
	for i := range r {
		r[i] = ZMM()
		MOVQ(Mem{Base: a.lanes, Disp: 8 * i}, p)
		VMOVDQU32(Mem{Base: p, Index: a.off, Scale: 1}, r[i])
	}
	// Of four lanes each, the words that are one quarter of a register apart.
	for i := 0; i < 16; i += 4 {
		low01, high01, low23, high23 := ZMM(), ZMM(), ZMM(), ZMM()
		VPUNPCKLDQ(r[i+1], r[i], low01)
		VPUNPCKHDQ(r[i+1], r[i], high01)
		VPUNPCKLDQ(r[i+3], r[i+2], low23)
		VPUNPCKHDQ(r[i+3], r[i+2], high23)
		for k := range 4 {
			r[i+k] = ZMM()
		}
		VPUNPCKLQDQ(low23, low01, r[i])
		VPUNPCKHQDQ(low23, low01, r[i+1])
		VPUNPCKLQDQ(high23, high01, r[i+2])
		VPUNPCKHQDQ(high23, high01, r[i+3])
	}
	const even, odd = 0x88, 0xdd // quarters
	for k := range 4 {
		var q [4]reg.VecVirtual
		for i, half := range []struct{ from, which int }{{0, even}, {8, even}, {0, odd}, {8, odd}} {
			q[i] = ZMM()
			VSHUFI32X4(U8(half.which), r[half.from+4+k], r[half.from+k], q[i])
		}
		for _, out := range []struct{ word, from, which int }{{0, 0, even}, {8, 0, odd}, {4, 2, even}, {12, 2, odd}} {
			m[out.word+k] = ZMM()
			VSHUFI32X4(U8(out.which), q[out.from+1], q[out.from], m[out.word+k])
		}
	}
	return m
}
