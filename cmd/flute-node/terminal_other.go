//go:build !windows

package main

import "os"

// prepareTerminal reports whether the terminal understands control sequences.
func prepareTerminal(*os.File) bool { return os.Getenv("TERM") != "dumb" }
