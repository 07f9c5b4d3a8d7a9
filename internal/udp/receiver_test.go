package udp_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

func TestTruncatedIsTold(t *testing.T) {
	group := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: group})
	s := dial(t, udp.SendConfig{To: group})
	write(t, s, make([]byte, 100), make([]byte, 64), nil)
	type seen struct {
		Length    int
		Truncated bool
	}
	var got []seen
	slab1, out := slab.NewPool(4*64, 1).Get(), make([]slab.Datagram, 4)
	for len(got) < 3 {
		n, err := r.ReadBatch(slab1, out)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out[:n] {
			got = append(got, seen{len(d.Data), d.Truncated})
			if cap(d.Data) > 64 {
				t.Errorf("appending to a datagram would overwrite the next: cap %d", cap(d.Data))
			}
		}
	}
	if diff := cmp.Diff([]seen{{64, true}, {64, false}, {0, false}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNoRoom(t *testing.T) {
	r := listen(t, udp.Config{Group: on(t, "127.0.0.1")})
	s := slab.NewPool(4, 1).Get()
	for _, n := range []int{0, 5} {
		if _, err := r.ReadBatch(s, make([]slab.Datagram, n)); err == nil {
			t.Errorf("4 bytes for %d datagrams: no error", n)
		}
	}
}

// Every datagram is either read or counted as dropped, also after Close.
func TestKernelDropsAreCounted(t *testing.T) {
	if !linux64 {
		t.Skip("not known here")
	}
	group := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: group, ReceiveBuffer: 16 << 10})
	s := dial(t, udp.SendConfig{To: group})
	const sent = 500
	datagram := make([]byte, 1400)
	for range sent {
		write(t, s, datagram)
	}
	drops := r.KernelDrops()
	if drops == 0 || drops >= sent {
		t.Fatalf("%d dropped of %d", drops, sent)
	}
	got := len(receive(t, r, sent-int(drops)))
	if got += len(receiveNone(t, r)); uint64(got)+drops != sent { // closes r
		t.Errorf("%d received and %d dropped of %d", got, drops, sent)
	}
	if after := r.KernelDrops(); after != drops {
		t.Errorf("%d drops before Close, %d after", drops, after)
	}
}

func TestReceiveBuffer(t *testing.T) {
	r := listen(t, udp.Config{Group: on(t, "127.0.0.1"), ReceiveBuffer: 64 << 10})
	if text := r.BufferLimited(); text != "" || r.BufferSize() < 64<<10 {
		t.Errorf("buffer of %d bytes: %q", r.BufferSize(), text)
	}
}

func TestCloseEndsReadBatch(t *testing.T) {
	r := listen(t, udp.Config{Group: on(t, "127.0.0.1")})
	done := make(chan error)
	go func() {
		_, err := r.ReadBatch(slab.NewPool(2048, 1).Get(), make([]slab.Datagram, 1))
		done <- err
	}()
	time.Sleep(10 * time.Millisecond) // most likely it is blocked by now; both orders must work
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := r.ReadBatch(slab.NewPool(2048, 1).Get(), make([]slab.Datagram, 1)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestErrorsOfListenAreOneClearLine(t *testing.T) {
	addrPort, addr := netip.MustParseAddrPort, netip.MustParseAddr
	for want, cfg := range map[string]udp.Config{
		"no group and port":    {},
		`"nosuch0"`:            {Group: addrPort("239.1.1.1:3400"), Interface: "nosuch0"},
		"192.0.2.1:3400":       {Group: addrPort("192.0.2.1:3400")},
		"different families":   {Group: addrPort("239.1.1.1:3400"), Source: addr("::1")},
		"address of a sender":  {Group: addrPort("239.1.1.1:3400"), Source: addr("239.1.1.2")},
		"receive buffer of -1": {Group: addrPort("239.1.1.1:3400"), ReceiveBuffer: -1},
		`"nosuch1"`:            {Group: addrPort("[ff15::1%nosuch1]:3400")},
		"not on interface":     {Group: addrPort("[ff15::1%99]:3400"), Interface: loopback(t)},
	} {
		_, err := udp.Listen(cfg)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") ||
			!strings.HasPrefix(err.Error(), "udp: ") {
			t.Errorf("%+v: %v, want one line with %q", cfg, err, want)
		}
	}
}
