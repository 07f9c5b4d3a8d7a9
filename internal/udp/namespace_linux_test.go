package udp_test

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/netns"
	"github.com/flute-node/flute-node/internal/udp"
)

// TestInNamespace runs TestNamespace with routes and interfaces that it may change.
func TestInNamespace(t *testing.T) { netns.Run(t, "TestNamespace") }

func TestNamespace(t *testing.T) {
	netns.Inside(t)
	t.Run("IPv4 needs no route", func(t *testing.T) {
		exchange(t, udp.Config{Group: on(t, "239.255.77.41"), Interface: "lo"}, udp.SendConfig{Interface: "lo"}, true)
	})
	t.Run("no interface and no route", func(t *testing.T) {
		_, err := udp.Listen(udp.Config{Group: on(t, "239.255.77.42")})
		if err == nil || !strings.Contains(err.Error(), "name the interface") {
			t.Error(err)
		}
		_, err = udp.Dial(udp.SendConfig{To: on(t, "239.255.77.42")})
		if err == nil || !strings.Contains(err.Error(), "name the interface") {
			t.Error(err)
		}
	})
	t.Run("limited buffer", testLimitedBuffer)
	t.Run("IPv6", testIPv6)
	t.Run("two interfaces", testTwoInterfaces)
	t.Run("interface without a link", testNoLink)
	t.Run("offload is refused", testOffloadRefused)
}

// exchange sends some datagrams, and checks that they arrive or do not.
func exchange(t *testing.T, from udp.Config, to udp.SendConfig, arrives bool) {
	t.Helper()
	r := listen(t, from)
	to.To = from.Group
	s := dial(t, to)
	sent := texts(10)
	write(t, s, sent...)
	if !arrives {
		if got := receiveNone(t, r); len(got) > 0 {
			t.Errorf("%d datagrams", len(got))
		}
		return
	}
	check(t, receive(t, r, len(sent)), s, sent)
}

// Without the privilege the system's limit holds, and the warning says how to raise it.
func testLimitedBuffer(t *testing.T) {
	r := listen(t, udp.Config{Group: on(t, "127.0.0.1"), ReceiveBuffer: 1 << 30})
	text := r.BufferLimited()
	if !strings.Contains(text, "sysctl -w net.core.rmem_max=1073741824") || strings.Contains(text, "\n") {
		t.Errorf("%q", text)
	}
	if n := r.BufferSize(); n <= 0 || n >= 1<<30 {
		t.Errorf("%d bytes", n)
	}
}

// The kernel refuses IPv6 multicast on lo until what the error says is done.
func testIPv6(t *testing.T) {
	r := listen(t, udp.Config{Group: on(t, "ff15::7741"), Interface: "lo"})
	_ = r.Close()
	_, err := udp.Dial(udp.SendConfig{To: on(t, "ff15::7741"), Interface: "lo"})
	if err == nil {
		t.Fatal("the hint is not needed here")
	}
	_, command, ok := strings.Cut(err.Error(), "for example: ")
	if !ok || strings.Contains(err.Error(), "\n") {
		t.Fatal(err)
	}
	if !netns.Do(t, command) {
		t.Fatal("the hint does not work")
	}
	for _, group := range []string{"ff15::7741", "ff15::7741%lo", "ff02::7741", "ff01::7741"} {
		exchange(t, udp.Config{Group: on(t, group), Interface: "lo"}, udp.SendConfig{Interface: "lo"}, true)
	}
	one := netip.MustParseAddr("::1")
	exchange(t, udp.Config{Group: on(t, "ff35::7742"), Source: one, Interface: "lo"}, udp.SendConfig{Interface: "lo"},
		true)
	other := netip.MustParseAddr("fd01::9")
	exchange(t, udp.Config{Group: on(t, "ff35::7743"), Source: other, Interface: "lo"}, udp.SendConfig{Interface: "lo"},
		false)
}

func testTwoInterfaces(t *testing.T) {
	if !netns.Do(
		t, "ip link add udpa type veth peer name udpb", "ip link set udpa up", "ip link set udpb up",
		"ip addr add 10.77.0.1/24 dev udpa", "ip -6 addr add fd77::1/64 dev udpa nodad",
	) {
		t.Skip("no pairs of virtual interfaces here")
	}
	off := false
	for _, group := range []string{"239.255.77.43", "ff15::7744"} {
		t.Run(group, func(t *testing.T) {
			onA := udp.Config{Group: on(t, group), Interface: "udpa"}
			exchange(t, onA, udp.SendConfig{Interface: "udpa"}, true)
			exchange(t, onA, udp.SendConfig{Interface: "udpa", Loopback: &off}, false)
			onLo := udp.Config{Group: on(t, group), Interface: "lo"}
			exchange(t, onLo, udp.SendConfig{Interface: "udpa"}, false)
		})
	}
	s := dial(t, udp.SendConfig{To: on(t, "239.255.77.44"), Interface: "10.77.0.1"})
	if got := s.LocalAddr().Addr(); got != netip.MustParseAddr("10.77.0.1") {
		t.Errorf("sent from %v", got)
	}
}

// An interface that is down can be joined, and one without a link takes what is sent: whoever waits is told.
func testNoLink(t *testing.T) {
	if !netns.Do(t, "ip link add here type veth peer name there", "ip addr add 10.78.0.1/24 dev here") {
		t.Skip("there are no such interfaces")
	}
	group := on(t, "239.255.77.46")
	told := func(when, want string) {
		t.Helper()
		text := listen(t, udp.Config{Group: group, Interface: "here"}).InterfaceAway()
		if strings.Contains(text, "\n") || (want == "") != (text == "") || !strings.Contains(text, want) {
			t.Errorf("%s: a receiver is told %q", when, text)
		}
		if when == "down" {
			return // there is no route
		}
		text = dial(t, udp.SendConfig{To: group, Interface: "here"}).Degraded()
		if strings.Contains(text, "\n") || (want == "") != (text == "") || !strings.Contains(text, want) {
			t.Errorf("%s: a sender is told %q", when, text)
		}
	}
	told("down", "interface here is down")
	if !netns.Do(t, "ip link set here up") {
		t.Fatal("it cannot be set up")
	}
	awaitLink(t, "here", false)
	told("no link", "interface here has no link")
	if !netns.Do(t, "ip link set there up") {
		t.Fatal("its peer cannot be set up")
	}
	awaitLink(t, "here", true)
	told("up", "")
}

// awaitLink waits until the kernel says of an interface whether it has a link: it does so some time after the change.
func awaitLink(t *testing.T, name string, has bool) {
	t.Helper()
	for range 1000 {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if ifi.Flags&net.FlagRunning != 0 == has {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: link %v does not come", name, has)
}

// The kernel cuts no message into datagrams that IP would have to fragment: they are sent one by one, none is lost, and
// that is told once.
func testOffloadRefused(t *testing.T) {
	if !netns.Do(t, "ip link set lo mtu 1280") {
		t.Skip("the MTU cannot be changed")
	}
	group := on(t, "239.255.77.45")
	r := listen(t, udp.Config{Group: group, Interface: "lo"})
	s := dial(t, udp.SendConfig{To: group, Interface: "lo"})
	if !s.Offload() {
		t.Skip("the kernel has no segmentation offload")
	}
	var sent [][]byte
	for i := range 20 {
		sent = append(sent, bytes.Repeat([]byte{byte(i)}, 1200))
	}
	write(t, s, sent...)
	if !s.Offload() || s.Degraded() != "" {
		t.Fatal("refused too early")
	}
	for i := range 20 {
		sent = append(sent, bytes.Repeat([]byte{byte(i)}, 1400))
	}
	write(t, s, sent[20:]...)
	check(t, receive(t, r, len(sent)), s, sent)
	if text := s.Degraded(); s.Offload() || !strings.Contains(text, "refuses segmentation offload") {
		t.Errorf("offload %t, %q", s.Offload(), text)
	}
	write(t, s, sent[20:]...)
	if text := s.Degraded(); text != "" {
		t.Errorf("told again: %q", text)
	}
	check(t, receive(t, r, 20), s, sent[20:])
}
