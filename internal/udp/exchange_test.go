package udp_test

import (
	"errors"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/internal/udp"
)

func TestSendAndReceive(t *testing.T) {
	lo := loopback(t)
	for _, test := range []struct {
		name, group, source, listenOn, sendOn, seenFrom string
		nothing                                         bool
	}{
		{name: "any source", group: "239.255.77.1", listenOn: lo, sendOn: lo, seenFrom: "127.0.0.1"},
		{
			name: "interfaces by address and index", group: "239.255.77.1", listenOn: "127.0.0.1", sendOn: "1",
			seenFrom: "127.0.0.1",
		},
		{name: "source-specific", group: "232.1.77.1", source: "127.0.0.1", listenOn: lo, sendOn: lo, seenFrom: "127.0.0.1"},
		{name: "of another source", group: "232.1.77.2", source: "127.0.0.9", listenOn: lo, sendOn: lo, nothing: true},
		{name: "unicast", group: "127.0.0.1", seenFrom: "127.0.0.1"},
		{name: "unicast by interface", group: "127.0.0.1", listenOn: lo, sendOn: lo, seenFrom: "127.0.0.1"},
		{name: "IPv4 in IPv6", group: "::ffff:127.0.0.1", seenFrom: "127.0.0.1"},
		{name: "IPv6 any source", group: "ff15::7701", listenOn: lo, sendOn: lo, seenFrom: "::1"},
		{name: "IPv6 interface by zone", group: "ff15::7701%" + lo, seenFrom: "::1"},
		{name: "IPv6 source-specific", group: "ff35::7702", source: "::1", listenOn: lo, sendOn: lo, seenFrom: "::1"},
		{name: "IPv6 unicast", group: "::1", seenFrom: "::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := on(t, test.group)
			cfg := udp.Config{Group: group, Interface: test.listenOn}
			if test.source != "" {
				cfg.Source = netip.MustParseAddr(test.source)
			}
			r := listen(t, cfg)
			s, err := udp.Dial(udp.SendConfig{To: group, Interface: test.sendOn})
			if errors.Is(err, syscall.ENETUNREACH) && group.Addr().Is6() {
				t.Skipf("the kernel refuses: %v", err) // TestInNamespace has the route
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			sent := texts(150) // more than fit into one system call
			write(t, s, sent...)
			if test.nothing {
				if got := receiveNone(t, r); len(got) != 0 {
					t.Errorf("%d datagrams of a source that was not asked for", len(got))
				}
				return
			}
			check(t, receive(t, r, len(sent)), s, sent)
			if got := s.LocalAddr().Addr(); got != netip.MustParseAddr(test.seenFrom) {
				t.Errorf("sent from %v, want %v", got, test.seenFrom)
			}
			if r.LocalAddr().Port() != group.Port() {
				t.Errorf("bound to %v", r.LocalAddr())
			}
		})
	}
}

// Each Receiver of a group gets all datagrams, and none of other groups on the same port.
func TestReceiversOfOneMachine(t *testing.T) {
	lo := loopback(t)
	first := on(t, "239.255.77.11")
	second := netip.AddrPortFrom(netip.MustParseAddr("239.255.77.12"), first.Port())
	a := listen(t, udp.Config{Group: first, Interface: lo})
	b := listen(t, udp.Config{Group: first, Interface: lo})
	c := listen(t, udp.Config{Group: second, Interface: lo})
	toFirst := dial(t, udp.SendConfig{To: first, Interface: lo})
	toSecond := dial(t, udp.SendConfig{To: second, Interface: lo})
	if runtime.GOOS != "linux" {
		t.Skip("only Linux binds to a group")
	}
	one, two := [][]byte{[]byte("one")}, [][]byte{[]byte("two")}
	write(t, toSecond, two...)
	write(t, toFirst, one...)
	check(t, receive(t, a, 1), toFirst, one)
	check(t, receive(t, b, 1), toFirst, one)
	check(t, receive(t, c, 1), toSecond, two)
}

// Two processes that listen to one unicast address would take datagrams from each other.
func TestUnicastAddressIsNotShared(t *testing.T) {
	addr := on(t, "127.0.0.1")
	listen(t, udp.Config{Group: addr})
	if r, err := udp.Listen(udp.Config{Group: addr}); err == nil {
		_ = r.Close()
		t.Error("two receivers on one unicast address")
	}
}

func TestListenToTheAddressOfAnInterface(t *testing.T) {
	r := listen(t, udp.Config{Group: netip.MustParseAddrPort("0.0.0.0:0"), Interface: loopback(t)})
	if a := r.LocalAddr(); a.Addr() != netip.MustParseAddr("127.0.0.1") || a.Port() == 0 {
		t.Errorf("bound to %v", a)
	}
}
