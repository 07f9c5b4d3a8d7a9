//go:build !unix

package main

// canSuspend reports that Ctrl-Z stops nothing here.
func canSuspend() bool { return false }
