//go:build linux && (amd64 || arm64)

package udp

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// overLoopback returns a receiver with a buffer of so many bytes, at a port that is free at the moment, and what looks
// at it.
func overLoopback(t *testing.T, group string, buffer int) (*Receiver, *queues) {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr(group), addrPort(free.LocalAddr()).Port())
	_ = free.Close()
	r, err := Listen(Config{Group: at, Interface: "lo", ReceiveBuffer: buffer})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	look := lookAt(r.LocalAddr())
	if look == nil {
		t.Skip("the kernel has no UDP diagnosis")
	}
	t.Cleanup(func() { _ = look.close() })
	return r, look.(*queues)
}

// TestQueues: what waits in the buffer of the fullest receiver of a group is seen, and nothing of other sockets.
func TestQueues(t *testing.T) {
	r, q := overLoopback(t, "239.255.77.51", 1<<20)
	small, err := Listen(Config{Group: r.LocalAddr(), Interface: "lo", ReceiveBuffer: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	elsewhere := netip.AddrPortFrom(netip.MustParseAddr("239.255.77.52"), r.LocalAddr().Port())
	other, err := Listen(Config{Group: elsewhere, Interface: "lo", ReceiveBuffer: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if waiting, size, ok := q.look(); waiting != 0 || size != small.BufferSize() || !ok {
		t.Errorf("%d of %d bytes wait (%t), want 0 of %d", waiting, size, ok, small.BufferSize())
	}
	s, err := Dial(SendConfig{To: r.LocalAddr(), Interface: "lo"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n, err := s.WriteBatch(slices.Repeat([][]byte{make([]byte, 1000)}, 20)); n != 20 || err != nil {
		t.Fatal(n, err)
	}
	if waiting, _, _ := q.look(); waiting < 20*1000 {
		t.Errorf("%d bytes wait, want 20,000 at least", waiting)
	}
	if err := q.close(); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := q.look(); ok || q.close() != nil {
		t.Error("a look after close")
	}
}

// TestOnlyReceiver: while there is one receiver it is asked for alone, whatever it is bound to. Another one that comes
// is seen some looks later, and one that goes is not seen at the next.
func TestOnlyReceiver(t *testing.T) {
	for _, group := range []string{"239.255.77.57", "127.0.0.1", "::1"} {
		r, q := overLoopback(t, group, 1<<20)
		for range 2 {
			if waiting, size, ok := q.look(); waiting != 0 || size != r.BufferSize() || !ok || len(q.alone) == 0 {
				t.Fatalf("%s: %d of %d bytes wait (%t)", group, waiting, size, ok)
			}
		}
		if _, _, ok := q.askAlone(); !ok {
			t.Errorf("%s: the system does not find it alone", group)
		}
		s, err := Dial(SendConfig{To: r.LocalAddr(), Interface: "lo"})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.WriteBatch(slices.Repeat([][]byte{make([]byte, 1000)}, 20)); n != 20 || err != nil {
			t.Fatal(n, err)
		}
		_ = s.Close()
		if waiting, _, ok := q.askAlone(); !ok || waiting < 20*1000 {
			t.Errorf("%s: %d bytes wait, want 20,000 at least (%t)", group, waiting, ok)
		}
		_ = r.Close()
		if waiting, _, ok := q.look(); ok {
			t.Errorf("%s: %d bytes wait for nobody", group, waiting)
		}
	}
	r, q := overLoopback(t, "239.255.77.58", 1<<20)
	q.look()
	small, err := Listen(Config{Group: r.LocalAddr(), Interface: "lo", ReceiveBuffer: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	for range lookAtAll - 1 {
		q.look()
	}
	if _, size, _ := q.look(); size != small.BufferSize() || len(q.alone) > 0 {
		t.Errorf("the second receiver is not seen after %d looks: %d bytes", lookAtAll, size)
	}
}

// TestOnlyReceiverAnywhere: a receiver that is bound to the port alone is asked for alone, too.
func TestOnlyReceiverAnywhere(t *testing.T) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Skip(err)
	}
	defer conn.Close()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addrPort(conn.LocalAddr()).Port())
	look := lookAt(to)
	if look == nil {
		t.Skip("the kernel has no UDP diagnosis")
	}
	defer look.close()
	if _, err := conn.WriteToUDPAddrPort(make([]byte, 1000), to); err != nil {
		t.Fatal(err)
	}
	if waiting, _, ok := look.(*queues).askAlone(); !ok || waiting < 1000 {
		t.Errorf("%d bytes wait, want 1,000 at least (%t)", waiting, ok)
	}
}

// BenchmarkLook is what it costs to look how much waits for the only receiver, and for all sockets of the machine.
func BenchmarkLook(b *testing.B) {
	r, err := Listen(Config{Group: netip.MustParseAddrPort("239.255.77.59:7761"), Interface: "lo"})
	if err != nil {
		b.Skip(err)
	}
	defer r.Close()
	look := lookAt(r.LocalAddr())
	if look == nil {
		b.Skip("the kernel has no UDP diagnosis")
	}
	defer look.close()
	q := look.(*queues)
	for _, alone := range []bool{true, false} {
		b.Run(map[bool]string{true: "alone", false: "all"}[alone], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if q.looks = 2; !alone {
					q.looks = 0
				}
				q.look()
			}
		})
	}
}

// TestQueuesOfNobody: there is nothing to see where nobody listens.
func TestQueuesOfNobody(t *testing.T) {
	r, q := overLoopback(t, "239.255.77.53", 1<<20)
	_ = r.Close()
	if waiting, size, ok := q.look(); ok {
		t.Errorf("%d of %d bytes", waiting, size)
	}
}

// TestCutAnswer: an answer that is cut anywhere is no answer, and no panic.
func TestCutAnswer(t *testing.T) {
	_, q := overLoopback(t, "239.255.77.54", 1<<20)
	if _, _, ok := q.look(); !ok {
		t.Fatal("nothing is seen")
	}
	for n := range diagSocketLen + 200 {
		waiting, size, ok := 0, 0, false
		q.read(slices.Clone(q.answer[:n]), &waiting, &size, &ok)
		q.socket(slices.Clone(q.answer[:n]))
	}
}

// TestUnpacedLosesNothing: without a rate a Sender is as fast as a receiver with a small buffer reads, and the system
// drops nothing.
func TestUnpacedLosesNothing(t *testing.T) {
	r, _ := overLoopback(t, "239.255.77.55", 1<<18)
	s, err := Dial(SendConfig{To: r.LocalAddr(), Interface: "lo", Unpaced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.flow == nil {
		t.Fatal("it does not wait for receivers")
	}
	const batches, batch = 200, 100
	sent := make(chan error, 1)
	go func() {
		for range batches {
			left := slices.Repeat([][]byte{make([]byte, 1400)}, batch)
			for len(left) > 0 { // it takes fewer while the receiver does not read
				n, err := s.WriteBatch(left)
				if err != nil {
					sent <- err
					return
				}
				left = left[n:]
			}
		}
		sent <- nil
	}()
	memory := slab.NewPool(8*2048, 1).Get()
	out := make([]slab.Datagram, 8)
	for got := 0; got < batches*batch; {
		if there, err := r.Wait(time.Minute); !there || err != nil || r.KernelDrops() > 0 {
			t.Fatalf("%d datagrams were dropped, after %d: %t, %v", r.KernelDrops(), got, there, err)
		}
		n, err := r.ReadBatch(memory, out)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// TestUnpacedFarAway: there is no offload without a rate if receivers may be on other machines.
func TestUnpacedFarAway(t *testing.T) {
	s, err := Dial(SendConfig{To: netip.MustParseAddrPort("239.255.77.56:7756"), Unpaced: true})
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	if s.flow != nil || s.Offload() {
		t.Errorf("flow %t, offload %t", s.flow != nil, s.Offload())
	}
}
