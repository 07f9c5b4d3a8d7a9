package allocbound

import (
	"runtime"
	"testing"
)

// tries is how often a call is measured before it counts as too much: meanwhile another goroutine, such as that of a
// fuzzer, may have allocated, or a pool may have been emptied.
const tries = 4

// Bound is what may be allocated for an input of n bytes: Fixed + n*PerByte bytes, in all, whether it is kept or not.
type Bound struct{ PerByte, Fixed uint64 }

// Check calls f, which reads an input of n bytes, and fails t if f allocates more than b permits. It calls f again, up
// to three times, while it does, so f must do the same each time. It is not for tests that run in parallel. With the
// race detector, which allocates too, it only calls f.
func (b Bound) Check(t testing.TB, n int, f func()) {
	t.Helper()
	if RaceDetector {
		f()
		return
	}
	most := b.Fixed + uint64(n)*b.PerByte
	least := Allocated(f)
	for i := 1; i < tries && least > most; i++ {
		least = min(least, Allocated(f))
	}
	if least > most {
		t.Fatalf("%d bytes are allocated for an input of %d bytes; %d may be", least, n, most)
	}
}

// Allocated returns how many bytes the program allocates while f runs.
func Allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
