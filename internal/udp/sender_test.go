package udp_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/flute-node/flute-node/internal/udp"
)

// What nobody listens to is sent nevertheless: somebody may begin to listen.
func TestNobodyListens(t *testing.T) {
	to := on(t, "127.0.0.1")
	s := dial(t, udp.SendConfig{To: to})
	for range 10 {
		write(t, s, []byte{1}, []byte{2}, []byte{3})
	}
	if runtime.GOOS == "linux" && s.Refused() == 0 {
		t.Error("no refusal was counted")
	}
	r := listen(t, udp.Config{Group: to})
	sent := texts(3)
	write(t, s, sent...)
	check(t, receive(t, r, 3), s, sent)
}

func TestTTL(t *testing.T) {
	lo, err := net.InterfaceByName(loopback(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ ttl, want int }{{0, 1}, {1, 1}, {7, 7}, {255, 255}} {
		group := on(t, "239.255.77.21")
		c, err := net.ListenMulticastUDP("udp4", lo, net.UDPAddrFromAddrPort(group))
		if err != nil {
			t.Skipf("the kernel refuses: %v", err)
		}
		defer func() { _ = c.Close() }()
		p := ipv4.NewPacketConn(c)
		if err := p.SetControlMessage(ipv4.FlagTTL, true); err != nil {
			t.Skipf("no TTL of received datagrams: %v", err)
		}
		write(t, dial(t, udp.SendConfig{To: group, Interface: lo.Name, TTL: test.ttl}), []byte("x"))
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		_, cm, _, err := p.ReadFrom(make([]byte, 10))
		if err != nil {
			t.Fatal(err)
		}
		if cm.TTL != test.want {
			t.Errorf("TTL %d asked, %d on the wire", test.ttl, cm.TTL)
		}
	}
}

func TestSourceAddress(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 on the loopback interface")
	}
	source := netip.MustParseAddr("127.0.0.5")
	for _, to := range []string{"127.0.0.1", "239.255.77.22"} {
		group := on(t, to)
		r := listen(t, udp.Config{Group: group, Interface: "lo"})
		s := dial(t, udp.SendConfig{To: group, Interface: "lo", Source: source})
		sent := texts(1)
		write(t, s, sent...)
		check(t, receive(t, r, 1), s, sent)
		if s.LocalAddr().Addr() != source {
			t.Errorf("to %v: sent from %v", to, s.LocalAddr())
		}
	}
}

func TestTooLongDatagram(t *testing.T) {
	to := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: to})
	s := dial(t, udp.SendConfig{To: to})
	n, err := s.WriteBatch([][]byte{[]byte("a"), make([]byte, 65508), []byte("b")})
	if n != 1 || err == nil || !strings.Contains(err.Error(), "65508 bytes") {
		t.Errorf("%d datagrams sent: %v", n, err)
	}
	check(t, receive(t, r, 1), s, [][]byte{[]byte("a")})
}

// A send buffer that holds a few datagrams only makes WriteBatch wait, not fail.
func TestSmallSendBuffer(t *testing.T) {
	to := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: to})
	s := dial(t, udp.SendConfig{To: to, SendBuffer: 1})
	sent := texts(500)
	done := make(chan error, 1)
	go func() {
		_, err := s.WriteBatch(sent)
		done <- err
	}()
	check(t, receive(t, r, len(sent)), s, sent)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWriteAfterClose(t *testing.T) {
	s := dial(t, udp.SendConfig{To: on(t, "127.0.0.1")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.WriteBatch(texts(3)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Error(n, err)
	}
	if n, err := s.WriteBatch(nil); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestErrorsOfDialAreOneClearLine(t *testing.T) {
	addrPort, addr := netip.MustParseAddrPort, netip.MustParseAddr
	for want, cfg := range map[string]udp.SendConfig{
		"no address and port": {To: addrPort("239.1.1.1:0")},
		"TTL 256":             {To: addrPort("239.1.1.1:3400"), TTL: 256},
		"TTL -1":              {To: addrPort("239.1.1.1:3400"), TTL: -1},
		"send buffer of -1":   {To: addrPort("239.1.1.1:3400"), SendBuffer: -1},
		`"nosuch0"`:           {To: addrPort("239.1.1.1:3400"), Interface: "nosuch0"},
		"different families":  {To: addrPort("239.1.1.1:3400"), Source: addr("::1")},
		"on the system's":     {To: addrPort("127.0.0.1:3400"), Source: addr("192.0.2.1")},
	} {
		_, err := udp.Dial(cfg)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") ||
			!strings.HasPrefix(err.Error(), "udp: ") {
			t.Errorf("%+v: %v, want one line with %q", cfg, err, want)
		}
	}
	foreign := udp.SendConfig{To: addrPort("127.0.0.1:3400"), Source: addr("192.0.2.1")}
	if _, err := udp.Dial(foreign); runtime.GOOS == "linux" &&
		!errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// TestOffload: datagrams of all lengths arrive as they were sent, in messages of several or one by one.
func TestOffload(t *testing.T) {
	var sent [][]byte
	for i, n := range []int{1400, 1400, 1400, 700, 1400, 0, 3, 3, 2, 1400, 1, 1400, 1400} {
		sent = append(sent, bytes.Repeat([]byte{byte(i)}, n))
	}
	for i := range 150 {
		sent = append(sent, bytes.Repeat([]byte{byte(i)}, 500))
	}
	for _, to := range []string{"127.0.0.1", "239.255.77.23"} {
		for _, no := range []bool{false, true} {
			group := on(t, to)
			r := listen(t, udp.Config{Group: group, Interface: loopback(t)})
			s := dial(t, udp.SendConfig{To: group, Interface: loopback(t), NoOffload: no})
			write(t, s, sent...)
			check(t, receive(t, r, len(sent)), s, sent)
			if no && s.Offload() || s.Degraded() != "" {
				t.Errorf("to %v: offload %t, %q", to, s.Offload(), s.Degraded())
			}
		}
	}
}
