package kernel

// MulXor sets dst to dst ^ c*src over GF(2^8) with the polynomial 0x11D.
func MulXor(dst, src []byte, c byte) { active.mulXor(gf256, dst, src, c) }

// Mul sets dst to c*dst over GF(2^8) with the polynomial 0x11D.
func Mul(dst []byte, c byte) { active.mul(gf256, dst, c) }

// AlphaXor sets dst to 2*dst ^ src over GF(2^8) with the polynomial 0x11D.
func AlphaXor(dst, src []byte) { active.alphaXor(dst, src) }

// MulXor sets dst to dst ^ c*src.
func (f *Field) MulXor(dst, src []byte, c byte) { active.mulXor(f, dst, src, c) }

// Mul sets dst to c*dst.
func (f *Field) Mul(dst []byte, c byte) { active.mul(f, dst, c) }

func (l level) mulXor(f *Field, dst, src []byte, c byte) {
	if len(dst) != len(src) {
		panic(errLengths)
	}
	switch {
	case c == 0:
	case c == 1 && f.whole:
		l.xorRegion(dst, src)
	default:
		l.mulXorRegion(f, dst, src, c)
	}
}

func (l level) mul(f *Field, dst []byte, c byte) {
	switch {
	case c == 0:
		clear(dst)
	case c == 1 && f.whole:
	default:
		l.mulRegion(f, dst, c)
	}
}

func (l level) alphaXor(dst, src []byte) {
	if len(dst) != len(src) {
		panic(errLengths)
	}
	l.alphaXorRegion(dst, src)
}
