package main

import (
	"runtime/debug"
	"testing"
)

// TestCollectEarlier: a receiver collects garbage sooner than other programs, unless its operator decides.
func TestCollectEarlier(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, tc := range []struct {
		gogc string
		want int
	}{{"200", 100}, {"off", 100}, {"", gcPercent}} {
		t.Setenv("GOGC", tc.gogc)
		collectEarlier()
		if got := debug.SetGCPercent(100); got != tc.want {
			t.Errorf("GOGC=%q: %d %%, want %d", tc.gogc, got, tc.want)
		}
	}
}
