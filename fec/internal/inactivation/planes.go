package inactivation

import "unsafe"

// The widths of planes, bytes. They are such that sums over them are made in registers.
const (
	minWidth = 64
	maxWidth = 256
)

// How large a plane may be, bytes, before it is made narrower. Narrow planes take more instructions, wide ones more
// cache, beside the inputs that pass through it. These have been measured where each core has 1 MiB of its own: it pays
// to go well beyond. An encoder goes further, since a repair symbol takes its rows from every plane.
const (
	decoderBudget = 3 << 20
	encoderBudget = 8 << 20
)

// maxStripes bounds the parts of a source block that are worked on at the same time, each of at least minStripe bytes
// of every symbol.
const (
	maxStripes = 16
	minStripe  = 512
)

// planes says how the symbols of a block are divided into planes: a plane is some bytes of every symbol. The last one
// is narrower where that suffices, and begins early enough. What two planes have in common comes out equal.
type planes struct {
	length int // of symbols, bytes, at least minWidth
	width  int // of a plane but the last, bytes
	count  int
}

// newPlanes divides symbols of length bytes for a plan whose slab has so many rows, within a budget.
func newPlanes(length, rows, budget int) planes {
	length = max(length, minWidth)
	width := maxWidth
	for width > minWidth && (width > length || rows*width > budget) {
		width /= 2
	}
	return planes{length: length, width: width, count: (length + width - 1) / width}
}

// plane returns where plane i begins in a symbol, and how wide it is.
func (p *planes) plane(i int) (off, width int) {
	rest := p.length - i*p.width
	for width = p.width; width > minWidth && width/2 >= rest; {
		width /= 2
	}
	return min(i*p.width, p.length-width), width
}

// stripes returns how many parts of the planes are worked on at the same time.
func (p *planes) stripes() int { return max(1, min(maxStripes, p.length/minStripe, p.count)) }

// stripe returns the planes, from one to before another, of stripe i of n.
func (p *planes) stripe(i, n int) (from, to int) { return i * p.count / n, (i + 1) * p.count / n }

// alignedBytes returns n bytes that begin at a multiple of 64.
func alignedBytes(n int) []byte {
	b := make([]byte, n+63)
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & 63)
	return b[off : off+n : off+n]
}
