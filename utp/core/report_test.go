package core

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// quoted returns what ICMP quotes of the latest transmission of the ith packet in flight.
func quoted(c *Conn, i int) Quoted {
	p := c.flight.at(i)
	return Quoted{
		Type: wire.Data, ID: c.sendID, seq: c.flight.first + wire.Seq(i),
		timestamp: c.clock.micros + uint32(p.sent/time.Microsecond),
	}
}

// TestRefusedSYN: a dial fails at once where nobody listens. What quotes another packet is not believed.
func TestRefusedSYN(t *testing.T) {
	c, err := Dial(epoch, Config{}, 100, 0xfffe)
	if err != nil {
		t.Fatal(err)
	}
	b, _, _ := c.AppendNext(nil, epoch)
	for n := range headerLen {
		if _, ok := ParseQuoted(b[:n]); ok {
			t.Errorf("%d bytes are enough", n)
		}
	}
	q, ok := ParseQuoted(b)
	if !ok {
		t.Fatal("not parsed")
	}
	now := epoch.Add(time.Millisecond)
	for _, forge := range []func(*Quoted){
		func(q *Quoted) { q.ID++ },
		func(q *Quoted) { q.seq-- },
		func(q *Quoted) { q.timestamp++ },
		func(q *Quoted) { q.Type = wire.Data },
	} {
		f := q
		forge(&f)
		if c.Refused(now, f); c.Err() != nil {
			t.Fatalf("%+v ends the dial, which sent %+v", f, q)
		}
	}
	if n := c.Stats().Dropped.Foreign; n != 4 {
		t.Errorf("%d counted", n)
	}
	c.Refused(now, q)
	if !errors.Is(c.Err(), ErrRefused) || !c.Done() || c.Events()&Closed == 0 {
		t.Errorf("%v, done %v", c.Err(), c.Done())
	}
	c.Refused(now, q) // again, once it has ended
}

// TestQuotedOfAnother: of an open connection only what it has sent counts as quoted, and nothing once it has ended.
func TestQuotedOfAnother(t *testing.T) {
	x := connect(t, Config{})
	x.write(3000)
	x.pass(time.Millisecond)
	if n := x.all(); n < 2 {
		t.Fatalf("%d packets", n)
	}
	q := quoted(x.c, 1)
	if at, ok := x.c.sentAt(q); !ok || at != x.c.flight.at(1).sent {
		t.Fatalf("%+v was sent at %v, %v", q, at, ok)
	}
	for name, forge := range map[string]func(*Quoted){
		"another connection":          func(q *Quoted) { q.ID++ },
		"the other direction":         func(q *Quoted) { q.ID = x.c.recvID },
		"a number before":             func(q *Quoted) { q.seq -= 3 },
		"a number behind":             func(q *Quoted) { q.seq += wire.Seq(x.c.flight.n) },
		"another time":                func(q *Quoted) { q.timestamp-- },
		"an acknowledgement, earlier": func(q *Quoted) { q.Type = wire.State },
	} {
		f := q
		forge(&f)
		if at, ok := x.c.sentAt(f); ok {
			t.Errorf("%s: %+v was sent at %v", name, f, at)
		}
	}
	x.c.state = ended
	if at, ok := x.c.sentAt(q); ok {
		t.Errorf("after the end: %+v was sent at %v", q, at)
	}
}

// TestReopen: a peer that has room again is sent at once what it dropped, and the next timeout is no later than usual.
func TestReopen(t *testing.T) {
	x := connect(t, Config{})
	x.write(3000)
	x.pass(time.Millisecond)
	if n := x.all(); n < 2 {
		t.Fatalf("%d packets", n)
	}
	x.c.rtt.backoff = 3
	x.c.reopen()
	if x.c.rtt.backoff != 0 {
		t.Errorf("the timeout is still doubled %d times", x.c.rtt.backoff)
	}
	for i := range x.c.flight.n {
		if !x.c.flight.at(i).lost {
			t.Errorf("packet %d is not sent again", i)
		}
	}
}

// TestKilledPeer: nobody listens any more where a connection leads. It ends when that is said again of packets
// that are sent 2 s later, and not before.
func TestKilledPeer(t *testing.T) {
	x := connect(t, Config{})
	x.write(3000)
	x.pass(time.Millisecond)
	if n := x.all(); n < 2 {
		t.Fatalf("%d packets", n)
	}
	x.pass(ms)
	for i := range 2 {
		x.c.Refused(x.now, quoted(x.c, i))
		x.c.Refused(x.now, quoted(x.c, i))
	}
	if x.c.Err() != nil {
		t.Fatalf("%v at the first burst", x.c.Err())
	}
	start := x.now
	for x.c.Err() == nil && x.now.Sub(start) < time.Minute {
		x.now = x.c.Deadline()
		if p := x.next(); p.Type == wire.Data {
			x.pass(ms)
			for i := 0; i < x.c.flight.n; i++ { // none once it has ended
				x.c.Refused(x.now, quoted(x.c, i))
			}
		}
	}
	if d := x.now.Sub(start); !errors.Is(x.c.Err(), ErrReset) || d < refusedFor || d > 2*refusedFor {
		t.Errorf("%v after %v", x.c.Err(), d)
	}
}

// TestForgedRefusal: however often it is said that nobody listens, a peer that answers is there.
func TestForgedRefusal(t *testing.T) {
	x := connect(t, Config{})
	for range 100 {
		x.write(1180)
		x.pass(time.Millisecond)
		if p := x.next(); p.Type != wire.Data {
			t.Fatalf("%v", p.Type)
		}
		q := quoted(x.c, 0)
		x.pass(ms)
		x.c.Refused(x.now, q)
		x.pass(15 * ms)
		x.c.Refused(x.now, q)
		x.peer.Ack++
		x.give(x.peer)
		x.c.Refused(x.now, q)
	}
	if x.c.Err() != nil {
		t.Error(x.c.Err())
	}
}

// TestRefusedAcknowledgement: a connection that only receives is told of by what it answers, and asks to be
// told again.
func TestRefusedAcknowledgement(t *testing.T) {
	x := connect(t, Config{})
	state := func() Quoted {
		t.Helper()
		x.now = x.c.Deadline()
		b, _, ok := x.c.AppendNext(nil, x.now)
		q, whole := ParseQuoted(b)
		if !ok || !whole || q.Type == wire.Syn {
			t.Fatalf("%v %v %v", ok, whole, q.Type)
		}
		x.pass(ms)
		return q
	}
	start := x.now
	for x.c.Err() == nil && x.now.Sub(start) < time.Minute {
		x.c.Refused(x.now, state())
	}
	if d := x.now.Sub(start); d < refusedFor || d > 2*refusedFor {
		t.Errorf("after %v", d)
	}
	if !errors.Is(x.c.Err(), ErrReset) {
		t.Errorf("%v", x.c.Err())
	}
}

// TestRefusedFIN: a peer that has all and is gone fails nothing.
func TestRefusedFIN(t *testing.T) {
	x := connect(t, Config{})
	x.c.Close(x.now)
	start := x.now
	for !x.c.Done() && x.now.Sub(start) < time.Minute {
		if p := x.next(); p.Type == wire.Fin {
			x.pass(ms)
			x.c.Refused(x.now, quoted(x.c, 0))
		}
		if d := x.c.Deadline(); d.After(x.now) {
			x.now = d
		}
	}
	if d := x.now.Sub(start); x.c.Err() != nil || d > 2*refusedFor {
		t.Errorf("%v after %v", x.c.Err(), d)
	}
}
