//go:build race

package simulator

// The race detector takes ten times the time.
const defaultSeeds = 25
