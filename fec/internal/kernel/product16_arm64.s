//go:build !purego

#include "textflag.h"

// choose has, for each bit of an index of four bits, a mask of the entries of a table that have it.
DATA choose<>+0(SB)/8, $0xff00ff00ff00ff00
DATA choose<>+8(SB)/8, $0xff00ff00ff00ff00
DATA choose<>+16(SB)/8, $0xffff0000ffff0000
DATA choose<>+24(SB)/8, $0xffff0000ffff0000
DATA choose<>+32(SB)/8, $0xffffffff00000000
DATA choose<>+40(SB)/8, $0xffffffff00000000
DATA choose<>+48(SB)/8, $0
DATA choose<>+56(SB)/8, $0xffffffffffffffff
GLOBL choose<>(SB), RODATA|NOPTR, $64

// COLUMN adds what becomes of one bit of an element, the byte at R2 for the low byte of the product and the one after it for
// the high byte, to the entries that mask selects.
#define COLUMN(mask, low, high) \
	VLD1R.P 1(R2), [V28.B16]          \
	VLD1R.P 1(R2), [V29.B16]          \
	VAND    mask.B16, V28.B16, V28.B16 \
	VAND    mask.B16, V29.B16, V29.B16 \
	VEOR    V28.B16, low.B16, low.B16  \
	VEOR    V29.B16, high.B16, high.B16

// TABLES makes the two tables of one half of a byte.
#define TABLES(low, high) \
	VEOR low.B16, low.B16, low.B16    \
	VEOR high.B16, high.B16, high.B16 \
	COLUMN(V24, low, high)            \
	COLUMN(V25, low, high)            \
	COLUMN(V26, low, high)            \
	COLUMN(V27, low, high)

// LOOK adds the products of index to those of the high bytes, V20, and of the low bytes, V21.
#define LOOK(index, low, high) \
	VTBL index.B16, [high.B16], V22.B16 \
	VTBL index.B16, [low.B16], V23.B16  \
	VEOR V22.B16, V20.B16, V20.B16      \
	VEOR V23.B16, V21.B16, V21.B16

// func mulXor16NEON(dst, src *byte, c *uint64, n int, blend *byte)
TEXT ·mulXor16NEON(SB), NOSPLIT, $0-40
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  c+16(FP), R2
	MOVD  n+24(FP), R3
	MOVD  blend+32(FP), R4
	MOVD  $choose<>(SB), R5
	VLD1  (R5), [V24.B16, V25.B16, V26.B16, V27.B16]
	TABLES(V0, V1)
	TABLES(V2, V3)
	TABLES(V4, V5)
	TABLES(V6, V7)
	VMOVI $15, V30.B16
	VLD2  (R4), [V10.B16, V11.B16]

loop:
	// The high bytes of sixteen elements in V16, the low ones in V17.
	VLD2.P 32(R1), [V16.B16, V17.B16]
	VLD2   (R0), [V12.B16, V13.B16]
	VUSHR  $4, V16.B16, V18.B16
	VUSHR  $4, V17.B16, V19.B16
	VAND   V30.B16, V16.B16, V16.B16
	VAND   V30.B16, V17.B16, V17.B16
	VTBL   V17.B16, [V1.B16], V20.B16
	VTBL   V17.B16, [V0.B16], V21.B16
	LOOK(V19, V2, V3)
	LOOK(V16, V4, V5)
	LOOK(V18, V6, V7)
	VAND   V10.B16, V20.B16, V20.B16
	VAND   V11.B16, V21.B16, V21.B16
	VEOR   V20.B16, V12.B16, V12.B16
	VEOR   V21.B16, V13.B16, V13.B16
	VST2.P [V12.B16, V13.B16], 32(R0)
	SUBS   $32, R3
	BNE    loop
	RET
