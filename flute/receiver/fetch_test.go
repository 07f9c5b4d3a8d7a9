package receiver

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNothingIsFetched: an FDT Instance may name any address, such as one inside of the receiver's own network, as an
// alternate location. It is told to whoever subscribes, and fetched by nobody: the receiving core, and all that it
// imports, cannot open a connection.
func TestNothingIsFetched(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	imported := strings.Fields(string(out))
	if !slices.Contains(imported, "net/netip") {
		t.Fatalf("%d packages, without net/netip: is that the list?", len(imported))
	}
	for _, connects := range []string{"net", "net/http", "crypto/tls"} {
		if slices.Contains(imported, connects) {
			t.Errorf("%s is among what the core imports", connects)
		}
	}
}
