package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// eachLevel runs f for each implementation that this CPU has, and for the one in Go.
func eachLevel(t *testing.T, f func(t *testing.T, l level)) {
	t.Helper()
	all := slices.Compact(append([]level{portable}, levels()...))
	for _, l := range all {
		t.Run(l.String(), func(t *testing.T) { f(t, l) })
	}
}

// lengths are those of most tests: all short ones, and those around usual symbols.
func lengths() []int {
	var n []int
	for i := range 301 {
		n = append(n, i)
	}
	return append(n, 383, 384, 385, 400, 415, 416, 417, 511, 512, 513, 1023, 1024, 1025, 1400, 1408, 1472, 1536, 1537,
		1600, 3072, 4096, 4098)
}

// even are the even ones.
func even(lengths []int) []int {
	return slices.DeleteFunc(slices.Clone(lengths), func(n int) bool { return n%2 != 0 })
}

const guard = 0xA5

// guarded is a destination with guard bytes around it.
type guarded struct {
	all  []byte
	data []byte
}

// newGuarded returns n random bytes at an address that is shift beyond what make returns, with guard bytes around.
func newGuarded(r *rand.Rand, n, shift int) guarded {
	const margin = 128
	all := bytes.Repeat([]byte{guard}, margin+shift+n+margin)
	g := guarded{all, all[margin+shift : margin+shift+n : margin+shift+n]}
	fill(r, g.data)
	return g
}

// check fails the test unless the data are as wanted and the guard bytes as they were.
func (g guarded) check(t *testing.T, want []byte, format string, a ...any) {
	t.Helper()
	if !bytes.Equal(g.data, want) {
		i := 0
		for g.data[i] == want[i] {
			i++
		}
		t.Fatalf("%s: byte %d of %d is %#x, want %#x", fmt.Sprintf(format, a...), i, len(want), g.data[i], want[i])
	}
	before := len(g.all) - cap(g.data) - 128
	for i, b := range g.all {
		if (i < before || i >= before+len(g.data)) && b != guard {
			t.Fatalf("%s: byte %d of a destination of %d was written", fmt.Sprintf(format, a...), i-before, len(want))
		}
	}
}

func fill(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// symbols returns n random symbols of size bytes at addresses of all alignments.
func symbols(r *rand.Rand, n, size int) [][]byte {
	s := make([][]byte, n)
	for i := range s {
		s[i] = newGuarded(r, size, i*7%64).data
	}
	return s
}

// multiplySlowly multiplies two elements of the field with the given polynomial bit by bit, as polynomials, and divides
// what comes out. It is a derivation of its own: nothing in it is from the package.
func multiplySlowly(a, b, poly uint32) uint32 {
	var p uint64
	for i := range 32 {
		if b>>i&1 != 0 {
			p ^= uint64(a) << i
		}
	}
	degree := 31
	for poly>>degree&1 == 0 {
		degree--
	}
	for i := 63; i >= degree; i-- {
		if p>>i&1 != 0 {
			p ^= uint64(poly) << (i - degree)
		}
	}
	return uint32(p)
}

// xorSlowly returns a ^ b.
func xorSlowly(a, b []byte) []byte {
	c := make([]byte, len(a))
	for i := range c {
		c[i] = a[i] ^ b[i]
	}
	return c
}

// productsSlowly are all products of GF(2^8)/0x11D.
var productsSlowly = sync.OnceValue(func() *[256][256]byte {
	var p [256][256]byte
	for a := range p {
		for b := range p {
			p[a][b] = byte(multiplySlowly(uint32(a), uint32(b), 0x11D))
		}
	}
	return &p
})

// scaleSlowly returns c*a over GF(2^8)/0x11D.
func scaleSlowly(a []byte, c byte) []byte {
	p, products := make([]byte, len(a)), productsSlowly()
	for i := range p {
		p[i] = products[c][a[i]]
	}
	return p
}

// scale16Slowly returns c*a for big-endian elements of 16 bits.
func scale16Slowly(a []byte, c uint16, poly uint32) []byte {
	p := make([]byte, len(a))
	for i := 0; i < len(p); i += 2 {
		x := multiplySlowly(uint32(a[i])<<8|uint32(a[i+1]), uint32(c), poly)
		p[i], p[i+1] = byte(x>>8), byte(x)
	}
	return p
}
