//go:build !linux

package child

import "os/exec"

// Bind returns cmd: this system does not end a process with another one.
func Bind(cmd *exec.Cmd) *exec.Cmd { return cmd }
