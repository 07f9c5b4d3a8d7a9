package rs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"
)

// elementsOf cuts b into elements of m bits a second way: it is one large number.
func elementsOf(m uint, b []byte) (elements []uint16) {
	n := new(big.Int).SetBytes(b)
	mask := big.NewInt(1<<m - 1)
	for i := len(b) * 8 / int(m); i > 0; i-- {
		e := new(big.Int).Rsh(n, uint(i-1)*m)
		elements = append(elements, uint16(e.And(e, mask).Uint64()))
	}
	return elements
}

// symbolLengths returns lengths of symbols of whole elements of m bits: short ones, and those around the ends of
// stripes.
func symbolLengths(m uint) (lengths []int) {
	unit := 1
	for unit*8%int(m) != 0 {
		unit++
	}
	stripe := stripeElements / 8 * int(m)
	for _, n := range []int{
		1, 2, 3, 7, 8, 9, 20, 64 / unit, 65 / unit, stripe/unit - 1, stripe / unit, stripe/unit + 1, 2*stripe/unit + 3,
	} {
		if n > 0 {
			lengths = append(lengths, n*unit)
		}
	}
	return lengths
}

func TestPacking(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for m := uint(minBits); m <= maxBits; m++ {
		if !isPacked(m) {
			continue
		}
		p := packing(m)
		for _, length := range symbolLengths(m) {
			src := make([]byte, length)
			for i := range src {
				src[i] = byte(random.Uint32())
			}
			var want []byte
			for _, e := range elementsOf(m, src) {
				if isWide(m) {
					want = binary.BigEndian.AppendUint16(want, e)
				} else {
					want = append(want, byte(e))
				}
			}
			// Nothing is touched behind the ends.
			room := bytes.Repeat([]byte{0xA5}, len(want)+16)
			p.unpack(room[:len(want):len(want)], src[:length:length])
			if p.unpacked(length) != len(want) || !bytes.Equal(room[:len(want)], want) {
				t.Fatalf("m=%d: %x unpacked is %x, want %x", m, src, room[:len(want)], want)
			}
			back := bytes.Repeat([]byte{0xA5}, length+16)
			p.pack(back[:length], want[:len(want):len(want)])
			if !bytes.Equal(back[:length], src) {
				t.Fatalf("m=%d: %x packed is %x, want %x", m, want, back[:length], src)
			}
			for _, b := range append(room[len(want):], back[length:]...) {
				if b != 0xA5 {
					t.Fatalf("m=%d, %d bytes: written behind the end", m, length)
				}
			}
		}
	}
}

func BenchmarkPacking(b *testing.B) {
	for _, m := range []uint{3, 5, 7, 9, 12, 15} {
		p := packing(m)
		src := make([]byte, p.stripe())
		dst := make([]byte, p.unpacked(len(src)))
		b.Run(fmt.Sprintf("unpack/m=%d", m), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				p.unpack(dst, src)
			}
		})
		b.Run(fmt.Sprintf("pack/m=%d", m), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				p.pack(src, dst)
			}
		})
	}
}
