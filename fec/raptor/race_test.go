//go:build race

package raptor

// raceEnabled says whether the race detector watches this test: it allocates.
const raceEnabled = true
