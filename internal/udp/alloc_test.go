package udp_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// roundTrip returns a function that writes and reads n datagrams of 1400 bytes through multicast on loopback.
func roundTrip(tb testing.TB, n int) func() {
	group := on(tb, "239.255.77.31")
	r := listen(tb, udp.Config{Group: group, Interface: loopback(tb)})
	s := dial(tb, udp.SendConfig{To: group, Interface: loopback(tb)})
	pool := slab.NewPool(64*2048, 1)
	datagrams := make([][]byte, n)
	for i := range datagrams {
		datagrams[i] = make([]byte, 1400)
	}
	out := make([]slab.Datagram, 64)
	return func() {
		if _, err := s.WriteBatch(datagrams); err != nil {
			tb.Fatal(err)
		}
		for got := 0; got < n; {
			b := pool.Get()
			k, err := r.ReadBatch(b, out)
			if err != nil {
				tb.Fatal(err)
			}
			got += k
			b.Release()
		}
	}
}

// TestReceiverKeepsNoBytes: a Receiver that waits keeps no slab in memory that it has read into.
func TestReceiverKeepsNoBytes(t *testing.T) {
	group := on(t, "127.0.0.1")
	r, pool := listen(t, udp.Config{Group: group}), slab.NewPool(64*2048, 1)
	write(t, dial(t, udp.SendConfig{To: group}), []byte("a"))
	b := pool.Get()
	bytes := weak.Make(&b.Bytes()[0])
	if n, err := r.ReadBatch(b, make([]slab.Datagram, 64)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	b.Release()
	pool.Drop()
	b = nil
	runtime.GC()
	if bytes.Value() != nil {
		t.Error("the slab is kept")
	}
	runtime.KeepAlive(r)
}

func TestNoAllocation(t *testing.T) {
	if !linux64 {
		t.Skip("promised for 64-bit Linux")
	}
	if n := testing.AllocsPerRun(100, roundTrip(t, 100)); n != 0 {
		t.Errorf("%v allocations for 100 datagrams", n)
	}
}

// TestHasRoom: a buffer has room until a quarter of it is left, and to ask for that after each read allocates nothing.
func TestHasRoom(t *testing.T) {
	if !linux64 {
		t.Skip("only 64-bit Linux tells")
	}
	group := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: group, ReceiveBuffer: 32 << 10})
	if n := testing.AllocsPerRun(100, func() { r.HasRoom() }); n != 0 || !r.HasRoom() {
		t.Errorf("%v allocations, room in an empty buffer: %v", n, r.HasRoom())
	}
	s := dial(t, udp.SendConfig{To: group})
	for range 200 {
		write(t, s, make([]byte, 1400))
	}
	if r.HasRoom() || r.KernelDrops() == 0 {
		t.Errorf("room in a buffer that has dropped %d datagrams: %v", r.KernelDrops(), r.HasRoom())
	}
}

// The write side alone costs most: on loopback the kernel's way to the receiver is part of it.
func BenchmarkRoundTrip(b *testing.B) {
	const n = 64
	f := roundTrip(b, n)
	b.SetBytes(n * 1400)
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}
