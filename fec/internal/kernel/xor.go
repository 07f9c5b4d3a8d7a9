package kernel

// Xor sets dst to dst ^ src.
func Xor(dst, src []byte) { active.xor(dst, src) }

// Sum sets dst to dst ^ srcs[0] ^ srcs[1] ^ … .
func Sum(dst []byte, srcs [][]byte) { active.sum(dst, srcs, true) }

// SetSum sets dst to srcs[0] ^ srcs[1] ^ …, or to zeros without any.
func SetSum(dst []byte, srcs [][]byte) { active.sum(dst, srcs, false) }

// SumRows sets dst to dst ^ the sum of base[r*stride:r*stride+len(dst)] for each r of rows. dst may be another row of
// base.
func SumRows(dst, base []byte, stride int, rows []uint32) {
	active.sumRows(dst, base, stride, rows, true)
}

// SetSumRows sets dst to the sum of base[r*stride:r*stride+len(dst)] for each r of rows, or to zeros without any. dst
// may be another row of base.
func SetSumRows(dst, base []byte, stride int, rows []uint32) {
	active.sumRows(dst, base, stride, rows, false)
}

func (l level) xor(dst, src []byte) {
	if len(dst) != len(src) {
		panic(errLengths)
	}
	l.xorRegion(dst, src)
}

// sum adds to what is in dst if add, else to zeros.
func (l level) sum(dst []byte, srcs [][]byte, add bool) {
	for _, s := range srcs {
		if len(s) != len(dst) {
			panic(errLengths)
		}
	}
	if len(srcs) == 0 {
		if !add {
			clear(dst)
		}
		return
	}
	l.sumRegions(dst, srcs, add)
}

// sumRows adds to what is in dst if add, else to zeros.
func (l level) sumRows(dst, base []byte, stride int, rows []uint32, add bool) {
	if len(rows) == 0 {
		if !add {
			clear(dst)
		}
		return
	}
	last := rows[0]
	for _, r := range rows {
		last = max(last, r)
	}
	// The division cannot overflow, where a product could on 32 bits.
	if stride < 0 || len(dst) > len(base) || stride > 0 && uint64(last) > uint64(len(base)-len(dst))/uint64(stride) {
		panic(errRow)
	}
	l.sumStrided(dst, base, stride, rows, add)
}
