package main

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Datagrams go both ways, to the client they belong to, and one of four is lost each way.
func TestPair(t *testing.T) {
	local := netip.MustParseAddrPort("127.0.0.1:0")
	server, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(local))
	if err != nil {
		t.Skip(err)
	}
	defer server.Close()
	front, err := listen(local)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	context.AfterFunc(ctx, func() { _ = front.Close() })
	cfg := config{oneIn: 4, to: server.LocalAddr().(*net.UDPAddr).AddrPort()}
	p := &pair{cfg: cfg, front: front, drop: *cfg.dropper()}
	ended := make(chan error)
	go func() { ended <- p.run() }()

	go func() { // sends back what it gets
		b := make([]byte, 64)
		for {
			n, from, err := server.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = server.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	const clients, sent = 2, 64
	for id := range byte(clients) {
		c, err := net.DialUDP("udp", nil, front.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range sent {
			if _, err := c.Write([]byte{id}); err != nil {
				t.Fatal(err)
			}
		}
		// One of four is lost on the way to the server, one of four of the rest on the way back.
		b := make([]byte, 64)
		for i := range sent * 9 / 16 {
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			n, err := c.Read(b)
			if err != nil || n != 1 || b[0] != id {
				t.Fatalf("client %d, answer %d: %v %v", id, i, b[:n], err)
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if f, d := p.forwarded.Load(), p.dropped.Load(); f != clients*sent*21/16 || d != clients*sent*7/16 {
		t.Errorf("forwarded %d dropped %d", f, d)
	}
}
