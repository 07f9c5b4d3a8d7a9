//go:build purego || !(amd64 || arm64)

package kernel

// affine16 says in which form the level wants a prepared16.
func (level) affine16() bool { return false }

func (level) xorRegion(dst, src []byte) { goXor(dst, src) }

func (level) sumRegions(dst []byte, srcs [][]byte, add bool) { goSum(dst, srcs, add) }

func (level) sumStrided(dst, base []byte, stride int, rows []uint32, add bool) {
	goSumRows(dst, base, stride, rows, add)
}

func (l level) mulXorRegion(f *Field, dst, src []byte, c byte) { l.fallBackMulXor(f, dst, src, c) }

func (l level) mulRegion(f *Field, dst []byte, c byte) { l.fallBackMul(f, dst, c) }

func (level) alphaXorRegion(dst, src []byte) { goAlphaXor(dst, src) }

func (l level) multiplyRegions(f *Field, rows []byte, dst, src [][]byte, add bool) {
	multiplyEach(l, f, rows, dst, src, add)
}

func (level) mulXor16Region(dst, src []byte, c *prepared16) { goMulXor16(dst, src, c) }

func (l level) multiply16Regions(rows []prepared16, dst, src [][]byte, add bool) {
	multiplyEach16(l, rows, dst, src, add)
}
