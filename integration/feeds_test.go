package integration

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/ipv4"
)

// TestFeeds: what is sent to one group arrives on two others, each of which has lost every fourth datagram, but not the
// same ones. receive merges them; one alone could not be whole.
func TestFeeds(t *testing.T) {
	t.Parallel()
	from, first, second := newGroup(t), newGroup(t), newGroup(t)
	relay(t, from, func(i int, to func(netip.AddrPort)) {
		if i%4 != 1 {
			to(first)
		}
		if i%4 != 3 {
			to(second)
		}
	})
	dir := t.TempDir()
	r := start(t, "receive", "--group", first.String(), "--feed", second.String(), "--interface", "lo", "--timeout",
		"60s", dir)
	listening(t, first)
	listening(t, second)
	path := write(t, t.TempDir(), "file", 2_000_000)
	start(t, "send", "--to", from.String(), "--interface", "lo", "--rate", "40Mbit", "--fec", "no-code", path).ok()
	r.ok()
	same(t, path, filepath.Join(dir, "file"))
	closed := 0
	for _, e := range r.events() {
		if e["event"] != "session_closed" {
			continue
		}
		closed++
		feeds := e["feeds"].([]any)
		if len(feeds) != 2 {
			t.Fatalf("feeds: %v", feeds)
		}
		for _, f := range feeds {
			n := f.(map[string]any)
			if lost, got := n["lost"].(float64), n["received"].(float64); lost < got/4 || lost > got/2 {
				t.Errorf("of %v: %v datagrams received, %v lost", n["feed"], got, lost)
			}
		}
	}
	if closed != 1 {
		t.Errorf("%d sessions were closed", closed)
	}
}

// TestChannels: a session description tells the channels of a session, and receive --sdp receives what comes on all of
// them.
func TestChannels(t *testing.T) {
	t.Parallel()
	from, first, second := newGroup(t), newGroup(t), newGroup(t)
	relay(t, from, func(i int, to func(netip.AddrPort)) {
		if i%2 == 0 {
			to(first)
		} else {
			to(second)
		}
	})
	var sdp strings.Builder
	sdp.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=files\r\nt=0 0\r\na=flute-tsi:7\r\na=flute-ch:2\r\n")
	for _, g := range []netip.AddrPort{first, second} {
		_, _ = fmt.Fprintf(&sdp, "m=application %d FLUTE/UDP 0\r\nc=IN IP4 %v/1\r\n", g.Port(), g.Addr())
	}
	described, dir := filepath.Join(t.TempDir(), "session.sdp"), t.TempDir()
	if err := os.WriteFile(described, []byte(sdp.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "receive", "--sdp", described, "--interface", "lo", "--timeout", "60s", dir)
	listening(t, first)
	listening(t, second)
	path := write(t, t.TempDir(), "file", 1_000_000)
	start(t, "send", "--to", from.String(), "--tsi", "7", "--interface", "lo", "--rate", "40Mbit", path).ok()
	r.ok()
	same(t, path, filepath.Join(dir, "file"))
}

// relay hands each datagram that is sent to a group on, to where it is told.
func relay(t *testing.T, from netip.AddrPort, route func(i int, to func(netip.AddrPort))) {
	t.Helper()
	relayed(t, from, func(i int, datagram []byte, send func(netip.AddrPort, []byte)) {
		route(i, func(to netip.AddrPort) { send(to, datagram) })
	})
}

// relayed shows each datagram that is sent to a group to pass, which may send others.
func relayed(t *testing.T, from netip.AddrPort, pass func(i int, datagram []byte, send func(netip.AddrPort, []byte))) {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	in, err := net.ListenMulticastUDP("udp4", lo, net.UDPAddrFromAddrPort(from))
	if err != nil {
		t.Fatal(err)
	}
	_ = in.SetReadBuffer(4 << 20)
	out, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := ipv4.NewPacketConn(out).SetMulticastInterface(lo); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = in.Close(); <-done; _ = out.Close() })
	go func() {
		defer close(done)
		b := make([]byte, 1<<16)
		for i := 0; ; i++ {
			n, _, err := in.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			pass(i, b[:n], func(to netip.AddrPort, d []byte) { _, _ = out.WriteToUDPAddrPort(d, to) })
		}
	}()
}
