//go:build cgo

package main

import (
	"os"
	"runtime"
)

// A thread of C that calls needs a place to run Go, as each goroutine does. Without one more than there are processors,
// two digests beside the data take both on a machine with two, and a call waits until one of them is interrupted: up to
// 10 ms.
func init() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
