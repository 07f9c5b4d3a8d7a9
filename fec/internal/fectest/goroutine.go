package fectest

import (
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// OneGoroutine skips a long test under the race detector, which finds nothing where one goroutine works.
func OneGoroutine(t *testing.T) {
	t.Helper()
	if allocbound.RaceDetector {
		t.Skip("one goroutine: the race detector finds nothing")
	}
}
