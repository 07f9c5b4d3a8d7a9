package node

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func TestSendAndReceive(t *testing.T) {
	n := start(t, Config{})
	st := mem.New()
	group := netip.MustParseAddrPort("239.255.78.1:34078")
	sub := n.Subscribe(SubscribeOptions{})
	defer sub.Close()
	if _, err := n.Receive(ReceiveConfig{Group: group, Interface: "lo", Store: st}); err != nil {
		t.Fatal(err)
	}
	s, err := n.Send(SendConfig{To: group, TSI: 7, Interface: "lo", Rate: 400_000_000})
	if err != nil {
		t.Fatal(err)
	}
	data := randomBytes(1, 3_000_001)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := s.Add(ctx, sender.File{
		ContentLocation: "file:///dir/hello%20world.bin", Content: bytes.NewReader(data), Size: uint64(len(data)),
	}, nil); err != nil {
		t.Fatal(err)
	}
	s.Finish()
	for {
		select {
		case e := <-sub.Events():
			switch e := e.(type) {
			case event.ObjectCompleted:
				if e.Sending {
					continue
				}
				got, ok := st.Get(e.Path)
				if !ok || !bytes.Equal(got, data) {
					t.Fatalf("%s: %d bytes, want %d", e.Path, len(got), len(data))
				}
				if strings.Join(e.Verified, " ") != "md5 sha-256" {
					t.Errorf("verified %v", e.Verified)
				}
				return
			case event.ObjectFailed:
				t.Fatal(e)
			}
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}
