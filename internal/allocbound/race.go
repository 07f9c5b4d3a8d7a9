//go:build race

package allocbound

// RaceDetector is true in a program with the race detector, which allocates too.
const RaceDetector = true
