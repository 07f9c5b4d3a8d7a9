package assembly

import (
	"fmt"
	"slices"
	"testing"
)

// TestVersions: the version of a symbol that came most often is the best, of several the newest. All choices are tried
// of a few symbols, and each of them once.
func TestVersions(t *testing.T) {
	for votes, want := range map[string]int{
		"1": 0, "1 1": 1, "2 1": 0, "2 2 1": 1, "1 2 2": 2, "1 1 1 1": 3, "3 1 2": 0,
	} {
		c := conflict{}
		for _, v := range votes {
			if v != ' ' {
				c.versions = append(c.versions, version{votes: int(v - '0')})
			}
		}
		if got := c.best(); got != want {
			t.Errorf("%s: %d, want %d", votes, got, want)
		}
	}
	d := doubt{conflicts: map[uint64]*conflict{}}
	for i := range uint64(3) {
		d.conflicts[7*i] = &conflict{off: i, versions: []version{{votes: 1}, {votes: 1}}}
	}
	seen := map[string]bool{}
	for d.attempt = range d.attempts() {
		var choice []int
		for c, v := range d.wanted {
			choice = append(choice, int(c.off), v)
		}
		if d.attempt == 0 && !slices.Equal(choice, []int{0, 1, 1, 1, 2, 1}) {
			t.Errorf("first comes %v, want the newest of all", choice)
		}
		seen[fmt.Sprint(choice)] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d choices, want 8: %v", len(seen), seen)
	}
	for i := range uint64(maxSubset) {
		d.conflicts[100+i] = &conflict{versions: []version{{votes: 1}, {votes: 1}}}
	}
	if n := d.attempts(); n != 1 {
		t.Errorf("%d attempts at many symbols, want 1", n)
	}
}
