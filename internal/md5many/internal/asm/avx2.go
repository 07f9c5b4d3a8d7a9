package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// blocksAVX2 makes the function for 8 lanes. The words of a block are on the stack: there are 16 registers.
func blocksAVX2() {
	a := begin("blocksAVX2", 8)
	sines := table(8)
	m := AllocLocal(32 * words)
	var s [4]reg.VecVirtual
	for i := range s {
		s[i] = YMM()
		VMOVDQU(a.state.Offset(64*i), s[i])
	}
	ones := YMM()
	VPCMPEQD(ones, ones, ones)
	Label("block")
	loadAVX2(a, m, 0)
	loadAVX2(a, m, 8)
	A, B, C, D := s[0], s[1], s[2], s[3]
	f, g := YMM(), YMM()
	for i := range steps {
		VPADDD(m.Offset(32*word(i)), A, A)
		VPADDD(sines.Offset(32*i), A, A)
		switch i / 16 {
		case 0: // d ^ b & (c ^ d)
			VPXOR(C, D, f)
			VPAND(B, f, f)
			VPXOR(D, f, f)
		case 1: // c ^ d & (b ^ c)
			VPXOR(B, C, f)
			VPAND(D, f, f)
			VPXOR(C, f, f)
		case 2:
			VPXOR(C, D, f)
			VPXOR(B, f, f)
		case 3: // c ^ (b | ^d)
			VPXOR(ones, D, f)
			VPOR(B, f, f)
			VPXOR(C, f, f)
		}
		VPADDD(f, A, A)
		VPSLLD(U8(shift(i)), A, g)
		VPSRLD(U8(32-shift(i)), A, A)
		VPOR(g, A, A)
		VPADDD(B, A, A)
		A, B, C, D = D, A, B, C
	}
	for i := range s { // after 64 steps each is where it was
		VPADDD(a.state.Offset(64*i), s[i], s[i])
		VMOVDQU(s[i], a.state.Offset(64*i))
	}
	ADDQ(U8(64), a.off)
	DECQ(a.n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// loadAVX2 loads 8 words of each lane, from the given one on, and writes those of all lanes to m, word by word.
func loadAVX2(a arguments, m Mem, from int) {
	var r [8]reg.VecVirtual
	p := GP64()
	for i := range r {
		r[i] = YMM()
		MOVQ(Mem{Base: a.lanes, Disp: 8 * i}, p)
		VMOVDQU(Mem{Base: p, Index: a.off, Scale: 1, Disp: 4 * from}, r[i])
	}
	for i := 0; i < 8; i += 4 {
		low01, high01, low23, high23 := YMM(), YMM(), YMM(), YMM()
		VPUNPCKLDQ(r[i+1], r[i], low01)
		VPUNPCKHDQ(r[i+1], r[i], high01)
		VPUNPCKLDQ(r[i+3], r[i+2], low23)
		VPUNPCKHDQ(r[i+3], r[i+2], high23)
		for k := range 4 {
			r[i+k] = YMM()
		}
		VPUNPCKLQDQ(low23, low01, r[i])
		VPUNPCKHQDQ(low23, low01, r[i+1])
		VPUNPCKLQDQ(high23, high01, r[i+2])
		VPUNPCKHQDQ(high23, high01, r[i+3])
	}
	out := YMM()
	for k := range 4 {
		VPERM2I128(U8(0x20), r[4+k], r[k], out)
		VMOVDQU(out, m.Offset(32*(from+k)))
		VPERM2I128(U8(0x31), r[4+k], r[k], out)
		VMOVDQU(out, m.Offset(32*(from+4+k)))
	}
}
