package store

import "testing"

// TestSourcesAreForgotten: the share of a source lasts as long as its sessions, and no longer.
func TestSourcesAreForgotten(t *testing.T) {
	b := NewSharedBudget(1<<20, Shares{Source: 1 << 19, Reserve: 1 << 10})
	first, second, other := b.Share("a", 1000), b.Share("a", 1000), b.Share("b", 1000)
	if n := len(b.shares.inUse); n != 2 {
		t.Errorf("%d sources, want 2", n)
	}
	for _, c := range []struct {
		close *Share
		left  int
	}{{first, 2}, {first, 2}, {other, 1}, {second, 0}} {
		c.close.Close()
		if n := len(b.shares.inUse); n != c.left {
			t.Errorf("%d sources, want %d", n, c.left)
		}
	}
}
