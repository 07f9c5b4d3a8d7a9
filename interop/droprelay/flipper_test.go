package main

import (
	"bytes"
	"slices"
	"testing"
)

func TestFlipperFlipsOneBitOnce(t *testing.T) {
	for _, at := range []int{0, 1, 3} {
		f := &flipper{at: at}
		var flipped []int
		for i := range 10 {
			if f.flip(packetOf(t, 0)) || f.flip([]byte("no packet")) {
				t.Errorf("at %d: something else than a packet of a file was changed", at)
			}
			b := append(packetOf(t, 1), 0xf0, 0x0f)
			was := bytes.Clone(b)
			if !f.flip(b) {
				continue
			}
			flipped = append(flipped, i+1)
			if was[len(was)-1] ^= 1; !bytes.Equal(b, was) {
				t.Errorf("at %d: more than one bit was changed", at)
			}
		}
		if want := []int{at}; at > 0 && !slices.Equal(flipped, want) || at == 0 && flipped != nil {
			t.Errorf("at %d: packets %v were changed", at, flipped)
		}
	}
}
