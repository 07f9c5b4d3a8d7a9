package core

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestConnectTries: our SYN is sent so often, and no more.
func TestConnectTries(t *testing.T) {
	c, err := Dial(epoch, Config{ConnectTries: 3}, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	x := &connection{t: t, c: c, now: epoch}
	syns := 0
	for range 10 {
		for q := x.next(); q.Type != 0xff; q = x.next() {
			if q.Type == wire.Syn {
				syns++
			}
		}
		if c.Done() {
			break
		}
		x.now = c.Deadline()
	}
	if took := x.now.Sub(epoch); syns != 3 || !errors.Is(c.Err(), ErrTimeout) || took != (1+2+4)*time.Second {
		t.Errorf("%d SYNs, %v after %v", syns, c.Err(), took)
	}
}

// TestMaxFlight bounds the packets in flight, whatever the windows allow.
func TestMaxFlight(t *testing.T) {
	x := connect(t, Config{NoPacing: true, MaxFlight: 2})
	x.write(4 * 1180)
	if n := x.all(); n != 2 {
		t.Errorf("%d packets", n)
	}
}

// TestNoShortPacketForALittleRoom: while packets are on their way to a peer that has little room, more room may come.
func TestNoShortPacketForALittleRoom(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.peer.Window = 2000
	x.give(x.peer)
	x.write(3 * 1180)
	if n := x.all(); n != 1 {
		t.Errorf("%d packets", n)
	}
}

// TestProbeOfWhatIsMissing: a probe of the tail repeats the last packet that the peer has not got.
func TestProbeOfWhatIsMissing(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	x.pass(20 * ms)
	p := x.peer
	p.SACK = wire.SACK{1 << 2, 0, 0, 0} // the fourth
	x.give(p)
	x.c.probeTail(x.c.clock.now)
	if q := x.next(); q.Type != wire.Data || q.Seq != 1 {
		t.Errorf("%v %#x", q.Type, q.Seq)
	}
}

// TestConfirms: what completes the handshake is repeated some times, in growing intervals.
func TestConfirms(t *testing.T) {
	x := connect(t, Config{Idle: -1, KeepAlive: -1})
	start, n := x.now, 0
	for at := x.c.Deadline(); !at.IsZero() && n < 100; at = x.c.Deadline() {
		x.now = at
		n += x.all()
	}
	if took := x.now.Sub(start); n != maxConfirms || took > 10*time.Second {
		t.Errorf("%d packets in %v", n, took)
	}
}

// TestResetOfHalf: a RESET in answer to our FIN is an error while the peer has not finished.
func TestResetOfHalf(t *testing.T) {
	for _, finished := range []bool{false, true} {
		x := connect(t, Config{})
		if finished {
			p := x.peer
			p.Type = wire.Fin
			x.give(p)
		}
		x.c.CloseWrite(x.now)
		for q := x.next(); q.Type != wire.Fin; q = x.next() {
			if q.Type == 0xff {
				t.Fatal("no FIN")
			}
		}
		x.give(wire.Packet{Type: wire.Reset, ConnID: 101, Ack: 0xffff})
		if err := x.c.Err(); errors.Is(err, ErrReset) == finished || !x.c.Done() {
			t.Errorf("finished %v: %v", finished, err)
		}
	}
}
