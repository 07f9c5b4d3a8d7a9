package receiver

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// finishedBytes is what a session may keep of an object that is complete, for as long as it is described: its entry of
// 576 bytes, its description of 480, their places in maps, and texts. A receiver of 20,000 files holds 20,000 of them.
const finishedBytes = 1350

// TestWhatAFinishedObjectLeaves counts the bytes that a session keeps of each complete object.
func TestWhatAFinishedObjectLeaves(t *testing.T) {
	const n = 1000
	r := newRig(t)
	r.feed(smallFiles(t, n)...)
	for toi, e := range r.l.entries {
		if e.phase != completed {
			t.Fatalf("TOI %v is not complete", toi)
		}
	}
	if len(r.l.entries) != n {
		t.Fatalf("%d objects, want %d", len(r.l.entries), n)
	}
	r.events, r.objects, r.apart = nil, nil, nil
	with := heap()
	r.l, r.s = nil, nil
	without := heap()
	runtime.KeepAlive(r) // names and files, which the store has
	if each := (with - without) / n; each <= 0 || each > finishedBytes {
		t.Errorf("%d bytes for each finished object, want at most %d", each, finishedBytes)
	} else {
		t.Logf("%d bytes for each finished object", each)
	}
}

// smallFiles returns the packets of n files of some bytes.
func smallFiles(t *testing.T, n int) [][]byte {
	t.Helper()
	files := make([]source, n)
	for i := range files {
		files[i] = source{name: fmt.Sprintf("file:///f%d", i), content: fmt.Appendf(nil, "content of %d", i)}
	}
	return transmit(t, sender.Config{}, files...)
}
