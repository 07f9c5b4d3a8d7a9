package udp_test

import (
	"testing"

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

func TestNoAllocation(t *testing.T) {
	if !linux64 {
		t.Skip("promised for 64-bit Linux")
	}
	if n := testing.AllocsPerRun(100, roundTrip(t, 100)); n != 0 {
		t.Errorf("%v allocations for 100 datagrams", n)
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
