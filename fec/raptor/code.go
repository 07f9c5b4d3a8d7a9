package raptor

import "math/bits"

// The limits of the code.
const (
	minSymbols = 4     // K: the table of systematic indices starts here (RFC 5053, section 5.7)
	maxSymbols = 8192  // K: Kmax (RFC 5053, section 5.1.2)
	modulus    = 65521 // Q (RFC 5053, section 5.4.4.4)
)

// code holds what follows from K, the number of source symbols of a source block. Intermediate symbols are numbered as
// in RFC 5053, section 5.4.2.3: k of any kind, s LDPC symbols, h Half symbols, l altogether. It is immutable.
type code struct {
	k, s, h, l int
	prime      uint32 // L', the smallest prime that is not below l
	a, b       uint32 // A and B of the triple generator
}

// newCode returns the code for k source symbols, minSymbols to maxSymbols.
func newCode(k int) code {
	// RFC 5053, section 5.4.2.3: X be the smallest positive integer such that X*(X-1) >= 2*K.
	x := 1
	for x*(x-1) < 2*k {
		x++
	}
	c := code{k: k}
	// S be the smallest prime integer such that S >= ceil(0.01*K) + X
	c.s = nextPrime((k+99)/100 + x)
	// H be the smallest integer such that choose(H,ceil(H/2)) >= K + S
	for c.h = 1; central(c.h) < k+c.s; {
		c.h++
	}
	c.l = k + c.s + c.h
	c.prime = uint32(nextPrime(c.l))
	// RFC 5053, section 5.4.4.4: A = (53591 + J(K)*997) % Q, B = 10267*(J(K)+1) % Q
	j := uint32(systematic[k-minSymbols])
	c.a = (53591 + j*997) % modulus
	c.b = 10267 * (j + 1) % modulus
	return c
}

// nextPrime returns the smallest prime that is at least n.
func nextPrime(n int) int {
	for n = max(n, 2); ; n++ {
		prime := true
		for d := 2; d*d <= n && prime; d++ {
			prime = n%d != 0
		}
		if prime {
			return n
		}
	}
}

// central returns choose(h, ceil(h/2)).
func central(h int) int {
	c := 1
	for i := range (h + 1) / 2 {
		c = c * (h - i) / (i + 1)
	}
	return c
}

// random is the random generator Rand[X, i, m] (RFC 5053, section 5.4.4.1).
func random(x, i, m uint32) uint32 { return (v0[(x+i)&255] ^ v1[(x>>8+i)&255]) % m }

// degree is the degree generator Deg[v] (RFC 5053, section 5.4.4.2).
func degree(v uint32) uint32 {
	switch {
	case v < 10241:
		return 1
	case v < 491582:
		return 2
	case v < 712794:
		return 3
	case v < 831695:
		return 4
	case v < 948446:
		return 10
	case v < 1032189:
		return 11
	}
	return 40
}

// triple is the triple generator Trip[K, X] (RFC 5053, section 5.4.4.4). ESIs are taken modulo Q, whence 65521 and
// above repeat the first encoding symbols.
func (c *code) triple(esi uint32) (d, a, b uint32) {
	y := uint32((uint64(c.b) + uint64(esi)*uint64(c.a)) % modulus)
	return degree(random(y, 0, 1<<20)), 1 + random(y, 1, c.prime-1), random(y, 2, c.prime)
}

// appendLT appends the intermediate symbols, each once, whose sum is encoding symbol esi (RFC 5053, section 5.4.4.3).
func (c *code) appendLT(rows []uint16, esi uint32) []uint16 {
	d, a, b := c.triple(esi)
	l := uint32(c.l)
	for range min(d, l) {
		for b >= l {
			if b += a; b >= c.prime {
				b -= c.prime
			}
		}
		rows = append(rows, uint16(b))
		if b += a; b >= c.prime {
			b -= c.prime
		}
	}
	return rows
}

// ldpc returns the LDPC symbols, counted from 0, whose sums intermediate symbol i < k is in (RFC 5053, section
// 5.4.2.3).
func (c *code) ldpc(i int) [3]int {
	a, b := 1+i/c.s%(c.s-1), i%c.s
	return [3]int{b, (b + a) % c.s, (b + 2*a) % c.s}
}

// half calls f for each intermediate symbol but the Half symbols, in order, with the set of Half symbols whose sums it
// is in: bit h of m[j,H'] (RFC 5053, section 5.4.2.3).
func (c *code) half(f func(j int, set uint32)) {
	for i, j := uint32(1), 0; j < c.k+c.s; i++ {
		// g[i] = i ^ (floor(i/2)); those with H' = ceil(H/2) non-zero bits make up the sequence.
		if g := i ^ i>>1; bits.OnesCount32(g) == (c.h+1)/2 {
			f(j, g)
			j++
		}
	}
}
