package node

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/internal/netns"
)

// TestMain leaves the Example out where it cannot run: it is the only one here that opens sockets.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := netns.Multicast(netip.MustParseAddrPort("239.255.1.5:3405")); err != nil {
		fmt.Println("the Example is skipped, for want of multicast on the loopback interface:", err)
		if err := flag.Set("test.skip", "^Example"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// randomBytes returns n bytes that depend on the seed.
func randomBytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(b)
	return b
}

func start(t *testing.T, cfg Config) *Node {
	t.Helper()
	n, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}
