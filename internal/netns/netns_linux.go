package netns

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/internal/child"
)

// inside marks the process that Run starts.
const inside = "FLUTE_NODE_TEST_IN_NAMESPACE"

// Run runs the test with this name again, alone, in a process of its own in a new network namespace, and fails t if it
// fails. In that process the test has called [Inside]. t is skipped where there is no program ip, or no namespace for
// it.
func Run(t *testing.T, test string) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.Bind(cmd).CombinedOutput()
	if cmd.Process == nil {
		t.Skipf("the kernel refuses a namespace: %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// Inside skips t in a process that Run has not started. Else it brings the interface lo up.
func Inside(t *testing.T) {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("needs a network of its own")
	}
	if !Do(t, "ip link set lo up") {
		t.Fatal("lo stays down")
	}
}

// Do runs commands, without a shell, and reports whether all went well. It stops at the first that did not.
func Do(t *testing.T, commands ...string) bool {
	t.Helper()
	for _, c := range commands {
		args := strings.Fields(c)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", c, err, out)
			return false
		}
	}
	return true
}
