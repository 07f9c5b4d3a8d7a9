package md5many

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is what RFC 6726 carries; it detects errors, not attacks
	"encoding"
	"encoding/binary"
)

const (
	// most is how many contents the assembly takes at a time, at most.
	most = 16
	// block is the size of an MD5 block.
	block = 64
	// atOnce bounds how many blocks one call of the assembly takes, during which its goroutine cannot be preempted.
	atOnce = 1024
)

// states are those of MD5 for several contents: one word of each after the other.
type states [4][most]uint32

// initial are the words A to D of RFC 1321, section 3.3.
var initial = [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}

// sums sets sums[i] to the MD5 of contents[i], of which there are no more than l.width().
func (l level) sums(sums [][md5.Size]byte, contents [][]byte) {
	var state states
	for i := range state {
		for j := range state[i] {
			state[i][j] = initial[i]
		}
	}
	var rest [most][]byte
	var lanes [most]int // the contents that have a block left
	copy(rest[:], contents)
	for {
		n, blocks := 0, atOnce
		for i := range contents {
			if has := len(rest[i]) / block; has > 0 {
				lanes[n] = i
				n++
				blocks = min(blocks, has)
			}
		}
		if n < l.least() {
			break
		}
		l.step(&state, &rest, lanes[:n], blocks)
	}
	for i := range contents {
		sums[i] = state.finish(i, rest[i], len(contents[i]))
	}
}

// step adds blocks of each of lanes to their states, and takes them from rest.
func (l level) step(state *states, rest *[most][]byte, lanes []int, blocks int) {
	var from [most]*byte
	for i := range from {
		from[i] = &rest[lanes[0]][0] // what nobody is in works on that of another
	}
	for _, i := range lanes {
		from[i] = &rest[i][0]
	}
	before := *state
	l.blocks((*[4][most]uint32)(state), &from, blocks)
	for i := range from {
		if len(rest[i]) < block { // it had no block left
			for w := range state {
				state[w][i] = before[w][i]
			}
		}
	}
	for _, i := range lanes {
		rest[i] = rest[i][blocks*block:]
	}
}

// finish adds the last bytes of content i, of size bytes in all, and returns its MD5.
func (s *states) finish(i int, last []byte, size int) (sum [md5.Size]byte) {
	if size == len(last) {
		return md5.Sum(last) //nolint:gosec // see above
	}
	// The form in which crypto/md5 keeps its state: the words, a block that is not full, the bytes so far.
	var form [4 + 4*4 + block + 8]byte
	b := append(form[:0], "md5\x01"...)
	for w := range s {
		b = binary.BigEndian.AppendUint32(b, s[w][i])
	}
	binary.BigEndian.PutUint64(form[len(form)-8:], uint64(size-len(last)))
	h := md5.New() //nolint:gosec // see above
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(form[:]); err != nil {
		panic("md5many: crypto/md5 does not take its own form: " + err.Error()) // TestSums would see it
	}
	h.Write(last)
	h.Sum(sum[:0])
	return sum
}
