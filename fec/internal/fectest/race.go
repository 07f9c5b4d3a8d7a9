//go:build race

package fectest

// Race says whether the race detector watches the test: it allocates.
const Race = true
