// Command asm writes the amd64 assembly of package md5many. It is a module of its own, so that its dependencies are
// none of the product's. Run it by `go generate` in the folder of package md5many.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	set := flag.String("set", "", "instruction set: avx2 or avx512")
	flag.Parse()
	ConstraintExpr("!purego")
	switch *set {
	case "avx2":
		blocksAVX2()
	case "avx512":
		blocksAVX512()
	default:
		fmt.Fprintln(os.Stderr, "asm: -set is avx2 or avx512")
		os.Exit(2)
	}
	Generate()
}

// words is the number of words of 32 bits in a block, and steps that of the operations on it.
const words, steps = 16, 64

// Of the four rounds of RFC 1321, section 3.4.
var (
	shifts = [4][4]uint64{{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}
	factor = [4]int{1, 5, 3, 7} // the word of step i is factor*i + offset
	offset = [4]int{0, 1, 5, 0}
)

// word returns which word of the block step i takes.
func word(i int) int { return (factor[i/16]*i + offset[i/16]) % words }

// shift returns by how many bits step i rotates.
func shift(i int) uint64 { return shifts[i/16][i%4] }

// table writes the table T of RFC 1321, section 3.4, each element copies times.
func table(copies int) Mem {
	t := GLOBL("sines", RODATA|NOPTR)
	for i := range steps {
		for c := range copies {
			DATA(4*(i*copies+c), U32(math.Floor(math.Abs(math.Sin(float64(i+1)))*(1<<32))))
		}
	}
	return t
}

// arguments are those of either function.
type arguments struct {
	state Mem
	lanes reg.Register // pointers to the next block of each lane
	n     reg.GPVirtual
	off   reg.GPVirtual
}

// begin declares the function name for a number of lanes.
func begin(name string, lanes int) (a arguments) {
	TEXT(name, NOSPLIT, "func(state *[4][16]uint32, lanes *[16]*byte, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds n blocks of 64 bytes of each of %d lanes to the states. n is 1 at least.", name, lanes))
	a.state = Mem{Base: Load(Param("state"), GP64())}
	a.lanes = Load(Param("lanes"), GP64())
	a.n = Load(Param("n"), GP64()).(reg.GPVirtual)
	a.off = GP64()
	XORQ(a.off, a.off)
	return a
}
