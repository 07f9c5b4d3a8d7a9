//go:build purego || !(amd64 || arm64)

package kernel

// levels lists the implementations that this CPU can run, the fastest last.
func levels() []level { return []level{portable} }

func (level) affine16() bool { return false }

func (level) xorRegion(dst, src []byte) { goXor(dst, src) }

func (level) sumRegions(dst []byte, srcs [][]byte, add bool) { goSum(dst, srcs, add) }

func (level) sumStrided(dst, base []byte, stride int, rows []uint32, add bool) {
	goSumRows(dst, base, stride, rows, add)
}

func (level) mulXorRegion(f *Field, dst, src []byte, c byte) { goMulXor(f, dst, src, c) }

func (level) mulRegion(f *Field, dst []byte, c byte) { goMul(f, dst, c) }

func (level) alphaXorRegion(dst, src []byte) { goAlphaXor(dst, src) }

func (level) multiplyRegions(f *Field, rows []byte, dst, src [][]byte, add bool) {
	goMultiply(f, rows, dst, src, add)
}

func (level) mulXor16Region(dst, src []byte, c *prepared16) { goMulXor16(dst, src, c) }

func (l level) multiply16Regions(rows []prepared16, dst, src [][]byte, add bool) {
	multiplyEach16(l, rows, dst, src, add)
}
