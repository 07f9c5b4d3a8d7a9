package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much garbage a node lets gather, in percent of what is alive. It is half of what Go does by itself:
// what is alive grows with the files that are described, while few packets leave garbage.
const gcPercent = 50

// collectEarlier has garbage collected at gcPercent, unless the environment says at how much.
func collectEarlier() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
