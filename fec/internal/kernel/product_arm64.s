//go:build !purego

#include "textflag.h"

// Products of matrices over GF(2^8) go through strips of 64 bytes: the sums of up to four rows stay in V0 to V15 while each
// source is loaded once and split in the low (V16 to V19) and high (V20 to V23) halves of its bytes.
//
// R0 is the table of products, R1 to R4 the coefficients of the rows, R5 the number of columns, R6 the sources, R7 the
// destinations, R8 the offset of the strip, R9 the number of bytes left, R10 where the mask of what to write is. R12, R13, R14
// are lost; R15 is where the coefficients begin.

#define SPLIT(x, high) \
	VUSHR $4, x.B16, high.B16 \
	VAND  V30.B16, x.B16, x.B16

// SOURCE loads the next source.
#define SOURCE \
	MOVD.P 24(R13), R12 \
	ADD    R8, R12, R12 \
	VLD1   (R12), [V16.B16, V17.B16, V18.B16, V19.B16] \
	SPLIT(V16, V20) \
	SPLIT(V17, V21) \
	SPLIT(V18, V22) \
	SPLIT(V19, V23)

#define PRODUCT(low, high, sum) \
	VTBL low.B16, [V24.B16], V26.B16  \
	VTBL high.B16, [V25.B16], V27.B16 \
	VEOR V26.B16, sum.B16, sum.B16    \
	VEOR V27.B16, sum.B16, sum.B16

// ROW adds the product of the source and the next coefficient of a row to its sums.
#define ROW(c, a, b, d, e) \
	MOVBU.P 1(c), R12          \
	ADD     R12<<5, R0, R12    \
	VLD1    (R12), [V24.B16, V25.B16] \
	PRODUCT(V16, V20, a)       \
	PRODUCT(V17, V21, b)       \
	PRODUCT(V18, V22, d)       \
	PRODUCT(V19, V23, e)

#define CLEAR(a, b, d, e) \
	VEOR a.B16, a.B16, a.B16 \
	VEOR b.B16, b.B16, b.B16 \
	VEOR d.B16, d.B16, d.B16 \
	VEOR e.B16, e.B16, e.B16

// WRITE writes the sums of a row to the next destination: added to what is there if V29 is all ones, and only where the
// mask in V24 to V27 says so.
#define WRITE(a, b, d, e) \
	MOVD.P 24(R13), R12 \
	ADD    R8, R12, R12 \
	VLD1   (R12), [V16.B16, V17.B16, V18.B16, V19.B16] \
	VAND   V16.B16, V29.B16, V20.B16 \
	VAND   V17.B16, V29.B16, V21.B16 \
	VAND   V18.B16, V29.B16, V22.B16 \
	VAND   V19.B16, V29.B16, V23.B16 \
	VEOR   V20.B16, a.B16, a.B16     \
	VEOR   V21.B16, b.B16, b.B16     \
	VEOR   V22.B16, d.B16, d.B16     \
	VEOR   V23.B16, e.B16, e.B16     \
	VBIT   V24.B16, a.B16, V16.B16   \
	VBIT   V25.B16, b.B16, V17.B16   \
	VBIT   V26.B16, d.B16, V18.B16   \
	VBIT   V27.B16, e.B16, V19.B16   \
	VST1   [V16.B16, V17.B16, V18.B16, V19.B16], (R12)

#define ROW1 ROW(R1, V0, V1, V2, V3)
#define ROW2 ROW(R2, V4, V5, V6, V7)
#define ROW3 ROW(R3, V8, V9, V10, V11)
#define ROW4 ROW(R4, V12, V13, V14, V15)
#define CLEAR1 CLEAR(V0, V1, V2, V3)
#define CLEAR2 CLEAR(V4, V5, V6, V7)
#define CLEAR3 CLEAR(V8, V9, V10, V11)
#define CLEAR4 CLEAR(V12, V13, V14, V15)
#define WRITE1 WRITE(V0, V1, V2, V3)
#define WRITE2 WRITE(V4, V5, V6, V7)
#define WRITE3 WRITE(V8, V9, V10, V11)
#define WRITE4 WRITE(V12, V13, V14, V15)

// BEGIN loads the parameters. V29 is all ones if the products are added to what is there.
#define BEGIN \
	MOVD  table+0(FP), R0    \
	MOVD  rows+8(FP), R15    \
	MOVD  columns+16(FP), R5 \
	MOVD  srcs+24(FP), R6    \
	MOVD  dsts+32(FP), R7    \
	MOVD  offset+40(FP), R8  \
	MOVD  n+48(FP), R9       \
	MOVD  blend+56(FP), R10  \
	MOVBU add+64(FP), R11    \
	NEG   R11, R11           \
	VDUP  R11, V29.D2        \
	VMOVI $15, V30.B16

// STRIP begins a strip, at the first coefficient of each row.
#define STRIP \
	MOVD R15, R1     \
	ADD  R5, R1, R2  \
	ADD  R5, R2, R3  \
	ADD  R5, R3, R4  \
	MOVD R6, R13     \
	MOVD R5, R14

// SUMMED prepares for WRITE.
#define SUMMED \
	MOVD R7, R13 \
	VLD1 (R10), [V24.B16, V25.B16, V26.B16, V27.B16]

// func multiply1NEON(table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool)
TEXT ·multiply1NEON(SB), NOSPLIT, $0-65
	BEGIN

strip:
	STRIP
	CLEAR1

source:
	SOURCE
	ROW1
	SUBS $1, R14
	BNE  source
	SUMMED
	WRITE1
	ADD  $64, R8
	SUBS $64, R9
	BNE  strip
	RET

// func multiply2NEON(table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool)
TEXT ·multiply2NEON(SB), NOSPLIT, $0-65
	BEGIN

strip:
	STRIP
	CLEAR1
	CLEAR2

source:
	SOURCE
	ROW1
	ROW2
	SUBS $1, R14
	BNE  source
	SUMMED
	WRITE1
	WRITE2
	ADD  $64, R8
	SUBS $64, R9
	BNE  strip
	RET

// func multiply3NEON(table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool)
TEXT ·multiply3NEON(SB), NOSPLIT, $0-65
	BEGIN

strip:
	STRIP
	CLEAR1
	CLEAR2
	CLEAR3

source:
	SOURCE
	ROW1
	ROW2
	ROW3
	SUBS $1, R14
	BNE  source
	SUMMED
	WRITE1
	WRITE2
	WRITE3
	ADD  $64, R8
	SUBS $64, R9
	BNE  strip
	RET

// func multiply4NEON(table *[2][16]byte, rows *byte, columns int, srcs, dsts *[]byte, offset, n int, blend *byte, add bool)
TEXT ·multiply4NEON(SB), NOSPLIT, $0-65
	BEGIN

strip:
	STRIP
	CLEAR1
	CLEAR2
	CLEAR3
	CLEAR4

source:
	SOURCE
	ROW1
	ROW2
	ROW3
	ROW4
	SUBS $1, R14
	BNE  source
	SUMMED
	WRITE1
	WRITE2
	WRITE3
	WRITE4
	ADD  $64, R8
	SUBS $64, R9
	BNE  strip
	RET
