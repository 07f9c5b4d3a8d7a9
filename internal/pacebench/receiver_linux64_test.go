//go:build linux && (amd64 || arm64)

package pacebench

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestReceiver stamps what arrives, in order.
func TestReceiver(t *testing.T) {
	if _, err := Listen(netip.MustParseAddr("127.0.0.1")); err == nil {
		t.Fatal("a unicast address is joined")
	}
	group := netip.MustParseAddr("239.255.99.78")
	r, err := Listen(group)
	if err != nil {
		t.Skip(err)
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Skip(err)
	}
	defer conn.Close()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), r.Group().Port())
	for i := range 3 {
		if _, err := conn.WriteToUDPAddrPort(make([]byte, 100+i), to); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); r.count.Load() < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	arrivals, err := r.Close()
	if err != nil || len(arrivals) != 3 {
		t.Fatal(arrivals, err)
	}
	for i, a := range arrivals {
		if a.Bytes != 100+i || a.Datagrams != 1 || a.At < 0 || a.At > time.Since(r.Began()) {
			t.Errorf("%+v", a)
		}
	}
}
