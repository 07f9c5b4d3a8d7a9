//go:build !purego

#include "textflag.h"

// The functions of sums take at least 16 bytes. Strips of 128, then of 16 bytes of the destination stay in registers while all
// sources are added. The last 16 bytes are a strip of their own, computed first and written last: they may overlap others.
//
// R0 is where the destination goes on, R1 how many bytes are left, R2 how far the strip is from the start, R3 and R4 how to
// find a source, R5 the count, R6 whether to add. R7, R8, R9 are lost.

// NEXTREGION puts the address of the next source's strip in R9; R7 is at the source.
#define NEXTREGION \
	MOVD.P 24(R7), R9 \
	ADD    R2, R9, R9

// NEXTROW does that where R7 is at the number of the row, R3 is the slab and R4 the stride.
#define NEXTROW \
	MOVWU.P 4(R7), R9     \
	MADD    R4, R3, R9, R9 \
	ADD     R2, R9, R9

// CLEAR8 clears the sums of a strip of 128 bytes.
#define CLEAR8 \
	VEOR V0.B16, V0.B16, V0.B16 \
	VEOR V1.B16, V1.B16, V1.B16 \
	VEOR V2.B16, V2.B16, V2.B16 \
	VEOR V3.B16, V3.B16, V3.B16 \
	VEOR V4.B16, V4.B16, V4.B16 \
	VEOR V5.B16, V5.B16, V5.B16 \
	VEOR V6.B16, V6.B16, V6.B16 \
	VEOR V7.B16, V7.B16, V7.B16

// ADD8 adds 128 bytes at R9.
#define ADD8 \
	VLD1.P 64(R9), [V16.B16, V17.B16, V18.B16, V19.B16] \
	VLD1   (R9), [V20.B16, V21.B16, V22.B16, V23.B16]   \
	VEOR   V16.B16, V0.B16, V0.B16 \
	VEOR   V17.B16, V1.B16, V1.B16 \
	VEOR   V18.B16, V2.B16, V2.B16 \
	VEOR   V19.B16, V3.B16, V3.B16 \
	VEOR   V20.B16, V4.B16, V4.B16 \
	VEOR   V21.B16, V5.B16, V5.B16 \
	VEOR   V22.B16, V6.B16, V6.B16 \
	VEOR   V23.B16, V7.B16, V7.B16

// ADD1 adds 16 bytes at R9 to sum.
#define ADD1(sum) \
	VLD1 (R9), [V16.B16] \
	VEOR V16.B16, sum.B16, sum.B16

// SUMS is the body of both functions: NEXT and START are how to find the next source, and all of them again in R7.
#define SUMS(NEXT, START) \
	SUB  $16, R1, R2             \
	ADD  R2, R0, R10             \
	VEOR V31.B16, V31.B16, V31.B16 \
	CBZ  R6, lastsources         \
	MOVD R10, R9                 \
	ADD1(V31)                    \
lastsources:                         \
	START                        \
	MOVD R5, R8                  \
last:                                \
	NEXT                         \
	ADD1(V31)                    \
	SUBS $1, R8                  \
	BNE  last                    \
	MOVD $0, R2                  \
strip:                               \
	CMP  $128, R1                \
	BLT  single                  \
	CLEAR8                       \
	CBZ  R6, sources             \
	MOVD R0, R9                  \
	ADD8                         \
sources:                             \
	START                        \
	MOVD R5, R8                  \
source:                              \
	NEXT                         \
	ADD8                         \
	SUBS $1, R8                  \
	BNE  source                  \
	VST1.P [V0.B16, V1.B16, V2.B16, V3.B16], 64(R0) \
	VST1.P [V4.B16, V5.B16, V6.B16, V7.B16], 64(R0) \
	ADD  $128, R2                \
	SUB  $128, R1                \
	B    strip                   \
single:                              \
	CMP  $16, R1                 \
	BLT  tail                    \
	VEOR V0.B16, V0.B16, V0.B16  \
	CBZ  R6, singlesources       \
	MOVD R0, R9                  \
	ADD1(V0)                     \
singlesources:                       \
	START                        \
	MOVD R5, R8                  \
singlesource:                        \
	NEXT                         \
	ADD1(V0)                     \
	SUBS $1, R8                  \
	BNE  singlesource            \
	VST1.P [V0.B16], 16(R0)      \
	ADD  $16, R2                 \
	SUB  $16, R1                 \
	B    single                  \
tail:                                \
	VST1 [V31.B16], (R10)        \
	RET

#define STARTREGIONS MOVD R3, R7
#define STARTROWS MOVD R11, R7

// func sumRegionsNEON(dst *byte, n int, srcs *[]byte, count int, add bool)
TEXT ·sumRegionsNEON(SB), NOSPLIT, $0-33
	MOVD  dst+0(FP), R0
	MOVD  n+8(FP), R1
	MOVD  srcs+16(FP), R3
	MOVD  count+24(FP), R5
	MOVBU add+32(FP), R6
	SUMS(NEXTREGION, STARTREGIONS)

// func sumRowsNEON(dst *byte, n int, base *byte, stride int, rows *uint32, count int, add bool)
TEXT ·sumRowsNEON(SB), NOSPLIT, $0-49
	MOVD  dst+0(FP), R0
	MOVD  n+8(FP), R1
	MOVD  base+16(FP), R3
	MOVD  stride+24(FP), R4
	MOVD  rows+32(FP), R11
	MOVD  count+40(FP), R5
	MOVBU add+48(FP), R6
	SUMS(NEXTROW, STARTROWS)
