package core

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// connection is a Conn whose peer is the test.
type connection struct {
	t    testing.TB
	c    *Conn
	now  time.Time
	peer wire.Packet // the next packet of the peer: ids, Seq, Ack and Window are right
}

// testWindow is how many packets a connection of a test may send at first: enough for three to come after a lost one.
const testWindow = 4

var epoch = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func connect(t testing.TB, cfg Config) *connection {
	t.Helper()
	if cfg.MaxPacket == 0 {
		cfg.MaxPacket = defaultMinPacket // no probes
	}
	x := &connection{t: t, now: epoch}
	var err error
	if x.c, err = Dial(x.now, cfg, 100, 0xfffe); err != nil {
		t.Fatal(err)
	}
	if got := x.next(); got.Type != wire.Syn || got.ConnID != 100 || got.Seq != 0xfffe {
		t.Fatalf("SYN %+v", got)
	}
	x.peer = wire.Packet{
		Type: wire.State, ConnID: 100, Seq: 1000, Ack: 0xfffe, Window: 1 << 20, Timestamp: 1, Delay: 1000,
	}
	x.pass(20 * time.Millisecond)
	x.give(x.peer)
	if got := x.next(); got.Type != wire.State || got.ConnID != 101 || got.Ack != 999 || got.Seq != 0xffff {
		t.Fatalf("third packet %+v", got)
	}
	if l, ok := x.c.control.(*ledbat); ok {
		l.cwnd = testWindow * l.packet
	}
	return x
}

func (x *connection) pass(d time.Duration) { x.now = x.now.Add(d) }

func (x *connection) give(p wire.Packet) {
	x.t.Helper()
	x.c.Handle(x.now, p.AppendBinary(nil))
}

// next returns the next packet; one of type 0xff if there is none.
func (x *connection) next() wire.Packet {
	x.t.Helper()
	b, _, ok := x.c.AppendNext(nil, x.now)
	if !ok {
		return wire.Packet{Type: 0xff}
	}
	p, err := wire.Parse(b)
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

// all returns how many packets there are to send.
func (x *connection) all() (n int) {
	for x.next().Type != 0xff {
		n++
	}
	return n
}

func (x *connection) write(n int) {
	x.t.Helper()
	if m, err := x.c.Write(x.now, make([]byte, n)); m != n || err != nil {
		x.t.Fatalf("wrote %d of %d bytes: %v", m, n, err)
	}
}
