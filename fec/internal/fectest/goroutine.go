package fectest

import "testing"

// OneGoroutine skips a long test under the race detector, which finds nothing where one goroutine works.
func OneGoroutine(t *testing.T) {
	t.Helper()
	if Race {
		t.Skip("one goroutine: the race detector finds nothing")
	}
}
