package sender

import (
	"testing"
)

// Each order takes each source block once.
func TestBlockOrder(t *testing.T) {
	for _, o := range []Order{InOrder, RandomStart, Spread} {
		for blocks := uint32(1); blocks < 300; blocks++ {
			order := newBlockOrder(o, blocks, 7, uint64(blocks))
			seen := make([]bool, blocks)
			for i := range blocks {
				sbn := order.sbn(i, blocks)
				if seen[sbn] {
					t.Fatalf("%v, %d blocks: block %d comes twice", o, blocks, sbn)
				}
				seen[sbn] = true
				if o == InOrder && uint32(sbn) != i {
					t.Fatalf("block %d is at place %d", sbn, i)
				}
			}
		}
	}
}

// Transfers begin all over the file, and not all objects with the same block.
func TestConf_C11_RandomStart(t *testing.T) {
	const blocks = 100
	first, other := map[uint32]int{}, 0
	for turn := range uint64(1000) {
		at := newBlockOrder(RandomStart, blocks, 1, turn).first
		first[at]++
		if at != newBlockOrder(RandomStart, blocks, 2, turn).first {
			other++
		}
	}
	if len(first) < 95 || other < 900 {
		t.Errorf("1000 transfers begin with %d of 100 blocks; of two objects %d with others", len(first), other)
	}
}

// A burst of losses that takes a tenth of the file in a row leaves neighbours of each lost block.
func TestSpread(t *testing.T) {
	for _, blocks := range []uint32{20, 100, 1000, 4321} {
		order := newBlockOrder(Spread, blocks, 0, 0)
		lost := make([]bool, blocks)
		for i := range blocks / 10 {
			lost[order.sbn(i, blocks)] = true
		}
		for i := uint32(2); i < blocks; i++ {
			if lost[i] && lost[i-1] {
				t.Fatalf("%d blocks: %d and %d are both lost", blocks, i-1, i)
			}
		}
	}
}
