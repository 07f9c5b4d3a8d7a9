package udp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// openWhole opens a Socket with "don't fragment", and with offload or without.
func openWhole(t testing.TB, local string, offload bool) *udp.Socket {
	t.Helper()
	return openWith(t, udp.SocketConfig{Local: netip.MustParseAddrPort(local), Whole: true, Offload: offload})
}

// TestJoinedDatagrams: whether either side uses offload or not, two peers get each datagram as it was sent, in order:
// runs of one length, shorter ones behind them, empty ones, some that may be fragmented.
func TestJoinedDatagrams(t *testing.T) {
	for _, local := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, c := range []struct{ send, receive bool }{{true, true}, {true, false}, {false, true}} {
			t.Run(fmt.Sprint(local, c), func(t *testing.T) { testJoined(t, local, c.send, c.receive) })
		}
	}
}

func testJoined(t *testing.T, local string, send, receive bool) {
	s := openWhole(t, local, send)
	peers := []*udp.Socket{openWhole(t, local, receive), openWhole(t, local, receive)}
	random := rand.New(rand.NewPCG(1, 2))
	var batch []udp.Outgoing
	var want [2][][]byte
	for len(batch) < 500 {
		to, length, cut := random.IntN(2), random.IntN(1500), random.IntN(8) == 0
		for range 1 + random.IntN(100) {
			if random.IntN(20) == 0 {
				length = random.IntN(length + 1)
			}
			d := make([]byte, length)
			for i := range d {
				d[i] = byte(random.IntN(256))
			}
			batch = append(batch, udp.Outgoing{Data: d, To: peers[to].LocalAddr(), MayFragment: cut})
			want[to] = append(want[to], d)
		}
	}
	if n, err := s.WriteBatch(batch); n != len(batch) || err != nil {
		t.Fatalf("%d of %d written: %v", n, len(batch), err)
	}
	pool, out := slab.NewPool(1<<20, 1), make([]slab.Datagram, 512)
	for p, peer := range peers {
		for i := 0; i < len(want[p]); {
			b := pool.Get()
			n, err := peer.ReadBatch(b, out)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range out[:n] {
				if !bytes.Equal(d.Data, want[p][i]) || d.Source != s.LocalAddr() || d.Truncated {
					t.Fatalf("peer %d, datagram %d: %d bytes from %v, want %d",
						p, i, len(d.Data), d.Source, len(want[p][i]))
				}
				i++
			}
			b.Release()
		}
	}
}

// TestJoinedMulticast: listeners to one group get each datagram as it was sent, whether the system joins them for one
// or not; where it does, a read of eight messages brings many more than eight.
func TestJoinedMulticast(t *testing.T) {
	group := on(t, "239.255.77.3")
	lo := loopback(t)
	joining := listen(t, udp.Config{Group: group, Interface: lo, Offload: true})
	plain := listen(t, udp.Config{Group: group, Interface: lo})
	s := dial(t, udp.SendConfig{To: group, Interface: lo})
	var batch [][]byte
	for i := range 400 {
		batch = append(batch, bytes.Repeat([]byte{byte(i)}, 1400-i%100/99))
	}
	write(t, s, batch...)
	check(t, receive(t, plain, len(batch)), s, batch)
	if !joining.Joins() {
		check(t, receive(t, joining, len(batch)), s, batch)
		return
	}
	b, out := slab.NewPool(8*slab.MessageSize, 1).Get(), make([]slab.Datagram, 8*slab.MessageDatagrams)
	reads := 0
	for got := 0; got < len(batch); reads++ {
		n, err := joining.ReadBatch(b, out)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out[:n] {
			if !bytes.Equal(d.Data, batch[got]) || d.Source != s.LocalAddr() || d.Truncated {
				t.Fatalf("datagram %d: %d bytes from %v, want %d", got, len(d.Data), d.Source, len(batch[got]))
			}
			got++
		}
	}
	if s.Offload() && reads > len(batch)/8/4 {
		t.Errorf("%d reads for %d datagrams", reads, len(batch))
	}
}

// TestOffloadDoesNotAllocate: as without.
func TestOffloadDoesNotAllocate(t *testing.T) {
	if !linux64 {
		t.Skip("promised for 64-bit Linux")
	}
	s, peer := openWhole(t, "127.0.0.1:0", true), openWhole(t, "127.0.0.1:0", true)
	var batch []udp.Outgoing
	for range 32 {
		batch = append(batch, udp.Outgoing{Data: make([]byte, 1400), To: peer.LocalAddr()})
	}
	pool, out := slab.NewPool(1<<20, 1), make([]slab.Datagram, 512)
	reads := 0
	if n := testing.AllocsPerRun(100, func() {
		if _, err := s.WriteBatch(batch); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < len(batch); reads++ {
			b := pool.Get()
			n, err := peer.ReadBatch(b, out)
			if err != nil {
				t.Fatal(err)
			}
			got += n
			b.Release()
		}
	}); n != 0 {
		t.Errorf("%v allocations for 32 datagrams", n)
	}
	t.Logf("%d reads for %d datagrams", reads, 101*len(batch))
}
