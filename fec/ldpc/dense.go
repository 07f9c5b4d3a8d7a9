package ldpc

import (
	"encoding/binary"
	"math/bits"

	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// dense is a system of linear equations over GF(2), one bit for each coefficient, in the form L*U = A: each equation
// has a lead, the first unknown that no equation before it has as its lead. A bit in front of its lead says that the
// equation with that lead was added to it; a bit behind it is the coefficient of that unknown.
type dense struct {
	size      int      // unknowns
	stride    int      // bytes of an equation
	bits      []byte   // little endian words
	equations []uint32 // the parity check row of each
	leads     []uint32 // of each equation
	led       []uint32 // of each unknown: the equation with this lead, or none
	behind    []uint64 // of each unknown that is a lead: the bits behind it in the same word
	rows      []uint32 // equations to be added at once
}

// denseStride returns the bytes of an equation: whole words, and aligned where that is worth it.
func denseStride(size int) int {
	if n := (size + 63) / 64 * 8; n <= 128 {
		return n
	}
	return strideOf((size + 7) / 8)
}

// reset makes room for size equations, and one more for that at hand.
func (d *dense) reset(size int) {
	d.size, d.stride = size, denseStride(size)
	d.bits = resize(d.bits, (size+1)*d.stride)
	d.equations, d.leads, d.led = resize(d.equations, size)[:0], resize(d.leads, size)[:0], resize(d.led, size)
	d.behind, d.rows = resize(d.behind, size), resize(d.rows, size)[:0]
	for i := range d.led {
		d.led[i] = none
	}
}

func (d *dense) rank() int { return len(d.leads) }

// room returns where the next equation is to be written.
func (d *dense) room() []byte { return d.row(len(d.leads)) }

func (d *dense) row(i int) []byte { return d.bits[i*d.stride : (i+1)*d.stride] }

// add takes the equation in room, the one of a parity check row, and reports whether it says anything new.
func (d *dense) add(row uint32) bool {
	b := d.room()
	for at := 0; at < len(b); at += 8 {
		word := binary.LittleEndian.Uint64(b[at:])
		if word == 0 {
			continue
		}
		d.rows = d.rows[:0]
		first, lead := uint32(at)*8, none
		for left := word; left != 0; left = word &^ (left ^ (left - 1)) {
			c := first + uint32(bits.TrailingZeros64(left))
			if d.led[c] == none {
				lead = c
				break
			}
			word ^= d.behind[c]
			d.rows = append(d.rows, d.led[c])
		}
		binary.LittleEndian.PutUint64(b[at:], word)
		if rest := b[at+8:]; len(rest) > 0 {
			kernel.SumRows(rest, d.bits[at+8:], d.stride, d.rows)
		}
		if lead != none {
			d.led[lead], d.behind[lead] = uint32(len(d.leads)), word&(^uint64(1)<<(lead%64))
			d.leads, d.equations = append(d.leads, lead), append(d.equations, row)
			return true
		}
	}
	return false
}

// solve turns the right sides of the equations into the unknowns: column bytes from to before to of a slab whose row i
// belongs to equation i before and to the unknown that it leads after. rows is memory for as many numbers as there are
// unknowns.
func (d *dense) solve(slab []byte, stride, from, to int, rows []uint32) {
	for i, lead := range d.leads {
		rows = d.in(rows[:0], i, 0, int(lead))
		kernel.SumRows(slab[i*stride+from:i*stride+to], slab[from:], stride, rows)
	}
	for lead := d.size - 1; lead >= 0; lead-- {
		i := int(d.led[lead])
		rows = d.in(rows[:0], i, lead+1, d.size)
		kernel.SumRows(slab[i*stride+from:i*stride+to], slab[from:], stride, rows)
	}
}

// in appends the equations whose leads are bits of equation i from first to before end.
func (d *dense) in(rows []uint32, i, first, end int) []uint32 {
	b := d.row(i)
	for at := first / 64; at*64 < end; at++ {
		v := binary.LittleEndian.Uint64(b[at*8:])
		if at*64 < first {
			v &= ^uint64(0) << (first % 64)
		}
		if end-at*64 < 64 {
			v &= 1<<(end-at*64) - 1
		}
		for ; v != 0; v &= v - 1 {
			rows = append(rows, d.led[at*64+bits.TrailingZeros64(v)])
		}
	}
	return rows
}
