//go:build !purego

package md5many

import "golang.org/x/sys/cpu"

// levels lists the implementations that this processor can run, the fastest last.
func levels() []level {
	l := []level{portable}
	if cpu.X86.HasAVX2 {
		l = append(l, avx2)
	}
	if cpu.X86.HasAVX512F {
		l = append(l, avx512)
	}
	return l
}

// blocks adds n blocks of each of lanes to the states.
func (l level) blocks(state *[4][most]uint32, lanes *[most]*byte, n int) {
	if l == avx512 {
		blocksAVX512(state, lanes, n)
		return
	}
	blocksAVX2(state, lanes, n)
}
