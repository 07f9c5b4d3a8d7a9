package rs

//go:generate go run gen.go $RFC5510

// The lengths of an element in bits, m, that there are codes for.
const (
	minBits = 2
	maxBits = 16
)

// field is GF(2^m). Its elements are polynomials in a = x over GF(2), bit i of an element being the coefficient of a^i.
// It is immutable.
type field struct {
	bits  uint
	order int // elements other than 0, and the largest number of encoding symbols of a block: 2^m - 1
	// exp[i] is a^i, also for i = order and the two above it.
	exp []uint16
	// log[x] is the discrete logarithm of x; log[0] is 0, so that a product may have a factor 0 that does not count.
	log []uint16
	// ones[i] is the logarithm of the product of 1 + a^d over d from 1 to i.
	ones []uint16
	// blocks is a heap of products of elements, as logarithms: blocks[2^(m-t) + i] is that of the 2^t elements from i *
	// 2^t on.
	blocks []uint16
}

func newField(bits uint) *field {
	f := &field{bits: bits, order: 1<<bits - 1}
	f.exp, f.log = make([]uint16, f.order+3), make([]uint16, f.order+1)
	f.ones, f.blocks = make([]uint16, f.order), make([]uint16, 2*(f.order+1))
	v := uint32(1)
	for i := range f.exp {
		f.exp[i] = uint16(v)
		if i < f.order {
			f.log[v] = uint16(i)
		}
		if v <<= 1; v > uint32(f.order) {
			v ^= polynomials[bits]
		}
	}
	for i := 1; i < f.order; i++ {
		f.ones[i] = f.mod(uint64(f.ones[i-1]) + uint64(f.log[1^f.exp[i]]))
	}
	copy(f.blocks[f.order+1:], f.log)
	for i := f.order; i > 0; i-- {
		f.blocks[i] = f.mod(uint64(f.blocks[2*i]) + uint64(f.blocks[2*i+1]))
	}
	return f
}

// mod returns i modulo the order of the field.
func (f *field) mod(i uint64) uint16 { return uint16(i % uint64(f.order)) }
