package child

import (
	"os/exec"
	"syscall"
)

// Bind has the kernel kill the process of cmd, which has not been started yet, when this process ends, however that
// comes. It returns cmd.
func Bind(cmd *exec.Cmd) *exec.Cmd {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return cmd
}
