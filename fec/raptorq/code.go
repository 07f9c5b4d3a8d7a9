package raptorq

import (
	"sort"

	"github.com/flute-node/flute-node/fec/internal/inactivation"
)

// The limits of the code.
const (
	maxSymbols = 56403   // K: K'_max (RFC 6330, section 5.1.2)
	maxESI     = 1 << 24 // ESIs are below it (RFC 6330, section 3.2)
	maxDegree  = 30      // d of a tuple (RFC 6330, section 5.3.5.2)
)

// parameter is a line of table 2 (RFC 6330, section 5.6).
type parameter struct {
	k    uint32 // K'
	j    uint32 // J(K'), the systematic index
	s, h uint32 // LDPC and HDPC symbols
	w    uint32 // LT symbols
}

// extended returns K' for a source block of 1 to maxSymbols symbols: "the smallest value that is greater than or equal
// to K" (RFC 6330, section 5.3.1).
func extended(k int) int { return int(lookup(k).k) }

// lookup returns the line of table 2 for k source symbols, 1 to maxSymbols.
func lookup(k int) *parameter {
	return &parameters[sort.Search(len(parameters)-1, func(i int) bool { return parameters[i].k >= uint32(k) })]
}

// code holds what follows from K' (RFC 6330, section 5.3.3.3). It is immutable.
type code struct {
	parameter
	l      uint32 // L, intermediate symbols
	p      uint32 // P, PI symbols
	p1     uint32 // P1, the smallest prime that is not below P
	ta, tb uint32 // A and B of the tuple generator
}

func newCode(k int) *code {
	c := &code{parameter: *lookup(k)}
	c.l = c.k + c.s + c.h
	c.p = c.l - c.w
	c.p1 = nextPrime(c.p)
	// RFC 6330, section 5.3.5.4: A = 53591 + J*997, if (A % 2 == 0) { A = A + 1 }, B = 10267*(J+1)
	c.ta = (53591 + c.j*997) | 1
	c.tb = 10267 * (c.j + 1)
	return c
}

// nextPrime returns the smallest prime that is at least n.
func nextPrime(n uint32) uint32 {
	for n = max(n, 2); ; n++ {
		prime := true
		for d := uint32(2); d*d <= n && prime; d++ {
			prime = n%d != 0
		}
		if prime {
			return n
		}
	}
}

// random is the random number generator Rand[y, i, m] (RFC 6330, section 5.3.5.1).
func random(y uint32, i uint8, m uint32) uint32 {
	return (v0[uint8(y)+i] ^ v1[uint8(y>>8)+i] ^ v2[uint8(y>>16)+i] ^ v3[uint8(y>>24)+i]) % m
}

// degree is the degree generator Deg[v] (RFC 6330, section 5.3.5.2).
func (c *code) degree(v uint32) uint32 {
	d := 0
	for v >= thresholds[d] {
		d++
	}
	return min(uint32(d)+1, c.w-2)
}

// tuple is what the tuple generator makes of an ISI (RFC 6330, section 5.3.5.4).
type tuple struct{ d, a, b, d1, a1, b1 uint32 }

func (c *code) tuple(isi uint32) (t tuple) {
	y := c.tb + isi*c.ta
	t.d = c.degree(random(y, 0, 1<<20))
	t.a = 1 + random(y, 1, c.w-1)
	t.b = random(y, 2, c.w)
	t.d1 = 2
	if t.d < 4 {
		t.d1 += random(isi, 3, 2)
	}
	t.a1 = 1 + random(isi, 4, c.p1-1)
	t.b1 = random(isi, 5, c.p1)
	return t
}

// appendLT appends the intermediate symbols whose sum is the encoding symbol with an ISI (RFC 6330, section 5.3.5.3).
// They differ: W and P1 are primes.
func (c *code) appendLT(columns []uint16, isi uint32) []uint16 {
	t := c.tuple(isi)
	columns = append(columns, uint16(t.b))
	for range t.d - 1 {
		if t.b += t.a; t.b >= c.w {
			t.b -= c.w
		}
		columns = append(columns, uint16(t.b))
	}
	for range t.d1 {
		for t.b1 >= c.p {
			t.b1 = (t.b1 + t.a1) % c.p1
		}
		columns = append(columns, uint16(c.w+t.b1))
		t.b1 = (t.b1 + t.a1) % c.p1
	}
	return columns
}

// fixed returns the LDPC relations (RFC 6330, section 5.3.3.3).
func (c *code) fixed() (rows inactivation.Rows) {
	b := c.w - c.s
	relations := make([][]uint16, c.s)
	for i := range relations {
		relations[i] = make([]uint16, 0, 3*(b/c.s+1)+3)
	}
	for i := range b {
		a, at := 1+i/c.s, i%c.s
		for range 3 {
			relations[at] = append(relations[at], uint16(i))
			at = (at + a) % c.s
		}
	}
	for i := range c.s {
		rows.Append(append(relations[i], uint16(b+i), uint16(c.w+i%c.p), uint16(c.w+(i+1)%c.p))...)
	}
	return rows
}

// dense returns the HDPC relations (RFC 6330, section 5.3.3.3).
func (c *code) dense() inactivation.Dense {
	d := inactivation.Dense{Alpha: true, Pairs: make([][2]uint8, c.k+c.s-1), Last: make([]byte, c.h)}
	for j := range d.Pairs {
		first := random(uint32(j)+1, 6, c.h)
		second := (first + random(uint32(j)+1, 7, c.h-1) + 1) % c.h
		d.Pairs[j] = [2]uint8{uint8(first), uint8(second)}
	}
	power := uint32(1)
	for i := range d.Last {
		d.Last[i] = byte(power)
		if power <<= 1; power > 255 {
			power ^= 0x11D
		}
	}
	return d
}

// size returns the dimensions of the matrix for k' source symbols.
func size(k int) inactivation.Size {
	p := lookup(k)
	l := p.k + p.s + p.h
	return inactivation.Size{
		Source: int(p.k), Columns: int(l), Inactive: int(l - p.w), Fixed: int(p.s), Dense: int(p.h),
		Cells: 3 * int(p.w), Degree: maxDegree + 3,
	}
}

// matrix returns the matrix for k' source symbols.
func matrix(k int) *inactivation.Code {
	c := newCode(k)
	return &inactivation.Code{Size: size(k), Fixed: c.fixed(), Dense: c.dense(), LT: c.appendLT}
}
