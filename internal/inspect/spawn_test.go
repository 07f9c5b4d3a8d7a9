package inspect

import (
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestSpawnChangesNothing: digests on another goroutine make the same report, also of a file that has another one.
func TestSpawnChangesNothing(t *testing.T) {
	list := sent(t, []int{12_000_000, 1_000_000, 9_000_000}, func(_ *sender.Config, f *sender.File) {
		f.Digests = sender.DigestMD5 | sender.DigestSHA256
	})
	for i := range list { // one byte of the first file
		if p := list[i].payload; len(p) > 1000 && p[len(p)-700] != 0 && i > len(list)/4 {
			p[len(p)-700] ^= 1
			break
		}
	}
	file := pcap(t, list)
	var spawned atomic.Int32
	beside := judged(t, file, Config{Spawn: func(f func()) { spawned.Add(1); go f() }})
	alone := judged(t, file, Config{})
	if beside.Text() != alone.Text() {
		t.Errorf("beside:\n%s\nalone:\n%s", beside.Text(), alone.Text())
	}
	if spawned.Load() == 0 || alone.Verdict == Clean {
		t.Errorf("%d goroutines; verdict %v", spawned.Load(), alone.Verdict)
	}
}
