//go:build !purego

#include "textflag.h"

// Bytes 15, to take the low half of each byte.
#define NIBBLES V30

// MULTIPLY(x): x = c*x. The products of the coefficient are in V28 (of the low half) and V29. V27 is lost.
#define MULTIPLY(x) \
	VUSHR $4, x.B16, V27.B16         \
	VAND  NIBBLES.B16, x.B16, x.B16  \
	VTBL  x.B16, [V28.B16], x.B16    \
	VTBL  V27.B16, [V29.B16], V27.B16 \
	VEOR  V27.B16, x.B16, x.B16

// The functions of regions take at least 16 bytes. The last 16 are computed first, from what dst was, and written last: they
// may overlap what is done before. R0 is dst, R1 src, R2 the number of bytes, R3 where the last 16 begin.

// func xorNEON(dst, src *byte, n int)
TEXT ·xorNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	SUB  $16, R2, R4
	ADD  R4, R0, R3
	ADD  R4, R1, R5
	VLD1 (R3), [V16.B16]
	VLD1 (R5), [V17.B16]
	VEOR V17.B16, V16.B16, V16.B16

loop:
	CMP    $64, R2
	BLT    single
	VLD1   (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	VEOR   V4.B16, V0.B16, V0.B16
	VEOR   V5.B16, V1.B16, V1.B16
	VEOR   V6.B16, V2.B16, V2.B16
	VEOR   V7.B16, V3.B16, V3.B16
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUB    $64, R2
	B      loop

single:
	CMP    $16, R2
	BLT    tail
	VLD1   (R0), [V0.B16]
	VLD1.P 16(R1), [V4.B16]
	VEOR   V4.B16, V0.B16, V0.B16
	VST1.P [V0.B16], 16(R0)
	SUB    $16, R2
	B      single

tail:
	VST1 [V16.B16], (R3)
	RET

// func mulXorNEON(dst, src *byte, c *[2][16]byte, n int)
TEXT ·mulXorNEON(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  c+16(FP), R6
	MOVD  n+24(FP), R2
	VLD1  (R6), [V28.B16, V29.B16]
	VMOVI $15, NIBBLES.B16
	SUB   $16, R2, R4
	ADD   R4, R0, R3
	ADD   R4, R1, R5
	VLD1  (R3), [V16.B16]
	VLD1  (R5), [V17.B16]
	MULTIPLY(V17)
	VEOR  V17.B16, V16.B16, V16.B16

loop:
	CMP    $64, R2
	BLT    single
	VLD1   (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	MULTIPLY(V4)
	MULTIPLY(V5)
	MULTIPLY(V6)
	MULTIPLY(V7)
	VEOR   V4.B16, V0.B16, V0.B16
	VEOR   V5.B16, V1.B16, V1.B16
	VEOR   V6.B16, V2.B16, V2.B16
	VEOR   V7.B16, V3.B16, V3.B16
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUB    $64, R2
	B      loop

single:
	CMP    $16, R2
	BLT    tail
	VLD1   (R0), [V0.B16]
	VLD1.P 16(R1), [V4.B16]
	MULTIPLY(V4)
	VEOR   V4.B16, V0.B16, V0.B16
	VST1.P [V0.B16], 16(R0)
	SUB    $16, R2
	B      single

tail:
	VST1 [V16.B16], (R3)
	RET

// func mulNEON(dst *byte, c *[2][16]byte, n int)
TEXT ·mulNEON(SB), NOSPLIT, $0-24
	MOVD  dst+0(FP), R0
	MOVD  c+8(FP), R6
	MOVD  n+16(FP), R2
	VLD1  (R6), [V28.B16, V29.B16]
	VMOVI $15, NIBBLES.B16
	SUB   $16, R2, R4
	ADD   R4, R0, R3
	VLD1  (R3), [V16.B16]
	MULTIPLY(V16)

loop:
	CMP    $64, R2
	BLT    single
	VLD1   (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	MULTIPLY(V0)
	MULTIPLY(V1)
	MULTIPLY(V2)
	MULTIPLY(V3)
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUB    $64, R2
	B      loop

single:
	CMP    $16, R2
	BLT    tail
	VLD1   (R0), [V0.B16]
	MULTIPLY(V0)
	VST1.P [V0.B16], 16(R0)
	SUB    $16, R2
	B      single

tail:
	VST1 [V16.B16], (R3)
	RET

// func alphaXorNEON(dst, src *byte, c *[2][16]byte, n int)
TEXT ·alphaXorNEON(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  c+16(FP), R6
	MOVD  n+24(FP), R2
	VLD1  (R6), [V28.B16, V29.B16]
	VMOVI $15, NIBBLES.B16
	SUB   $16, R2, R4
	ADD   R4, R0, R3
	ADD   R4, R1, R5
	VLD1  (R3), [V16.B16]
	VLD1  (R5), [V17.B16]
	MULTIPLY(V16)
	VEOR  V17.B16, V16.B16, V16.B16

loop:
	CMP    $64, R2
	BLT    single
	VLD1   (R0), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P 64(R1), [V4.B16, V5.B16, V6.B16, V7.B16]
	MULTIPLY(V0)
	MULTIPLY(V1)
	MULTIPLY(V2)
	MULTIPLY(V3)
	VEOR   V4.B16, V0.B16, V0.B16
	VEOR   V5.B16, V1.B16, V1.B16
	VEOR   V6.B16, V2.B16, V2.B16
	VEOR   V7.B16, V3.B16, V3.B16
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0)
	SUB    $64, R2
	B      loop

single:
	CMP    $16, R2
	BLT    tail
	VLD1   (R0), [V0.B16]
	VLD1.P 16(R1), [V4.B16]
	MULTIPLY(V0)
	VEOR   V4.B16, V0.B16, V0.B16
	VST1.P [V0.B16], 16(R0)
	SUB    $16, R2
	B      single

tail:
	VST1 [V16.B16], (R3)
	RET
