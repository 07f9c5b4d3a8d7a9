package raptor

// The sizes of planes.
const (
	lane       = 64      // bytes: widths are multiples of it, for the kernels
	cacheBytes = 1 << 20 // of a slab, that a core's own cache holds
	minPlane   = 384     // bytes: below that, more operations cost more than the cache gains
	minStripe  = 512     // bytes: of the stripes of a large block, for several cores
	largeBlock = 1 << 18 // bytes: a source block worth several cores
)

// layout says how the rows of a slab are cut in planes of bytes that stay in a core's cache while they are worked on: a
// plane has all rows of a slab, one after the other, with width bytes of each.
type layout struct{ rows, length, width, planes int }

// newLayout returns the layout of rows of length bytes; stripes says that several cores may work on it.
func newLayout(rows, length int, stripes bool) layout {
	planes := 1
	if size := rows * length; size > cacheBytes {
		planes = min((size+cacheBytes-1)/cacheBytes, max(1, length/minPlane))
	}
	if stripes && rows*length >= largeBlock {
		planes = max(planes, length/minStripe)
	}
	width := ((length+planes-1)/planes + lane - 1) / lane * lane
	return layout{rows, length, width, (length + width - 1) / width}
}

// size returns the bytes of a slab.
func (l layout) size() int { return l.planes * l.planeSize() }

// planeSize returns the bytes of a plane.
func (l layout) planeSize() int { return l.rows * l.width }

// plane returns plane i of a slab.
func (l layout) plane(slab []byte, i int) []byte { return slab[i*l.planeSize():][:l.planeSize()] }

// span returns which bytes of a symbol are in plane i.
func (l layout) span(i int) (start, end int) { return i * l.width, min((i+1)*l.width, l.length) }
