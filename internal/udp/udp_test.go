package udp_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback is the name of the loopback interface; tests of real multicast need one that the system lets join.
func loopback(t *testing.T) string {
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

// port returns one that is free at the moment.
func port(t *testing.T) uint16 {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func TestSendAndReceive(t *testing.T) {
	for _, test := range []struct{ name, group, source, other string }{
		{"IPv4 any source", "239.255.77.1", "", ""},
		{"IPv4 source-specific", "232.1.77.1", "127.0.0.1", ""},
		{"IPv4 of another source", "232.1.77.2", "127.0.0.9", "nothing"},
		{"IPv4 unicast", "127.0.0.1", "", ""},
		{"IPv6 any source", "ff15::7701", "", ""},
		{"IPv6 unicast", "::1", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := netip.AddrPortFrom(netip.MustParseAddr(test.group), port(t))
			cfg := udp.Config{Group: group, Interface: loopback(t)}
			if test.source != "" {
				cfg.Source = netip.MustParseAddr(test.source)
			}
			r, err := udp.Listen(cfg)
			if err != nil {
				if group.Addr().Is6() {
					t.Skipf("no IPv6 here: %v", err)
				}
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			s, err := udp.Dial(udp.SendConfig{To: group, Interface: loopback(t)})
			if errors.Is(err, syscall.ENETUNREACH) && group.Addr().Is6() {
				t.Skipf("no route for IPv6 multicast on the loopback interface: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			const count = 100
			var out [][]byte
			for i := range count {
				out = append(out, fmt.Appendf(nil, "datagram %d", i))
			}
			out = append(out, nil) // an empty datagram is a datagram
			if n, err := s.WriteBatch(out); n != len(out) || err != nil {
				t.Fatal(n, err)
			}
			got := receive(t, r, len(out))
			if test.other != "" {
				if len(got) != 0 {
					t.Fatalf("%d datagrams of a source that was not asked for", len(got))
				}
				return
			}
			if len(got) != len(out) {
				t.Fatalf("%d datagrams of %d", len(got), len(out))
			}
			for i, d := range got {
				if d.text != string(out[i]) || d.source != s.LocalAddr() {
					t.Fatalf("datagram %d: %+v from %v, want %q from %v", i, d.text, d.source, out[i], s.LocalAddr())
				}
			}
		})
	}
}

type received struct {
	text   string
	source netip.AddrPort
}

// receive reads until want datagrams are there, or for 200 ms when the last one came.
func receive(t *testing.T, r *udp.Receiver, want int) (all []received) {
	t.Helper()
	pool := slab.NewPool(64*2048, 1)
	done := make(chan struct{})
	quiet := time.AfterFunc(time.Second, func() { _ = r.Close() })
	go func() {
		defer close(done)
		out := make([]slab.Datagram, 64)
		for len(all) < want {
			s := pool.Get()
			n, err := r.ReadBatch(s, out)
			for _, d := range out[:n] {
				all = append(all, received{string(d.Data), d.Source})
			}
			s.Release()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				return
			}
		}
	}()
	<-done
	quiet.Stop()
	return all
}

func TestTruncatedIsTold(t *testing.T) {
	group := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port(t))
	r, err := udp.Listen(udp.Config{Group: group})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	s, err := udp.Dial(udp.SendConfig{To: group})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.WriteBatch([][]byte{make([]byte, 100), make([]byte, 64)}); err != nil {
		t.Fatal(err)
	}
	out := make([]slab.Datagram, 4)
	var got []bool
	for len(got) < 2 {
		n, err := r.ReadBatch(slab.NewPool(4*64, 1).Get(), out)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out[:n] {
			got = append(got, d.Truncated)
		}
	}
	if !got[0] || got[1] {
		t.Errorf("truncated: %v, want true, false", got)
	}
}

func TestKernelDropsAreCounted(t *testing.T) {
	group := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port(t))
	r, err := udp.Listen(udp.Config{Group: group, ReceiveBuffer: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	s, err := udp.Dial(udp.SendConfig{To: group})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	datagram := make([]byte, 1400)
	for range 100 {
		if _, err := s.WriteBatch([][]byte{datagram}); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.KernelDrops(); n == 0 && runtime.GOOS == "linux" {
		t.Error("no drops counted")
	} else if n > 100 {
		t.Errorf("%d of 100 dropped", n)
	}
}

func TestNobodyListens(t *testing.T) {
	s, err := udp.Dial(udp.SendConfig{To: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port(t))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for range 10 {
		if n, err := s.WriteBatch([][]byte{{1}, {2}, {3}}); n != 3 || err != nil {
			t.Fatal(n, err)
		}
	}
}

func TestErrorsAreOneClearLine(t *testing.T) {
	for name, cfg := range map[string]udp.Config{
		"no interface has": {Group: netip.MustParseAddrPort("239.1.1.1:3400"), Interface: "nosuch0"},
		"listen to":        {Group: netip.MustParseAddrPort("192.0.2.1:3400")},
		"no group":         {},
	} {
		_, err := udp.Listen(cfg)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want one line with %q", cfg, err, name)
		}
	}
	if _, err := udp.Dial(udp.SendConfig{To: netip.MustParseAddrPort("239.1.1.1:3400"), TTL: 256}); err == nil {
		t.Error("TTL 256 accepted")
	}
}
