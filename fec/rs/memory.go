package rs

import (
	"unsafe"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/kernel"
)

// header is the memory of the header of a slice, at most.
const header = 24

// Memory implements [fec.Scheme]. An encoder keeps the repair symbols that the n-algorithm gives and a batch of others;
// its matrix counts as its own, though encoders share it. A decoder needs its memory during Recover only: the Scheme
// keeps up to 64 MiB of it for the next one. The tables of a field come once for each m, 640 kB where m = 16.
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	m := bits(o)
	if k == 0 || m < minBits || m > maxBits {
		return fec.Memory{}
	}
	n := min(o.MaxESI(k), 1<<m-1)
	if k >= n {
		return fec.Memory{}
	}
	k64, length, rows := uint64(k), uint64(o.SymbolLength), uint64(maxRows(int(k)))
	usual, others, lost := uint64(usualRepair(o, k, int(n))), uint64(0), uint64(min(k, n-k))
	if uint64(n-k) > usual {
		others = min(batch, rows)
	}
	coefficients := k64 * coefficientBytes(m)
	batches := (usual + rows - 1) / rows
	matrices := allocated(min(usual,
		rows)*coefficients)*batches + allocated(others*coefficients) + (batches+1)*structs(m)
	matrices = min(matrices, max(2*maxPlanBytes, allocated(rows*coefficients)))
	return fec.Memory{
		Encoder: structs(m) + allocated(usual*length) + allocated(batches) + allocated(others*length) +
			allocated(2*length) +
			matrices + s.working(m, k64, min(max(usual, others), rows), length),
		Decoder: structs(m) + 3*allocated(2*lost) + allocated(2*k64) + allocated(8*(uint64(n-k)/64+1)) +
			allocated(length) +
			allocated(coefficients*min(lost, rows)) + s.working(m, k64, min(lost, rows), length),
	}
}

// structs returns more than what is there of fixed size: of an encoder or decoder with a workspace, or of a plan.
func structs(m uint) uint64 {
	if isWide(m) {
		return 2048 + allocated(uint64(unsafe.Sizeof(kernel.Matrix16{})))
	}
	return 2048
}

// working returns the memory that workspaces have to multiply k symbols with rows, besides the matrix.
func (s *Scheme) working(m uint, k, rows, length uint64) uint64 {
	n := 2*allocated(2*k) + allocated(header*k) + allocated(header*rows)
	if isWide(m) {
		n += allocated(2 * k)
	}
	stripes := uint64(0)
	if isPacked(m) {
		p := packing(m)
		stripes = allocated(header*k) + allocated(header*rows) + allocated((k+rows)*uint64(p.unpacked(min(p.stripe(),
			int(length)))))
	}
	if s.parallel == nil || k*rows*length < minParallel {
		return n + stripes
	}
	if stripes == 0 {
		stripes = allocated(header*k) + allocated(header*rows)
	}
	count, _ := parts(m, int(length))
	return n + uint64(count)*(structs(m)+stripes)
}

// allocated returns the memory that n bytes take: the runtime rounds up to a size class, or to pages.
func allocated(n uint64) uint64 {
	const small, page = 32 << 10, 8 << 10
	if n <= small {
		return n + n/8 + 16
	}
	return (n + page - 1) / page * page
}
