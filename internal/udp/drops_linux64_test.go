//go:build linux && (amd64 || arm64)

package udp

import "testing"

func TestDropCountWrapsAround(t *testing.T) {
	var d dropCount
	for _, step := range []struct {
		now  uint32
		want uint64
	}{{5, 5}, {5, 5}, {1<<32 - 1, 1<<32 - 1}, {3, 1<<32 + 3}} {
		if d.add(step.now); d.total != step.want {
			t.Errorf("%d of the kernel: %d in total, want %d", step.now, d.total, step.want)
		}
	}
}
