package receiver

import (
	"slices"
	"testing"

	"github.com/flute-node/flute-node/flute/fdt"
)

// Of the objects that have not ended those come first that hold symbols, by TOI; all are counted.
func TestObjectsInOrder(t *testing.T) {
	r := newRig(t)
	var files []fdt.File
	for toi := range uint64(6) {
		files = append(files, plain(t, 1+toi, 300, 100, 4).file(string(rune('a'+toi))))
	}
	r.feed(describe(t, 0, files...))
	for _, toi := range []uint64{5, 3} {
		r.feed(plain(t, toi, 300, 100, 4).packet(0, 0, 1))
	}
	r.feed(plain(t, 2, 300, 100, 4).all()...) // which has ended
	for limit, want := range [][]uint64{{}, {3}, {3, 5}, {3, 5, 0}, {3, 5, 0, 0}, {3, 5, 1, 4, 6}, {3, 5, 1, 4, 6}} {
		list, total := r.l.Objects(limit)
		var got []uint64
		for i, o := range list {
			toi, _ := o.TOI.Uint64()
			if i < len(want) && want[i] == 0 { // whichever
				toi = 0
			}
			got = append(got, toi)
		}
		if total != 5 || !slices.Equal(got, want) {
			t.Errorf("%d of them: %v of %d, want %v", limit, got, total, want)
		}
	}
	r.close()
}
