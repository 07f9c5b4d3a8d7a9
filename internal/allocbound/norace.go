//go:build !race

package allocbound

const raceEnabled = false
