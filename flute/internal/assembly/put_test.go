package assembly

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// putOTIs are objects whose last source block and last symbol are shorter, one with sub-blocks.
func putOTIs() []fec.OTI {
	return []fec.OTI{
		{EncodingID: fec.CompactNoCode, TransferLength: 1037, SymbolLength: 20, MaxSourceBlockLength: 7},
		{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 1037, SymbolLength: 20, MaxSourceBlockLength: 7,
			MaxEncodingSymbols: 10,
		},
		{EncodingID: fec.RaptorQ, TransferLength: 1036, SymbolLength: 20, SourceBlocks: 3, SubBlocks: 2, Alignment: 4},
	}
}

// TestPut: whatever was taken from packets, what Lacks says to be missing makes the object whole when it is put, in
// pieces of any length; and none of it is counted as a symbol of a packet.
func TestPut(t *testing.T) {
	for _, oti := range putOTIs() {
		for _, piece := range []int{0, 1, 19, 21, 100} {
			b := newBench(t, oti, 1<<20)
			b.take(0, 1, 3)
			b.take(1, 0)
			came := b.Received
			ranges, _, _, _ := b.Lacks(100)
			for _, r := range ranges {
				for off := r[0]; off < r[1]; {
					end := r[1]
					if piece > 0 {
						end = min(end, off+max(uint64(piece), b.PutUnit()))
					}
					n, fresh, err := b.Put(now, off, b.content[off:end])
					if err != nil || !fresh || n == 0 {
						t.Fatalf("%v: bytes %d to %d: %d, %v, %v", oti.EncodingID, off, end, n, fresh, err)
					}
					off += uint64(n)
				}
			}
			if b.sender.Useful != 3 || b.sender.Put == 0 || b.Received != oti.TransferLength {
				t.Errorf("%v: %d symbols useful, %d put, %d bytes", oti.EncodingID, b.sender.Useful, b.sender.Put,
					b.Received)
			}
			if !b.part.HasSubBlocks() && b.PutBytes != oti.TransferLength-came {
				t.Errorf("%v: %d bytes were put", oti.EncodingID, b.PutBytes)
			}
			b.whole()
			b.end()
		}
	}
}

// TestTakeAfterPut: what comes in a packet counts as such, whatever came before.
func TestTakeAfterPut(t *testing.T) {
	b := newBench(t, putOTIs()[0], 1<<20)
	for n, want := range []Sender{{Put: 1}, {Useful: 1, Put: 1}, {Useful: 1, Put: 2}} {
		var err error
		if n == 1 {
			b.take(0, 1)
		} else if n == 0 {
			_, _, err = b.Put(now, 0, b.content[:20])
		} else {
			err = b.PutSymbols(now, b.payload(0, 2))
		}
		if err != nil || b.sender.Useful != want.Useful || b.sender.Put != want.Put ||
			b.PutBytes != 20*want.Put || b.Received != 20*(want.Put+want.Useful) {
			t.Errorf("step %d: %d useful, %d put, %v; %d of %d bytes were put",
				n, b.sender.Useful, b.sender.Put, err, b.PutBytes, b.Received)
		}
	}
	b.end()
}

// TestPutEdges: parts of symbols are not taken; the answer tells where to go on.
func TestPutEdges(t *testing.T) {
	plain, sub := putOTIs()[0], putOTIs()[2]
	part := sub.Partition()
	_, block := part.Block(0)
	_, second := part.Block(1)
	for _, c := range []struct {
		name     string
		oti      fec.OTI
		from, to uint64
		n        int
		bytes    uint64 // held then
		bad      bool
	}{
		{"nothing", plain, 0, 0, 0, 0, false},
		{"nothing, at the end", plain, 1037, 1037, 0, 0, false},
		{"nothing, beyond it", plain, 1038, 1038, 0, 0, true},
		{"a symbol", plain, 20, 40, 20, 20, false},
		{"less", plain, 20, 39, 0, 0, false},
		{"the end is cut", plain, 0, 59, 40, 40, false},
		{"the start is cut", plain, 1, 60, 59, 40, false},
		{"inside of one", plain, 1, 19, 18, 0, false},
		{"to the end of one", plain, 1, 20, 19, 0, false},
		{"over a bound, none whole", plain, 1, 39, 19, 0, false},
		{"the last, which is shorter", plain, 1020, 1037, 17, 17, false},
		{"a part of the last", plain, 1021, 1037, 16, 0, false},
		{"of two source blocks", plain, 120, 160, 40, 40, false},
		{"beyond the end", plain, 1020, 1038, 0, 0, true},
		{"far beyond the end", plain, 1 << 63, 1<<63 + 1, 0, 0, true},
		{"a source block of sub-blocks", sub, 0, block, int(block), block, false},
		{"less than a source block of sub-blocks", sub, 0, block - 1, 0, 0, false},
		{"the next source block of sub-blocks", sub, 1, block + second, int(block + second - 1), second, false},
	} {
		b := newBench(t, c.oti, 1<<20)
		p := make([]byte, c.to-c.from)
		if c.to <= c.oti.TransferLength {
			copy(p, b.content[c.from:c.to])
		}
		n, fresh, err := b.Put(now, c.from, p)
		if n != c.n || b.Received != c.bytes || fresh != (c.bytes > 0) || errors.Is(err, errRange) != c.bad {
			t.Errorf("%s: %d, %v, %v, %d bytes held", c.name, n, fresh, err, b.Received)
		}
		if _, ok := b.InHand(); ok {
			t.Errorf("%s: a block is in hand", c.name)
		}
		b.end()
	}
}

// TestPutSymbols: repair symbols that are put recover what is lost; what is no symbol is refused.
func TestPutSymbols(t *testing.T) {
	b := newBench(t, putOTIs()[1], 1<<20)
	for sbn := range fec.SBN(b.part.Blocks()) {
		k := fec.ESI(b.part.BlockSymbols(sbn))
		for esi := range k - 2 {
			b.take(sbn, esi)
		}
		for _, esi := range []fec.ESI{k, k + 2} {
			if err := b.PutSymbols(now, b.payload(sbn, esi)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.PutSymbols(now, b.payload(0, 0)); !errors.Is(err, ErrDuplicate) {
		t.Errorf("a symbol that is there: %v", err)
	}
	for _, bad := range [][]byte{nil, {0}, b.payload(0, 0)[:10], {0, 0, 99, 0, 1}} {
		if err := b.PutSymbols(now, bad); err == nil || errors.Is(err, ErrDuplicate) {
			t.Errorf("%x: %v", bad, err)
		}
	}
	b.whole()
	b.end()
}

// TestPutBudget: what cannot be paid is not taken, and can be put again once there is memory.
func TestPutBudget(t *testing.T) {
	b := newBench(t, putOTIs()[0], 700)
	n, err := 0, error(nil)
	for tries := 0; n < len(b.content); tries++ {
		var taken int
		taken, _, err = b.Put(now, uint64(n), b.content[n:])
		if n += taken; err != nil && !errors.Is(err, ErrBudget) || tries > 100 {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		if b.budget.Used() > 700 {
			t.Fatalf("%d bytes are held", b.budget.Used())
		}
		b.Flush()
		b.write()
	}
	b.whole()
	b.end()
}

// TestPutInDoubt: after the digest has failed a version that was put goes before those that came until then, however
// often; what comes afterwards may win again.
func TestPutInDoubt(t *testing.T) {
	b := newBench(t, putOTIs()[0], 1<<20)
	forged := b.payload(0, 2)
	forged[len(forged)-1] ^= 1
	if err := b.Take(now, forged); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Put(now, 0, b.content); err != nil {
		t.Fatal(err)
	}
	b.Flush()
	b.write()
	used := b.budget.Used()
	tagging := b.Tagging()
	if cost, symbols := b.budget.Used()-used, uint64(52); cost != 4*symbols+symbols/8+8 {
		t.Errorf("tags of %d symbols cost %d bytes", symbols, cost)
	}
	if err := tagging.Run(nil); err != nil {
		t.Fatal(err)
	}
	b.Doubt(tagging)
	for range 9 {
		_ = b.Take(now, forged)
	}
	best := func() uint32 {
		c := b.doubt.conflicts[2]
		return c.versions[c.best()].tag
	}
	if best() != b.doubt.tag(forged[len(forged)-20:]) {
		t.Fatal("the forged symbol does not count")
	}
	if _, _, err := b.Put(now, 40, b.content[40:60]); err != nil {
		t.Fatal(err)
	}
	right := b.doubt.tag(b.content[40:60])
	if best() != right {
		t.Error("what was put is outvoted by what came before")
	}
	x := b.Exchange()
	if err := x.Run(nil); err != nil {
		t.Fatal(err)
	}
	b.Exchanged(x)
	b.whole()
	for range 2 {
		_ = b.Take(now, forged)
	}
	if best() == right {
		t.Error("what comes afterwards does not count")
	}
	for i := range byte(2 * maxVersions) { // as many forged versions as are counted leave a place
		other := bytes.Clone(forged)
		other[len(other)-2] ^= i
		_ = b.Take(now, other)
	}
	other := bytes.Repeat([]byte{7}, 20)
	if _, fresh, err := b.Put(now, 40, other); err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	if best() != b.doubt.tag(other) {
		t.Error("there is no place for what is put")
	}
	b.end()
}

// FuzzPut puts any ranges of the right bytes: nothing else is taken, the budget holds, and what the answer says to go
// on with makes the object whole.
func FuzzPut(f *testing.F) {
	for i := range putOTIs() {
		f.Add(uint8(i), []byte{0, 0, 40, 1, 3, 200, 2, 2, 90})
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		oti := putOTIs()[int(which)%len(putOTIs())]
		b := newBench(t, oti, 1<<16)
		for ; len(data) >= 3; data = data[3:] {
			off := (uint64(data[0])<<8 | uint64(data[1])) % (oti.TransferLength + 5)
			end := off + 3*uint64(data[2])
			p := make([]byte, end-off)
			if end <= oti.TransferLength {
				copy(p, b.content[off:end])
			}
			before := b.Received
			n, fresh, err := b.Put(now, off, p)
			if n < 0 || n > len(p) || fresh != (b.Received > before) || (end > oti.TransferLength) != (err != nil) {
				t.Fatalf("%d bytes at %d: %d, %v, %v; %d bytes are held, were %d", len(p), off, n, fresh, err,
					b.Received, before)
			}
			if b.Received > oti.TransferLength || b.PutBytes != b.Received || b.sender.Useful != 0 {
				t.Fatalf("%d bytes are held, %d were put", b.Received, b.PutBytes)
			}
			if rest := len(p) - n; err == nil && uint64(rest) >= b.PutUnit() {
				t.Fatalf("%d bytes of %d are left, a unit has %d", rest, len(p), b.PutUnit())
			}
		}
		if n, _, err := b.Put(now, 0, b.content); n != len(b.content) || err != nil {
			t.Fatal(n, err)
		}
		b.whole()
		b.end()
	})
}
