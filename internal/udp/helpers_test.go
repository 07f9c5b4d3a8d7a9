package udp_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// linux64 is where batches and the count of drops work.
const linux64 = runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")

// loopback is the name of the loopback interface.
func loopback(t testing.TB) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, ifi := range all {
		if ifi.Flags&net.FlagLoopback != 0 {
			return ifi.Name
		}
	}
	t.Skip("no loopback interface")
	return ""
}

// on returns addr with a port that is free at the moment.
func on(t testing.TB, addr string) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return netip.AddrPortFrom(netip.MustParseAddr(addr), c.LocalAddr().(*net.UDPAddr).AddrPort().Port())
}

// listen skips the test only where the kernel refuses to join.
func listen(t testing.TB, cfg udp.Config) *udp.Receiver {
	t.Helper()
	r, err := udp.Listen(cfg)
	if err != nil && (cfg.Group.Addr().IsMulticast() || cfg.Group.Addr().Is6()) {
		t.Skipf("the kernel refuses: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func dial(t testing.TB, cfg udp.SendConfig) *udp.Sender {
	t.Helper()
	s, err := udp.Dial(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func write(t testing.TB, s *udp.Sender, datagrams ...[]byte) {
	t.Helper()
	if n, err := s.WriteBatch(datagrams); n != len(datagrams) || err != nil {
		t.Fatalf("%d of %d datagrams written: %v", n, len(datagrams), err)
	}
}

type received struct {
	text   string
	source netip.AddrPort
}

// receive reads until want datagrams are there. It gives up, and closes r, when none has come for a minute: the machine
// may be busy.
func receive(t testing.TB, r *udp.Receiver, want int) []received {
	t.Helper()
	return receiveIn(t, r, want, time.Minute)
}

// receiveNone returns what comes within a second although nothing should, and closes r.
func receiveNone(t testing.TB, r *udp.Receiver) []received {
	t.Helper()
	return receiveIn(t, r, 1, time.Second)
}

func receiveIn(t testing.TB, r *udp.Receiver, want int, patience time.Duration) (all []received) {
	t.Helper()
	quiet := time.AfterFunc(patience, func() { _ = r.Close() })
	defer quiet.Stop()
	s := slab.NewPool(64*2048, 1).Get()
	out := make([]slab.Datagram, 64)
	for len(all) < want {
		n, err := r.ReadBatch(s, out)
		if errors.Is(err, net.ErrClosed) {
			break
		}
		if err != nil || n == 0 {
			t.Fatalf("%d datagrams: %v", n, err)
		}
		quiet.Reset(patience)
		for _, d := range out[:n] {
			all = append(all, received{string(d.Data), d.Source})
		}
	}
	return all
}

// texts are distinct datagrams, and an empty one in their midst.
func texts(n int) (all [][]byte) {
	for i := range n {
		all = append(all, fmt.Appendf(nil, "datagram %d", i))
	}
	all[n/2] = nil
	return all
}

// check compares with what was sent by s.
func check(t *testing.T, got []received, s *udp.Sender, sent [][]byte) {
	t.Helper()
	if len(got) != len(sent) {
		t.Fatalf("%d datagrams of %d", len(got), len(sent))
	}
	for i, d := range got {
		if d.text != string(sent[i]) || d.source != s.LocalAddr() {
			t.Fatalf("datagram %d: %q from %v, want %q from %v", i, d.text, d.source, sent[i], s.LocalAddr())
		}
	}
}
