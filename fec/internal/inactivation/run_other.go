//go:build !amd64 || purego

package inactivation

// levels returns the implementations that the CPU can run.
func levels() []level { return []level{portable} }

func (level) sums(_, _ *uint16, _ *byte, _ int, _ *[]byte, _ int, _ *[]byte) bool { return false }

func (level) running(_ *[2]uint8, _ int, _, _ *byte, _ int, _ bool, _ *byte) bool { return false }
