package rs

import (
	"runtime"

	"github.com/klauspost/reedsolomon"
	"golang.org/x/sys/cpu"

	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// libraryIsFaster reports whether this CPU multiplies symbols over GF(2^8) faster with klauspost/reedsolomon than with
// the kernels: where these have no assembly. It has some for older CPUs too, as virtual machines often show them, and
// its Go is half as fast again.
func libraryIsFaster() bool {
	switch runtime.GOARCH {
	case "amd64":
		return !cpu.X86.HasAVX2
	case "arm64":
		return false
	}
	return true
}

// libraryMul sets the symbols dst to the products of m, over GF(2^8), and src.
func libraryMul(m *kernel.Matrix, dst, src [][]byte) {
	var library reedsolomon.LowLevel
	for i, d := range dst {
		clear(d)
		for j, c := range m.Row(i) {
			library.GalMulSliceXor(c, src[j], d)
		}
	}
}
