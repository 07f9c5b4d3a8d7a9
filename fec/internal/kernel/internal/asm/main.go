// Command asm writes the amd64 assembly of package kernel. It is a module of its own, so that its dependencies are none
// of the product's. Run it by `go generate` in the folder of package kernel.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/build"
)

func main() {
	set := flag.String("set", "", "instruction set: avx2 or avx512")
	flag.Parse()
	build.ConstraintExpr("!purego")
	switch *set {
	case "avx2":
		regions(ymm)
		sums(ymm, 12)
		multiply2()
		multiply16Region()
	case "avx512":
		regions(zmm)
		sums(zmm, 24)
		multiply512()
		multiply16()
	default:
		fmt.Fprintln(os.Stderr, "asm: -set is avx2 or avx512")
		os.Exit(2)
	}
	build.Generate()
}
