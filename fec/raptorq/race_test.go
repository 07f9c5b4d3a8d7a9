//go:build race

package raptorq

// raceEnabled says whether the race detector watches this test: it allocates.
const raceEnabled = true
