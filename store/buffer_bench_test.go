package store_test

import (
	"testing"

	"github.com/flute-node/flute-node/store"
)

// steady returns a function that writes the next symbol, 5 in 100 of them late, of an endless object.
func steady(b *direct, loss bool) func() {
	p := make([]byte, symbol)
	var off int64
	i := 0
	return func() {
		if i++; loss && i%20 == 0 {
			_, _ = b.WriteAt(p, off+symbol) // the next two in the wrong order
			_, _ = b.WriteAt(p, off)
			off += 2 * symbol
			return
		}
		_, _ = b.WriteAt(p, off)
		off += symbol
	}
}

func TestBufferAllocs(t *testing.T) {
	for _, loss := range []bool{false, true} {
		next := steady(newDirect(&null{}, store.NewBudget(64<<20, unlimited())), loss)
		for range 10000 {
			next()
		}
		if n := testing.AllocsPerRun(10000, next); n != 0 {
			t.Errorf("disorder %t: %v allocations a symbol", loss, n)
		}
	}
	// Pages that are never complete, and leave by eviction.
	b := newDirect(&null{}, unlimited())
	p := make([]byte, symbol)
	var off int64
	next := func() {
		_, _ = b.WriteAt(p, off)
		off += 2 * symbol
	}
	for range 10000 {
		next()
	}
	if n := testing.AllocsPerRun(10000, next); n != 0 {
		t.Errorf("every other symbol lost: %v allocations a symbol", n)
	}
}

func BenchmarkBufferWriteAt(b *testing.B) {
	for _, tc := range []struct {
		name string
		run  func(b *testing.B, buffer *direct)
	}{
		{"in order", func(b *testing.B, buffer *direct) {
			next := steady(buffer, false)
			for b.Loop() {
				next()
			}
		}},
		{"disorder", func(b *testing.B, buffer *direct) {
			next := steady(buffer, true)
			for b.Loop() {
				next()
			}
		}},
		{"5 % lost for good", func(b *testing.B, buffer *direct) {
			p := make([]byte, symbol)
			i := int64(0)
			for b.Loop() {
				if i%20 != 19 {
					_, _ = buffer.WriteAt(p, i*symbol)
				}
				i++
			}
		}},
		{"four blocks interleaved", func(b *testing.B, buffer *direct) {
			p := make([]byte, symbol)
			i := int64(0)
			for b.Loop() {
				_, _ = buffer.WriteAt(p, (i%4*256+i/4%256+i/1024*1024)*symbol)
				i++
			}
		}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(symbol)
			tc.run(b, newDirect(&null{}, unlimited()))
		})
	}
	// What it is measured by: the bytes are copied once.
	b.Run("copy only", func(b *testing.B) {
		b.SetBytes(symbol)
		p, q := make([]byte, symbol), make([]byte, store.PageSize)
		off := 0
		for b.Loop() {
			if off+symbol > len(q) {
				off = 0
			}
			copy(q[off:], p)
			off += symbol
		}
	})
}
