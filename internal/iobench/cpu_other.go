//go:build !linux

package iobench

import "time"

var began = time.Now()

// spent returns the time that has passed: the processor time of a thread is not known here.
func spent() time.Duration { return time.Since(began) }

// Used returns zeros: what this process has used is not known here.
func Used() (processor time.Duration, memory uint64) { return 0, 0 }

// Settle does nothing: other systems are not asked to write out what they have in memory.
func Settle() {}
