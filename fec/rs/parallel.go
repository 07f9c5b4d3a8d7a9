package rs

// A product is split among goroutines when it is so many bytes times coefficients: some milliseconds. What is split are
// the bytes of the symbols, in parts of at least 512, and 16 at most.
const (
	minParallel = 1 << 26
	minPart     = 512
	maxParts    = 16
)

// parts returns into how many parts, all but the last of step bytes, symbols of length bytes are split.
func parts(bits uint, length int) (n, step int) {
	unit := 64 // what the kernels take at once
	if isPacked(bits) {
		unit = packing(bits).stripe()
	}
	step = max(length/maxParts, minPart)
	step = (step + unit - 1) / unit * unit
	return (length + step - 1) / step, step
}

// multiply sets the symbols dst to the products of m and src.
func (s *Scheme) multiply(w *workspace, m *matrix, dst, src [][]byte) {
	length := len(src[0])
	n, step := parts(w.code.bits, length)
	if s.parallel == nil || n == 1 || uint64(length)*uint64(len(dst))*uint64(len(src)) < minParallel {
		w.multiply(m, dst, src, 0, length)
		return
	}
	s.parallel(n, func(i int) {
		w := s.workspaces.take(w.code)
		defer s.workspaces.put(w)
		w.multiply(m, dst, src, i*step, min((i+1)*step, length))
	})
}
