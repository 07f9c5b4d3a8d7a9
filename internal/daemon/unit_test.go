package daemon

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestUnitHasNoPrivileges: the systemd unit runs the service as a user of its own, without capabilities, and lets it
// write to its own folders only: whoever takes it over has little.
func TestUnitHasNoPrivileges(t *testing.T) {
	text, err := os.ReadFile("../../deploy/flute-node.service")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, want := range []string{
		"User=flute-node", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities=",
		"ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectProc=invisible",
		"RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK", "RestrictNamespaces=yes", "RestrictSUIDSGID=yes",
		"MemoryDenyWriteExecute=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service",
		"UMask=0027",
	} {
		key, _, _ := strings.Cut(want, "=")
		found := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, key+"=") })
		if !slices.Equal(found, []string{want}) {
			t.Errorf("%q, want %q", found, want)
		}
	}
}
