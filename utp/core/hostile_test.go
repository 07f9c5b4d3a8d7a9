package core

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestDropped: what a peer, or somebody else, may send is counted by reason, and changes nothing.
func TestDropped(t *testing.T) {
	data := func(p wire.Packet) wire.Packet {
		p.Type, p.Payload = wire.Data, []byte("x")
		return p
	}
	for _, tt := range []struct {
		name string
		edit func(*wire.Packet)
		want Drops
	}{
		{"another connection", func(p *wire.Packet) { p.ConnID = 7 }, Drops{Foreign: 1}},
		{"our own id", func(p *wire.Packet) { p.ConnID = 101 }, Drops{Foreign: 1}},
		{"acknowledges what was not sent", func(p *wire.Packet) { p.Ack += 4 }, Drops{Ack: 1}},
		{"acknowledges half of all numbers more", func(p *wire.Packet) { p.Ack += 1 << 15 }, Drops{Ack: 1}},
		{"acknowledges what is long gone", func(p *wire.Packet) { p.Ack -= maxAckAge + 1 }, Drops{Ack: 1}},
		{"mask of what was not sent", func(p *wire.Packet) { p.SACK = wire.SACK{1 << 2, 0, 0, 0} }, Drops{Ack: 1}},
		{"long mask of what was not sent", func(p *wire.Packet) { p.SACK = bytes.Repeat([]byte{0x80}, 252) }, Drops{Ack: 1}},
		{"too far", func(p *wire.Packet) { *p = data(*p); p.Seq += defaultFlight + 1 }, Drops{Far: 1}},
		{"received before", func(p *wire.Packet) { *p = data(*p); p.Seq-- }, Drops{Duplicate: 1}},
		{"STATE with payload", func(p *wire.Packet) { p.Payload = []byte("x") }, Drops{Malformed: 1}},
		{"SYN", func(p *wire.Packet) { p.Type = wire.Syn }, Drops{Duplicate: 1}},
		{"RESET for another", func(p *wire.Packet) { p.Type, p.ConnID = wire.Reset, 99 }, Drops{Foreign: 1}},
		{"RESET of what was not sent", func(p *wire.Packet) { p.Type = wire.Reset; p.Ack += 6 }, Drops{Ack: 1}},
		{"RESET of what is long gone", func(p *wire.Packet) { p.Type = wire.Reset; p.Ack-- }, Drops{Ack: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := connect(t, Config{})
			x.write(3 * 1180)
			if n := x.all(); n != 3 {
				t.Fatalf("%d packets", n)
			}
			before := x.c.Stats()
			p := x.peer
			tt.edit(&p)
			x.give(p)
			st := x.c.Stats()
			if st.Dropped != tt.want {
				t.Errorf("dropped %+v, want %+v", st.Dropped, tt.want)
			}
			if x.c.Err() != nil || st.InFlight != before.InFlight || st.Window != before.Window || st.Lost > 0 {
				t.Errorf("%v, %+v", x.c.Err(), st)
			}
		})
	}
}

// TestReset: a RESET ends the connection if it has an id of it and acknowledges one of the latest packets. libutp asks
// for the id only.
func TestReset(t *testing.T) {
	for _, tt := range []struct {
		id   wire.ConnID
		ack  wire.Seq
		want error
	}{
		{100, 0xfffe, ErrReset},
		{101, 0xfffe, ErrReset},
		{101, 0xffff, ErrReset},
		{101, 0, ErrReset},
		{101, 1, ErrReset},
		{101, 2, ErrReset},
		{101, 3, nil},
		{101, 0xfffd, nil},
		{99, 0xfffe, nil},
		{102, 0xfffe, nil},
		{101, 0x7fff, nil},
	} {
		x := connect(t, Config{})
		x.write(3 * 1180)
		x.all()
		x.give(wire.Packet{Type: wire.Reset, ConnID: tt.id, Ack: tt.ack, Seq: 1})
		if err := x.c.Err(); !errors.Is(err, tt.want) {
			t.Errorf("id %d, ack %#x: %v, want %v", tt.id, tt.ack, err, tt.want)
		}
		if x.c.Done() != (tt.want != nil) {
			t.Errorf("id %d, ack %#x: done %v", tt.id, tt.ack, x.c.Done())
		}
		if _, err := x.c.Write(x.now, []byte("x")); !errors.Is(err, tt.want) {
			t.Errorf("Write says %v", err)
		}
		if n, err := x.c.Read(x.now, make([]byte, 1)); n != 0 || !errors.Is(err, tt.want) {
			t.Errorf("Read says %d, %v", n, err)
		}
	}
}

// TestBlindReset: who knows all but the numbers of the packets ends nothing.
func TestBlindReset(t *testing.T) {
	x := connect(t, Config{})
	x.write(3 * 1180)
	x.all()
	for ack := range 1 << 16 {
		if d := wire.Seq(ack).Sub(0xfffe); d < 0 || d > 4 {
			x.give(wire.Packet{Type: wire.Reset, ConnID: 101, Ack: wire.Seq(ack)})
		}
	}
	if err := x.c.Err(); err != nil {
		t.Error(err)
	}
	if n := x.c.Stats().Dropped.Ack; n != 1<<16-5 {
		t.Errorf("%d dropped", n)
	}
}

// TestExtensionsAreSkipped: libutp drops packets whose first extension is unknown to it, aiutp those with any.
func TestExtensionsAreSkipped(t *testing.T) {
	for _, ext := range [][]byte{{3, 0, 4, 0, 0, 0, 1}, {9, 0, 2, 1, 2}, {2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0}} {
		x := connect(t, Config{})
		p := x.peer
		p.Type = wire.Data
		b := p.AppendBinary(nil)
		b[1] = ext[0]
		x.c.Handle(x.now, append(append(b, ext[1:]...), "hello"...))
		var buf [10]byte
		if n, err := x.c.Read(x.now, buf[:]); string(buf[:n]) != "hello" || err != nil {
			t.Errorf("extension %d: read %q, %v", ext[0], buf[:n], err)
		}
	}
}

// TestOldWindow: a packet that was overtaken says nothing about the window of now.
func TestOldWindow(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	x.pass(20 * time.Millisecond)
	x.peer.Ack += 4
	x.give(x.peer)
	old := x.peer
	old.Ack, old.Window = old.Ack-2, 0
	x.give(old)
	if st := x.c.Stats(); st.PeerWindow != 1<<20 || st.Dropped != (Drops{}) {
		t.Errorf("window %d, %+v", st.PeerWindow, st.Dropped)
	}
}

// TestEndOfStream: what lies beyond a FIN is nothing, and a FIN stays where it is.
func TestEndOfStream(t *testing.T) {
	give := func(x *connection, kind wire.Type, seq wire.Seq, payload string) {
		p := x.peer
		p.Type, p.Seq, p.Payload = kind, seq, []byte(payload)
		x.give(p)
	}
	x := connect(t, Config{})
	give(x, wire.Data, 1005, "beyond")
	give(x, wire.Fin, 1002, "and end")
	give(x, wire.Data, 1004, "beyond")
	give(x, wire.Fin, 1003, "")
	give(x, wire.Fin, 1001, "")
	give(x, wire.Data, 1002, "not a FIN")
	give(x, wire.Data, 1001, "middle ")
	give(x, wire.Data, 1000, "begin ")
	give(x, wire.Data, 1003, "beyond")
	var buf [100]byte
	n, err := x.c.Read(x.now, buf[:])
	if string(buf[:n]) != "begin middle and end" || err != nil {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	if got := x.c.Stats().Dropped; got.PastEOF != 5 || got.Duplicate != 0 {
		t.Errorf("%+v", got)
	}
	if e := x.c.Events(); e&HalfClosed == 0 {
		t.Errorf("events %b", e)
	}
}

// TestNothingForClaims: a sequence number far ahead costs what its packet brings.
func TestNothingForClaims(t *testing.T) {
	x := connect(t, Config{})
	p := x.peer
	p.Type, p.Payload, p.Seq = wire.Data, []byte("x"), p.Seq+defaultFlight-1
	b := p.AppendBinary(nil)
	if got := testing.AllocsPerRun(1, func() { x.c.Handle(x.now, b) }); got > 5 {
		t.Errorf("%v allocations", got)
	}
	if n := cap(x.c.inbox.ahead); n > 8 {
		t.Errorf("room for %d packets", n)
	}
	q := x.next()
	if len(q.SACK) > maxSACK || len(q.SACK) < 120 || !q.SACK.Has(defaultFlight-2) {
		t.Errorf("mask of %d bytes", len(q.SACK))
	}
}

// TestBounded: Write accepts as much as the send buffer takes, and what is not read is counted in the window. aiutp
// accepts all, and counts nothing.
func TestBounded(t *testing.T) {
	x := connect(t, Config{SendBuffer: 10_000, ReceiveBuffer: 10_000})
	if n, err := x.c.Write(x.now, make([]byte, 1<<20)); n != 10_000 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	if n, err := x.c.Write(x.now, []byte("x")); n != 0 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	for i := range 30 {
		p := x.peer
		p.Type, p.Payload = wire.Data, make([]byte, 1000)
		x.give(p)
		x.peer.Seq++
		x.pass(time.Second)
		q := x.next()
		for q.Type == wire.Data {
			q = x.next()
		}
		if want := max(0, 10_000-1000*(i+1)); q.Type == wire.State && int(q.Window) != want {
			t.Fatalf("window %d after %d packets, want %d", q.Window, i+1, want)
		}
	}
	if readable, _ := x.c.Buffered(); readable != 10_000 {
		t.Errorf("%d bytes buffered", readable)
	}
	if n := x.c.Stats().Dropped.NoRoom; n == 0 {
		t.Error("nothing dropped")
	}
}

// TestPacketsAllocateNothing in steady state, in either direction, with losses.
func TestPacketsAllocateNothing(t *testing.T) {
	for _, lossy := range []bool{false, true} {
		t.Run(fmt.Sprint(lossy), func(t *testing.T) {
			now := time.Now()
			h := newDoor(t, Config{})
			a, err := Dial(now, Config{}, 7, 1)
			if err != nil {
				t.Fatal(err)
			}
			from := netip.MustParseAddrPort("192.0.2.1:99")
			var b *Conn
			buf, data := make([]byte, 0, 2000), make([]byte, 100_000)
			n := 0
			round := func() {
				now = now.Add(5 * time.Millisecond)
				if _, err := a.Write(now, data); err != nil {
					t.Fatal(err)
				}
				for {
					pkt, _, ok := a.AppendNext(buf, now)
					if !ok {
						break
					}
					if n++; lossy && n%50 == 0 {
						continue
					}
					if b == nil {
						var answer []byte
						if b, answer = h.Handle(now, from, pkt, nil); answer != nil {
							a.Handle(now, answer)
						}
						continue
					}
					b.Handle(now, pkt)
				}
				if b == nil {
					return
				}
				for {
					if n, _ := b.Read(now, data); n == 0 {
						break
					}
				}
				now = now.Add(5 * time.Millisecond)
				for {
					pkt, _, ok := b.AppendNext(buf, now)
					if !ok {
						break
					}
					a.Handle(now, pkt)
				}
				a.Events()
				b.Events()
			}
			for range 2000 {
				round()
			}
			before := n
			if got := testing.AllocsPerRun(500, round); got > 0 {
				t.Errorf("%v allocations for %d packets", got, (n-before)/500)
			}
			if n-before < 2000 {
				t.Errorf("only %d packets", n-before)
			}
		})
	}
}

// TestKeepAlivePacket: it acknowledges one packet less, as libutp's does, and comes after 29 s of silence of ours.
// Memory that is not in use is given back then.
func TestKeepAlivePacket(t *testing.T) {
	x := connect(t, Config{})
	x.c.inbox.unread.write([]byte("x"))
	x.c.inbox.unread.discard(1)
	x.c.outbox.write([]byte("x"))
	x.c.outbox.discard(1)
	x.pass(time.Second)
	x.all() // what confirms the handshake
	x.peer.Window++
	x.give(x.peer)
	x.pass(defaultKeepAlive - time.Millisecond)
	if q := x.next(); q.Type != 0xff {
		t.Errorf("%v too early", q.Type)
	}
	x.pass(time.Millisecond)
	if q := x.next(); q.Type != wire.State || q.Ack != 998 || q.Seq != 0xffff {
		t.Errorf("%v, acknowledges %d", q.Type, q.Ack)
	}
	if x.c.inbox.unread.ring != nil || x.c.outbox.ring != nil {
		t.Error("memory is kept")
	}
	if q := x.next(); q.Type != 0xff {
		t.Errorf("another one: %v", q.Type)
	}
}

// TestWritable comes when a quarter of a full send buffer is free, and only to who waits for it.
func TestWritable(t *testing.T) {
	x := connect(t, Config{SendBuffer: 4720, NoPacing: true})
	x.write(4720)
	x.all()
	x.c.Events()
	for i := range 4 {
		if i == 1 {
			if n, err := x.c.Write(x.now, make([]byte, 4720)); n >= 4720 || err != nil {
				t.Fatalf("wrote %d, %v", n, err)
			}
			x.all()
		}
		x.pass(20 * time.Millisecond)
		x.peer.Ack++
		x.give(x.peer)
		if got := x.c.Events()&Writable != 0; got != (i == 1) {
			t.Errorf("acknowledgement %d: Writable %v", i+1, got)
		}
	}
}

// TestMaskGoesFirst: who has data to send tells of a hole all the same, at once.
func TestMaskGoesFirst(t *testing.T) {
	x := connect(t, Config{})
	x.write(3 * 1180)
	p := x.peer
	p.Type, p.Payload, p.Seq = wire.Data, []byte("x"), p.Seq+2
	x.give(p)
	if q := x.next(); q.Type != wire.State || q.SACK == nil || !q.SACK.Has(1) {
		t.Errorf("%v, mask %x", q.Type, q.SACK)
	}
	if q := x.next(); q.Type != wire.Data {
		t.Errorf("then %v", q.Type)
	}
}

// TestCloseForgets what was not read: the peer's window is open again, so that its FIN can come.
func TestCloseForgets(t *testing.T) {
	x := connect(t, Config{ReceiveBuffer: 2000})
	p := x.peer
	p.Type, p.Payload = wire.Data, make([]byte, 2000)
	x.give(p)
	x.pass(defaultAckDelay)
	if q := x.next(); q.Type != wire.State || q.Window != 0 {
		t.Errorf("%v, window %d", q.Type, q.Window)
	}
	x.c.Close(x.now)
	if q := x.next(); q.Type != wire.Fin || q.Window != 2000 {
		t.Errorf("%v, window %d", q.Type, q.Window)
	}
	if n, err := x.c.Read(x.now, make([]byte, 10)); n != 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("read %d, %v", n, err)
	}
}
