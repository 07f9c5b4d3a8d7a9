package assembly

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// routeOTI is that of an object of ROUTE.
func routeOTI(length uint64) fec.OTI {
	return fec.OTI{EncodingID: fec.CompactNoCode, TransferLength: length, SymbolLength: 100, MaxSourceBlockLength: 7}
}

// assembled returns the bytes of the object.
func (b *bench) assembled() []byte {
	b.t.Helper()
	b.Flush()
	b.write()
	o, err := b.object.Open()
	if err != nil {
		b.t.Fatal(err)
	}
	got := make([]byte, len(b.content))
	if _, err := o.ReadAt(got, 0); err != nil {
		b.t.Fatal(err)
	}
	return got
}

// TestTakeAt: packets of any lengths, in any order and some of them twice, make the object, and no memory is left over.
func TestTakeAt(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 9))
		b := newBench(t, routeOTI(1+rng.Uint64N(5000)), 1<<20)
		type packet struct{ from, to int }
		var packets []packet
		for at := 0; at < len(b.content); {
			n := []int{100, 100, 1 + rng.IntN(350), 1 + rng.IntN(5)}[rng.IntN(4)]
			end := min(at+n, len(b.content))
			packets = append(packets, packet{at, end})
			at = end
		}
		rng.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
		for i, p := range packets {
			if err := b.TakeAt(now, uint64(p.from), b.content[p.from:p.to]); err != nil {
				t.Fatalf("seed %d: %v: %v", seed, p, err)
			}
			p = packets[rng.IntN(i+1)]
			if err := b.TakeAt(now, uint64(p.from), b.content[p.from:p.to]); !errors.Is(err, ErrDuplicate) {
				t.Fatalf("seed %d: %v again: %v", seed, p, err)
			}
			if b.IsWhole() != (i+1 == len(packets)) {
				t.Fatalf("seed %d: %d of %d packets, whole: %v", seed, i+1, len(packets), b.IsWhole())
			}
		}
		if !bytes.Equal(b.assembled(), b.content) {
			t.Fatalf("seed %d: other bytes", seed)
		}
		b.Release()
		if n := b.budget.Used(); n != 0 {
			t.Fatalf("seed %d: %d bytes are charged after the end", seed, n)
		}
	}
}

// TestTakeAtOverlap: what overlaps is dropped, but where a part may have come another way.
func TestTakeAtOverlap(t *testing.T) {
	b := newBench(t, routeOTI(1000), 1<<20)
	for _, c := range []struct {
		from, to int
		want     error
	}{
		{50, 250, nil},
		{50, 250, ErrDuplicate},
		{60, 200, ErrDuplicate},
		{0, 51, errOffset},
		{249, 300, errOffset},
		{0, 1000, errOffset},
		{0, 50, nil},
		{250, 1000, nil},
	} {
		if err := b.TakeAt(now, uint64(c.from), b.content[c.from:c.to]); !errors.Is(err, c.want) {
			t.Errorf("%d to %d: %v, want %v", c.from, c.to, err, c.want)
		}
	}
	for _, off := range []uint64{951, 1000, 1001, 1 << 40} {
		if err := b.TakeAt(now, off, make([]byte, 50)); !errors.Is(err, errOffset) {
			t.Errorf("at %d: %v", off, err)
		}
	}
	if err := errors.Join(b.TakeAt(now, 1000, nil), b.TakeAt(now, 0, nil)); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if !b.IsWhole() || !bytes.Equal(b.assembled(), b.content) {
		t.Error("other bytes")
	}
	put := newBench(t, routeOTI(1000), 1<<20)
	if n, _, err := put.Put(now, 100, put.content[100:300]); n != 200 || err != nil {
		t.Fatal(n, err)
	}
	for _, from := range []int{0, 150, 500} {
		if err := put.TakeAt(now, uint64(from), put.content[from:min(from+500, 1000)]); err != nil {
			t.Errorf("at %d after a Put: %v", from, err)
		}
	}
	if !put.IsWhole() || !bytes.Equal(put.assembled(), put.content) {
		t.Error("other bytes after a Put")
	}
}

// TestTakeAtBudget: a packet that memory does not suffice for can come again.
func TestTakeAtBudget(t *testing.T) {
	b := newBench(t, routeOTI(3000), 1<<20)
	b.budget.TryReserve(1<<20 - 500)
	short := false
	for at := 0; at < 3000; at += 150 {
		err := b.TakeAt(now, uint64(at), b.content[at:at+150])
		short = short || errors.Is(err, ErrBudget)
		if err != nil && !errors.Is(err, ErrBudget) {
			t.Fatal(err)
		}
	}
	if !short {
		t.Fatal("memory sufficed")
	}
	b.budget.Release(1<<20 - 500)
	for at := 0; at < 3000; at += 150 {
		if err := b.TakeAt(now, uint64(at), b.content[at:at+150]); err != nil && !errors.Is(err, ErrDuplicate) {
			t.Fatal(err)
		}
	}
	if !b.IsWhole() || !bytes.Equal(b.assembled(), b.content) {
		t.Error("other bytes")
	}
}

// A packet that is one source symbol allocates nothing.
func TestTakeAtAllocates(t *testing.T) {
	b := newBench(t, fec.OTI{
		EncodingID: fec.CompactNoCode, TransferLength: 1 << 20, SymbolLength: 1024, MaxSourceBlockLength: 1024,
	}, 8<<20)
	at := uint64(0)
	take := func() {
		if err := b.TakeAt(now, at, b.content[at:at+1024]); err != nil {
			t.Fatal(err)
		}
		at += 1024
	}
	for range 100 { // the first ones bring pages and a bitmap
		take()
	}
	if n := testing.AllocsPerRun(500, take); n > 0.2 { // a page holds some
		t.Errorf("%v allocations for a packet", n)
	}
}

// Pieces of symbols are charged while they wait, and given back when their symbol is there, or the object ends.
func TestPiecesAreCharged(t *testing.T) {
	b := newBench(t, routeOTI(1000), 1<<20)
	used := b.budget.Used()
	for _, from := range []uint64{130, 110, 150} {
		if err := b.TakeAt(now, from, b.content[from:from+10]); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.InHand(); ok {
			t.Error("something is in hand")
		}
	}
	if n := b.budget.Used() - used; n != 3*(10+pieceOverhead) || b.pieces.cost != n {
		t.Errorf("%d bytes are charged for 3 pieces, %d noted", n, b.pieces.cost)
	}
	b.pieces.lenient = true
	if err := b.TakeAt(now, 100, b.content[100:200]); err != nil || b.pieces.cost != 0 || len(b.pieces.of) != 0 {
		t.Errorf("%v: %d bytes of pieces after their symbol has come", err, b.pieces.cost)
	}
	for _, from := range []uint64{250, 200} { // a symbol of two pieces, and one of a third
		if err := b.TakeAt(now, from, b.content[from:from+50]); err != nil {
			t.Fatal(err)
		}
	}
	if b.pieces.cost != 0 || len(b.pieces.of) != 0 || !b.Holds(0, 2) {
		t.Errorf("%d bytes of pieces after they were joined", b.pieces.cost)
	}
	if err := b.TakeAt(now, 301, b.content[301:302]); err != nil || b.pieces.cost != 1+pieceOverhead {
		t.Errorf("%v: %d bytes of pieces", err, b.pieces.cost)
	}
	b.end()
}
