package ldpc

// The generator of Park and Miller (RFC 5170, section 5.7).
const (
	multiplier = 16807
	modulus    = 1<<31 - 1
	maxSeed    = modulus - 1
)

// prng is its state: 1 to maxSeed.
type prng uint32

// raw reduces by D. Carta's observation that 2^31 is 1 modulo 2^31-1.
func (p *prng) raw() uint32 {
	x := uint64(*p) * multiplier
	x = x>>31 + x&modulus
	if x >= modulus {
		x -= modulus
	}
	*p = prng(x)
	return uint32(x)
}

// rand is pmms_rand: a number from 0 to below limit. The order of operations, in double precision, is that of the RFC:
// another one gives other numbers now and then.
func (p *prng) rand(limit int) int {
	return int(float64(limit) * float64(p.raw()) / float64(modulus))
}
