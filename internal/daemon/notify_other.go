//go:build !linux

package daemon

// reloading is what systemd wants to hear; there is none here.
func reloading() []string { return nil }
