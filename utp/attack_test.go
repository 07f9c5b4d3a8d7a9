package utp_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
	"github.com/flute-node/flute-node/utp/wire"
)

// attacked is a connection whose peer's address somebody else sends from as well: a.
type attacked struct {
	a, b        *utp.Socket
	conn, peer  *utp.Conn      // from a to b
	id, ack     atomic.Uint32  // of the latest packet from a
	other       net.PacketConn // of a: what is sent there comes from the peer's address
	to          net.Addr
	t           *testing.T
	random      *rand.Rand
	sentByOther int
}

func newAttacked(t *testing.T) *attacked {
	s := stack(t, utp.Config{})
	x := &attacked{t: t, random: rand.New(rand.NewPCG(1, 2))}
	x.a = open(t, s, utp.SocketConfig{Impair: func(b []byte) bool {
		if p, err := wire.Parse(b); err == nil && p.Type == wire.Data {
			x.id.Store(uint32(p.ConnID))
		} else if err == nil && p.Type == wire.State {
			x.ack.Store(uint32(p.Ack))
		}
		return false
	}})
	x.b = open(t, s, utp.SocketConfig{})
	l, err := x.b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if x.conn, err = x.a.Dial(t.Context(), addr(x.b)); err != nil {
		t.Fatal(err)
	}
	if x.peer, err = l.AcceptUTP(); err != nil {
		t.Fatal(err)
	}
	x.other, x.to = x.a.PacketConn(), x.b.LocalAddr()
	x.works()
	return x
}

// works moves bytes both ways.
func (x *attacked) works() {
	x.t.Helper()
	for _, ends := range [][2]*utp.Conn{{x.conn, x.peer}, {x.peer, x.conn}} {
		data := make([]byte, 300_000)
		for i := range data {
			data[i] = byte(x.random.Uint32())
		}
		go func() { _, _ = ends[0].Write(data) }()
		got := make([]byte, len(data))
		_ = ends[1].SetReadDeadline(time.Now().Add(hang))
		if n, err := ends[1].ReadFull(got); err != nil || !bytes.Equal(got, data) {
			x.t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		}
	}
}

func (x *attacked) send(p wire.Packet) {
	x.t.Helper()
	if _, err := x.other.WriteTo(p.AppendBinary(nil), x.to); err != nil {
		x.t.Fatal(err)
	}
	if x.sentByOther++; x.sentByOther%200 == 0 {
		time.Sleep(time.Millisecond) // as much as the socket's buffer holds
	}
}

// TestBlindPackets: who sends from the peer's address and port, and does not see the packets, ends nothing and forges
// no byte: with random ids, and with the right id and random numbers.
func TestBlindPackets(t *testing.T) {
	x := newAttacked(t)
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	for i := range n {
		p := wire.Packet{
			Type: wire.Type(i % 5), ConnID: wire.ConnID(x.random.Uint32()), Seq: wire.Seq(x.random.Uint32()),
			Ack: wire.Seq(x.random.Uint32()), Timestamp: x.random.Uint32(), Window: x.random.Uint32(),
		}
		if p.Type == wire.Data {
			p.Payload = []byte("forged")
		}
		x.send(p)
	}
	for i := range 0x10000 {
		// The right id. What was acknowledged last is one of 65,536 numbers, which is left out with its neighbours.
		ack := wire.Seq(i)
		if near := ack.Sub(wire.Seq(x.ack.Load())); near > -64 && near < 64 {
			continue
		}
		x.send(wire.Packet{
			Type: wire.Reset, ConnID: wire.ConnID(x.id.Load()), Ack: ack, Seq: wire.Seq(x.random.Uint32()),
		})
	}
	x.works()
	if s := x.peer.Stats(); s.Dropped.Ack == 0 {
		t.Errorf("no packet was dropped for what it acknowledges: %+v", s.Dropped)
	}
	if s, err := x.b.Stats(t.Context()); err != nil || s.Conns != 1 {
		t.Errorf("%+v: %v", s, err)
	}
}

// TestFlood: SYNs, and packets of no connection, as fast as they can be sent: there is no actor and no connection for
// any of them, answers are fewer and no longer than they, and a connection moves its bytes meanwhile.
func TestFlood(t *testing.T) {
	x := newAttacked(t)
	stranger, err := net.DialUDP("udp4", nil, x.b.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	var sent, got atomic.Int64
	go func() {
		p := make([]byte, 2000)
		for {
			n, err := stranger.Read(p)
			if err != nil {
				return
			}
			got.Add(int64(n))
		}
	}()
	stop := make(chan struct{})
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		random := rand.New(rand.NewPCG(3, 4))
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if i%16 == 15 {
				time.Sleep(time.Millisecond) // the socket's buffer is for the connection too
			}
			p := wire.Packet{Type: wire.Syn, ConnID: wire.ConnID(i), Seq: wire.Seq(random.Uint32()), Window: 1 << 20}
			if i%4 == 3 {
				p = wire.Packet{
					Type: wire.Data, ConnID: wire.ConnID(i), Ack: wire.Seq(random.Uint32()), Payload: make([]byte, 100),
				}
			}
			b := p.AppendBinary(nil)
			if _, err := stranger.Write(b); err == nil {
				sent.Add(int64(len(b)))
			}
		}
	}()
	// More SYNs than one network may have half-open, and longer than a connection needs.
	for n := 0; n < 10 || sent.Load() < 4096*wire.HeaderLen; n++ {
		x.works()
	}
	close(stop)
	<-flooded
	s, err := x.b.Stats(t.Context())
	// One packet in 32,768 completes a handshake by chance.
	chance := 1 + s.Handshakes.Forged/1024
	if err != nil || s.Handshakes.HalfOpen > 256 || s.Handshakes.Accepted > 1+chance ||
		s.Conns != int(s.Handshakes.Accepted) {
		t.Errorf("%+v: %v", s, err)
	}
	if s.Handshakes.Stateless == 0 || s.Handshakes.Forged == 0 {
		t.Errorf("%+v", s.Handshakes)
	}
	if got.Load() > sent.Load() {
		t.Errorf("%d bytes of answers to %d bytes", got.Load(), sent.Load())
	}
	t.Logf("%d bytes, %d bytes of answers, %+v", sent.Load(), got.Load(), s.Handshakes)
}

// TestHalfOpenExpire: SYNs whose handshake goes no further are forgotten, each in its time, with no packet after them.
func TestHalfOpenExpire(t *testing.T) {
	a := open(t, stack(t, utp.Config{}), utp.SocketConfig{Conn: connection.Config{HalfOpenLife: 50 * time.Millisecond}})
	if _, err := a.Listen(); err != nil {
		t.Fatal(err)
	}
	stranger, err := net.DialUDP("udp4", nil, a.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	const syns = 3
	for i := range syns {
		syn := wire.Packet{Type: wire.Syn, ConnID: wire.ConnID(10 * i), Seq: 1, Window: 1 << 20}
		if _, err := stranger.Write(syn.AppendBinary(nil)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // they do not expire together
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	for {
		s, err := a.Stats(ctx)
		if err != nil {
			t.Fatalf("%+v: %v", s.Handshakes, err)
		}
		if s.Handshakes.Expired == syns {
			return
		}
		time.Sleep(time.Millisecond) // nothing tells of the end of a handshake
	}
}

// TestPacketsDoNotAllocate: through both sockets' actors and channels, with acknowledgements and timers.
func TestPacketsDoNotAllocate(t *testing.T) {
	if allocbound.RaceDetector {
		t.Skip("the race detector allocates")
	}
	cfg := utp.SocketConfig{Conn: connection.Config{NoDelay: true}}
	a, b := pair(t, stack(t, utp.Config{}), cfg)
	p, got := make([]byte, 64<<10), make([]byte, 64<<10)
	turn := func() {
		if _, err := a.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
	}
	for range 500 {
		turn()
	}
	before := a.Stats().Sent
	const turns = 500
	allocs := testing.AllocsPerRun(turns, turn) * turns
	packets := float64(a.Stats().Sent - before)
	t.Logf("%.0f allocations for %.0f packets", allocs, packets)
	if allocs > packets/50 {
		t.Errorf("%.0f allocations for %.0f packets", allocs, packets)
	}
}
