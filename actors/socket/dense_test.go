package socket

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/internal/slab"
)

const testSlab = 64 << 10

// readInto fills a slab as a read of n datagrams of size bytes does.
func readInto(s *slab.Slab, n, size int) []slab.Datagram {
	out := make([]slab.Datagram, n)
	for i := range out {
		out[i].Data = s.Bytes()[i*size : (i+1)*size]
		for j := range out[i].Data {
			out[i].Data[j] = byte(i + 1)
		}
	}
	return out
}

// TestSparseReadsShareASlab: what few datagrams hold while they wait is little more than they are.
func TestSparseReadsShareASlab(t *testing.T) {
	memory := slab.NewMemory(4 * testSlab)
	pool, sparse := memory.Pool(testSlab), memory.Pool(testSlab)
	var d dense
	var waiting []slab.Datagram
	var held []*slab.Slab
	for range 40 { // 40 × 1400 bytes
		s := pool.Get()
		datagrams := readInto(s, 1, 1400)
		copied := d.take(sparse, datagrams)
		s.Release()
		if copied == nil {
			t.Fatal("a read of one datagram was not copied")
		}
		waiting, held = append(waiting, datagrams...), append(held, copied)
	}
	if n := sparse.Outstanding(); n != 1 {
		t.Errorf("%d slabs hold 40 datagrams", n)
	}
	d.release()
	scratch := pool.Get()
	clear(scratch.Bytes())
	for i, w := range waiting {
		if !bytes.Equal(w.Data, bytes.Repeat([]byte{1}, 1400)) {
			t.Fatalf("datagram %d has changed", i)
		}
	}
	scratch.Release()
	for _, s := range held {
		s.Release()
	}
	if n := pool.Outstanding() + sparse.Outstanding(); n != 0 {
		t.Errorf("%d slabs are out at the end", n)
	}
}

// TestDenseReadsAreNotCopied: at high rates a read stays where it is, as it does when there is no other slab.
func TestDenseReadsAreNotCopied(t *testing.T) {
	memory := slab.NewMemory(testSlab)
	pool, sparse := memory.Pool(testSlab), memory.Pool(testSlab/sparseShare)
	var d dense
	s := pool.Get()
	for name, datagrams := range map[string][]slab.Datagram{
		"many": readInto(s, 20, 1400), "tiny ones": readInto(s, 40, 10), "none": nil,
		"no slab left": readInto(s, 1, 1400),
	} {
		if d.take(sparse, datagrams) != nil {
			t.Errorf("%s: copied", name)
		}
	}
	s.Release()
	d.release()
}

// TestDenseDoesNotAllocate: the packet path allocates nothing.
func TestDenseDoesNotAllocate(t *testing.T) {
	memory := slab.NewMemory(3 * testSlab)
	pool, sparse := memory.Pool(testSlab), memory.Pool(testSlab/sparseShare)
	var d dense
	defer d.release()
	s := pool.Get()
	defer s.Release()
	datagrams := readInto(s, 3, 1400)
	if n := testing.AllocsPerRun(1000, func() { d.take(sparse, datagrams).Release() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
