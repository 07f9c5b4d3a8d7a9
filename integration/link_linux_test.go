package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inNamespace marks the process that TestLinkGoesDown starts.
const inNamespace = "INTEGRATION_IN_NAMESPACE"

// TestLinkGoesDown runs TestLink in a network of its own, whose link it may take down.
func TestLinkGoesDown(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLink$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if cmd.Process == nil {
		t.Skipf("the kernel refuses a namespace: %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// ip runs commands of ip, and reports whether all went well.
func ip(t *testing.T, commands ...string) bool {
	t.Helper()
	for _, c := range commands {
		if out, err := exec.Command("ip", strings.Fields(c)...).CombinedOutput(); err != nil {
			t.Logf("ip %s: %s", c, out)
			return false
		}
	}
	return true
}

// TestLink: a carousel goes on when its link comes back, also as another interface with the same name, and says both. A
// transfer that is sent once ends as if nothing had been.
func TestLink(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		t.Skip("started by TestLinkGoesDown")
	}
	plug := []string{"link add fn0 type veth peer name fn1", "link set fn1 up", "addr add 10.77.0.1/24 dev fn0", "link set fn0 up"}
	if !ip(t, "link set lo up") || !ip(t, plug...) {
		t.Skip("no pairs of virtual interfaces here")
	}
	for name, outage := range map[string]struct{ down, up []string }{
		"down":    {[]string{"link set fn0 down"}, []string{"link set fn0 up"}},
		"removed": {[]string{"link del fn0"}, plug},
	} {
		t.Run(name, func(t *testing.T) {
			dir, from := t.TempDir(), t.TempDir()
			group := "239.77.0.1:3400"
			first := write(t, from, "first", 200_000)
			s := start(t, "--json", "send", "--to", group, "--interface", "fn0", "--rate", "20Mbit", "--repeat", "forever", first)
			start(t, "receive", "--group", group, "--interface", "fn0", "--objects", "1", "--timeout", "60s", dir).ok()
			same(t, first, filepath.Join(dir, "first"))

			// 2,000,000 bytes at 4 Mbit/s are 4 s.
			once := write(t, from, "once", 2_000_000)
			o := start(t, "--json", "send", "--to", "239.77.0.2:3400", "--interface", "fn0", "--rate", "4Mbit", once)
			o.says("object_progress")
			if !ip(t, outage.down...) {
				t.Fatal("the link does not go away")
			}
			time.Sleep(2 * time.Second)
			if !ip(t, outage.up...) {
				t.Fatal("the link does not come back")
			}
			o.ok()
			again := t.TempDir()
			start(t, "receive", "--group", group, "--interface", "fn0", "--objects", "1", "--timeout", "60s", again).ok()
			same(t, first, filepath.Join(again, "first"))
			if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			s.ok()
			for who, p := range map[string]*process{"carousel": s, "once": o} {
				var told []string
				for _, e := range p.events() {
					if e["event"] == "warning" {
						told = append(told, e["text"].(string))
					}
				}
				if len(told) != 2 || !strings.Contains(told[0], "nothing can be sent") || !strings.Contains(told[1], "sending again") {
					t.Errorf("%s: %q", who, told)
				}
			}
		})
	}
}
