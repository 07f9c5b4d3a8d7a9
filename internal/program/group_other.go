//go:build !unix

package program

import "os/exec"

func leadGroup(*exec.Cmd) {}

// endGroup kills cmd: there is no way to ask it.
func endGroup(cmd *exec.Cmd) { killGroup(cmd) }

// killGroup kills cmd, but not what it has started.
func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
