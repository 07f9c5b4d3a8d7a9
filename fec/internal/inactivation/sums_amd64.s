//go:build !purego

#include "textflag.h"

// Arguments of all sums: code, end, slab, inputs, off, lost. Registers:
//
//	SI code   DI end   R8 slab   R9 inputs   R10 off   R11 lost
//	AX destination   CX rows that are left   DX, BX addresses
#define LOAD_ARGUMENTS \
	MOVQ code+0(FP), SI \
	MOVQ end+8(FP), DI \
	MOVQ slab+16(FP), R8 \
	MOVQ inputs+24(FP), R9 \
	MOVQ off+32(FP), R10 \
	MOVQ lost+40(FP), R11

// HEAD reads the head of a sum: AX becomes the number of the destination, CX n, DX the address of the input, and BX that of
// the input 16 further on, which is fetched: inputs come in the order of sums (inputAhead).
#define HEAD \
	MOVWLZX (SI), AX \
	MOVWLZX 2(SI), CX \
	MOVWLZX 4(SI), DX \
	ADDQ $6, SI \
	LEAQ (DX)(DX*2), DX \
	MOVQ 384(R9)(DX*8), BX \
	MOVQ (R9)(DX*8), DX \
	ADDQ R10, BX \
	ADDQ R10, DX

// SLABROW turns the number of a row of 1<<shift bytes into its address.
#define SLABROW(shift, register) \
	SHLQ $shift, register \
	ADDQ R8, register

// LOSTSYMBOL turns the number of a lost symbol into its address.
#define LOSTSYMBOL \
	LEAQ (AX)(AX*2), AX \
	MOVQ (R11)(AX*8), AX \
	ADDQ R10, AX

// TWO reads the numbers of two rows and turns them into addresses.
#define TWO(shift) \
	MOVWLZX (SI), DX \
	MOVWLZX 2(SI), BX \
	ADDQ $4, SI \
	SLABROW(shift, DX) \
	SLABROW(shift, BX)

// FETCH fetches the rows that are needed 128 words further on (rowsAhead): a slab of many rows is in a cache that is far away.
// A word may be no row, but the head of a sum: that does no harm.
#define FETCH(shift) \
	MOVWLZX 256(SI), R12 \
	MOVWLZX 258(SI), R13 \
	SHLQ $shift, R12 \
	SHLQ $shift, R13 \
	PREFETCHT0 (R8)(R12*1) \
	PREFETCHT0 (R8)(R13*1)

#define ONE(shift) \
	MOVWLZX (SI), DX \
	SLABROW(shift, DX) \
	ADDQ $2, SI


// func sums64AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums64AVX512(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 63(BX)
	VMOVDQU64 (DX), Z0
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(6, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	FETCH(6)
	TWO(6)
	VMOVDQU64 (DX), Z8
	VPTERNLOGQ $0x96, (BX), Z8, Z0
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(6)
	VPXORQ (DX), Z0, Z0
write:
	VMOVDQU64 Z0, (AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET

// func sums128AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums128AVX512(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 64(BX)
	PREFETCHT0 127(BX)
	VMOVDQU64 (DX), Z0
	VMOVDQU64 64(DX), Z1
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(7, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	FETCH(7)
	PREFETCHT0 64(R8)(R12*1)
	PREFETCHT0 64(R8)(R13*1)
	TWO(7)
	VMOVDQU64 (DX), Z8
	VMOVDQU64 64(DX), Z9
	VPTERNLOGQ $0x96, (BX), Z8, Z0
	VPTERNLOGQ $0x96, 64(BX), Z9, Z1
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(7)
	VPXORQ (DX), Z0, Z0
	VPXORQ 64(DX), Z1, Z1
write:
	VMOVDQU64 Z0, (AX)
	VMOVDQU64 Z1, 64(AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET

// func sums256AVX512(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums256AVX512(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 64(BX)
	PREFETCHT0 128(BX)
	PREFETCHT0 192(BX)
	PREFETCHT0 255(BX)
	VMOVDQU64 (DX), Z0
	VMOVDQU64 64(DX), Z1
	VMOVDQU64 128(DX), Z2
	VMOVDQU64 192(DX), Z3
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(8, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	TWO(8)
	VMOVDQU64 (DX), Z8
	VMOVDQU64 64(DX), Z9
	VMOVDQU64 128(DX), Z10
	VMOVDQU64 192(DX), Z11
	VPTERNLOGQ $0x96, (BX), Z8, Z0
	VPTERNLOGQ $0x96, 64(BX), Z9, Z1
	VPTERNLOGQ $0x96, 128(BX), Z10, Z2
	VPTERNLOGQ $0x96, 192(BX), Z11, Z3
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(8)
	VPXORQ (DX), Z0, Z0
	VPXORQ 64(DX), Z1, Z1
	VPXORQ 128(DX), Z2, Z2
	VPXORQ 192(DX), Z3, Z3
write:
	VMOVDQU64 Z0, (AX)
	VMOVDQU64 Z1, 64(AX)
	VMOVDQU64 Z2, 128(AX)
	VMOVDQU64 Z3, 192(AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET

// func sums64AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums64AVX2(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 63(BX)
	VMOVDQU (DX), Y0
	VMOVDQU 32(DX), Y1
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(6, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	FETCH(6)
	TWO(6)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
	VPXOR (BX), Y0, Y0
	VPXOR 32(BX), Y1, Y1
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(6)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
write:
	VMOVDQU Y0, (AX)
	VMOVDQU Y1, 32(AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET

// func sums128AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums128AVX2(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 64(BX)
	PREFETCHT0 127(BX)
	VMOVDQU (DX), Y0
	VMOVDQU 32(DX), Y1
	VMOVDQU 64(DX), Y2
	VMOVDQU 96(DX), Y3
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(7, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	FETCH(7)
	PREFETCHT0 64(R8)(R12*1)
	PREFETCHT0 64(R8)(R13*1)
	TWO(7)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
	VPXOR 64(DX), Y2, Y2
	VPXOR 96(DX), Y3, Y3
	VPXOR (BX), Y0, Y0
	VPXOR 32(BX), Y1, Y1
	VPXOR 64(BX), Y2, Y2
	VPXOR 96(BX), Y3, Y3
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(7)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
	VPXOR 64(DX), Y2, Y2
	VPXOR 96(DX), Y3, Y3
write:
	VMOVDQU Y0, (AX)
	VMOVDQU Y1, 32(AX)
	VMOVDQU Y2, 64(AX)
	VMOVDQU Y3, 96(AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET

// func sums256AVX2(code, end *uint16, slab *byte, inputs *[]byte, off int, lost *[]byte)
TEXT ·sums256AVX2(SB), NOSPLIT, $0-48
	LOAD_ARGUMENTS
next:
	CMPQ SI, DI
	JAE  done
	HEAD
	PREFETCHT0 (BX)
	PREFETCHT0 64(BX)
	PREFETCHT0 128(BX)
	PREFETCHT0 192(BX)
	PREFETCHT0 255(BX)
	VMOVDQU (DX), Y0
	VMOVDQU 32(DX), Y1
	VMOVDQU 64(DX), Y2
	VMOVDQU 96(DX), Y3
	VMOVDQU 128(DX), Y4
	VMOVDQU 160(DX), Y5
	VMOVDQU 192(DX), Y6
	VMOVDQU 224(DX), Y7
	TESTQ R11, R11
	JNZ  lostSymbol
	SLABROW(8, AX)
sum:
	SUBQ $2, CX
	JLT  last
pairs:
	TWO(8)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
	VPXOR 64(DX), Y2, Y2
	VPXOR 96(DX), Y3, Y3
	VPXOR 128(DX), Y4, Y4
	VPXOR 160(DX), Y5, Y5
	VPXOR 192(DX), Y6, Y6
	VPXOR 224(DX), Y7, Y7
	VPXOR (BX), Y0, Y0
	VPXOR 32(BX), Y1, Y1
	VPXOR 64(BX), Y2, Y2
	VPXOR 96(BX), Y3, Y3
	VPXOR 128(BX), Y4, Y4
	VPXOR 160(BX), Y5, Y5
	VPXOR 192(BX), Y6, Y6
	VPXOR 224(BX), Y7, Y7
	SUBQ $2, CX
	JGE  pairs
last:
	CMPQ CX, $-2
	JEQ  write
	ONE(8)
	VPXOR (DX), Y0, Y0
	VPXOR 32(DX), Y1, Y1
	VPXOR 64(DX), Y2, Y2
	VPXOR 96(DX), Y3, Y3
	VPXOR 128(DX), Y4, Y4
	VPXOR 160(DX), Y5, Y5
	VPXOR 192(DX), Y6, Y6
	VPXOR 224(DX), Y7, Y7
write:
	VMOVDQU Y0, (AX)
	VMOVDQU Y1, 32(AX)
	VMOVDQU Y2, 64(AX)
	VMOVDQU Y3, 96(AX)
	VMOVDQU Y4, 128(AX)
	VMOVDQU Y5, 160(AX)
	VMOVDQU Y6, 192(AX)
	VMOVDQU Y7, 224(AX)
	JMP  next
lostSymbol:
	LOSTSYMBOL
	JMP  sum
done:
	VZEROUPPER
	RET
