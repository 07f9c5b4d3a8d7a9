package netns

import (
	"net"
	"net/netip"
	"testing"
)

// TestFree: a port is taken while a socket of TCP or of UDP has it.
func TestFree(t *testing.T) {
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	if free(at) == nil {
		t.Error("a listener of TCP has it, and it is free")
	}
	_ = l.Close()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	if free(at) == nil {
		t.Error("a socket of UDP has it, and it is free")
	}
	_ = c.Close()
	if err := free(at); err != nil {
		t.Error(err)
	}
}
