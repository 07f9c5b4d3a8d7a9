package store_test

import (
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestHolds: a Buffer holds what it was given and has not been written, wherever that is on its way.
func TestHolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		const size = 400_000
		b := store.NewBuffer(nil)
		held := make([]bool, size)
		var out []bool // what the Tail has, if that is being written
		var tail *store.Tail
		for range 200 {
			off, n := rng.IntN(size-3000), 1+rng.IntN(3000)
			switch rng.IntN(12) {
			case 0:
				b.Flush()
			case 1:
				if tail == nil {
					b.Flush()
					if tail = b.Begin(); tail != nil {
						out, held = held, make([]bool, size)
					}
				} else {
					b.End(tail)
					tail, out = nil, nil
				}
			case 2, 3, 4:
				if _, err := b.WriteAt(make([]byte, n), int64(off)); err != nil {
					t.Fatal(err)
				}
				for i := range n {
					held[off+i] = true
				}
			default:
				want := false
				for i := range n {
					want = want || held[off+i] || out != nil && out[off+i]
				}
				if got := b.Holds(int64(off), n); got != want {
					t.Fatalf("%d bytes at %d: %v, want %v", n, off, got, want)
				}
			}
		}
		b.Release()
	}
}
