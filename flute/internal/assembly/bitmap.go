package assembly

// bitmap is a set of integers below 64 times its length.
type bitmap []uint64

// words returns the length of a bitmap for n integers.
func words(n uint32) int { return int((uint64(n) + 63) / 64) }

func (b bitmap) has(i uint32) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitmap) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
