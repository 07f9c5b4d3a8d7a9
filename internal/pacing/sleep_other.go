//go:build !linux

package pacing

import "time"

func nanosleep(d time.Duration) { time.Sleep(d) }
