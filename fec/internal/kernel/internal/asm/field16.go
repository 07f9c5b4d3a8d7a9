package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Elements of 16 bits have the high byte first. Within each lane of 16 bytes the high bytes are brought together in
// front of the low ones; a second copy has them the other way round. A coefficient is a matrix of 16 x 16 bits in four
// blocks: those on the diagonal multiply the first, the others the second.

var (
	apart    = []byte{0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15}
	together = []byte{0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15}
)

// multiply16 makes the products over GF(2^m), m up to 16, with matrices of GFNI.
func multiply16() {
	takeApart, putTogether := constant("apart", apart), constant("together", together)
	for rows := 1; rows <= 4; rows++ {
		var shuffle reg.VecVirtual
		name := fmt.Sprintf("multiply16x%dAVX512", rows)
		p := &product{
			name:      name,
			signature: "func(rows *uint64, columns int, srcs, dsts *[]byte, offset, n int, add bool)",
			doc:       name + " " + fmt.Sprintf(productDoc, rows) + " Elements have 16 bits.",
			vector:    zmm, rows: rows, width: 4, unit: 32,
			begin: func() {
				shuffle = ZMM()
				VBROADCASTI32X4(takeApart, shuffle)
			},
			split: func(x []reg.VecVirtual) [][]reg.VecVirtual {
				swapped := zmm.registers(len(x))
				for i, r := range x {
					VPSHUFB(shuffle, r, r)
					VPSHUFD(U8(0x4e), r, swapped[i])
				}
				return [][]reg.VecVirtual{x, swapped}
			},
			multiply: func(m Mem, x [][]reg.VecVirtual, acc []reg.VecVirtual) {
				diagonal, across := ZMM(), ZMM()
				VBROADCASTI64X2(m, diagonal)
				m.Disp += 16
				VBROADCASTI64X2(m, across)
				for i, r := range acc {
					t, u := ZMM(), ZMM()
					VGF2P8AFFINEQB(U8(0), diagonal, x[0][i], t)
					VGF2P8AFFINEQB(U8(0), across, x[1][i], u)
					VPTERNLOGQ(U8(0x96), t, u, r)
				}
			},
			join: func(r reg.VecVirtual) {
				s := ZMM()
				VBROADCASTI32X4(putTogether, s)
				VPSHUFB(s, r, r)
			},
		}
		p.masked()
	}
}
