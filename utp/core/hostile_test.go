package core

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
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
	x.peer = wire.Packet{Type: wire.State, ConnID: 100, Seq: 1000, Ack: 0xfffe, Window: 1 << 20, Timestamp: 1, Delay: 1000}
	x.pass(20 * time.Millisecond)
	x.give(x.peer)
	if got := x.next(); got.Type != wire.State || got.ConnID != 101 || got.Ack != 999 || got.Seq != 0xffff {
		t.Fatalf("third packet %+v", got)
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

// TestReset: a RESET ends the connection if it has an id of it and acknowledges one of the latest packets. libutp asks for
// the id only.
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

// TestRefused: a RESET in answer to our SYN is told as such. libutp never can.
func TestRefused(t *testing.T) {
	now := time.Now()
	c, err := Dial(now, Config{}, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	c.AppendNext(nil, now)
	for _, ack := range []wire.Seq{8, 10, 12, 0x8009} {
		c.Handle(now, (&wire.Packet{Type: wire.Reset, ConnID: 5, Ack: ack + 100}).AppendBinary(nil))
	}
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	c.Handle(now, (&wire.Packet{Type: wire.Reset, ConnID: 5, Ack: 9}).AppendBinary(nil))
	if !errors.Is(c.Err(), ErrRefused) || c.Events() != Closed || !c.Done() {
		t.Errorf("%v", c.Err())
	}
}

// TestBeforeTheAnswer: until our SYN is answered nothing else counts.
func TestBeforeTheAnswer(t *testing.T) {
	now := time.Now()
	c, err := Dial(now, Config{}, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	c.AppendNext(nil, now)
	for _, p := range []wire.Packet{
		{Type: wire.Data, ConnID: 5, Ack: 9, Seq: 4, Payload: []byte("x")},
		{Type: wire.Fin, ConnID: 5, Ack: 9, Seq: 4},
		{Type: wire.State, ConnID: 5, Ack: 8, Seq: 4},
		{Type: wire.State, ConnID: 5, Ack: 10, Seq: 4},
		{Type: wire.State, ConnID: 5, Ack: 9, Seq: 4, SACK: wire.SACK{0, 0, 0, 0}},
	} {
		c.Handle(now, p.AppendBinary(nil))
	}
	if st := c.Stats(); st.Dropped.Early != 5 || c.Events() != 0 {
		t.Errorf("%+v", st.Dropped)
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

// TestOneOutstanding: aiutp sends a lone packet again for each packet that arrives.
func TestOneOutstanding(t *testing.T) {
	x := connect(t, Config{})
	x.write(100)
	if n := x.all(); n != 1 {
		t.Fatalf("%d packets", n)
	}
	for range 10 {
		p := x.peer
		p.Type, p.Payload = wire.Data, []byte("y")
		x.give(p)
		x.peer.Seq++
		x.pass(time.Millisecond)
		for q := x.next(); q.Type != 0xff; q = x.next() {
			if q.Type == wire.Data {
				t.Fatal("sent again")
			}
		}
	}
}

// TestTimeoutWhilePeerTalks: aiutp sets its timer anew for each packet, so that it never fires while the peer talks.
func TestTimeoutWhilePeerTalks(t *testing.T) {
	x := connect(t, Config{})
	x.write(100)
	x.all()
	for range 100 {
		p := x.peer
		p.Type, p.Payload = wire.Data, []byte("y")
		x.give(p)
		x.peer.Seq++
		x.pass(10 * time.Millisecond)
		for q := x.next(); q.Type != 0xff; q = x.next() {
			if q.Type == wire.Data {
				return
			}
		}
	}
	t.Error("not sent again in a second")
}

// TestThreeRepeats: a peer without masks gets the missing packet after three repeated acknowledgements (BEP 29), as libutp
// does not.
func TestThreeRepeats(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	if n := x.all(); n != 4 {
		t.Fatalf("%d packets", n)
	}
	x.pass(20 * time.Millisecond)
	for i := range 3 {
		x.give(x.peer)
		q := x.next()
		if i < 2 && q.Type != 0xff || i == 2 && (q.Type != wire.Data || q.Seq != 0xffff) {
			t.Errorf("after %d: %v %#x", i+1, q.Type, q.Seq)
		}
	}
	x.give(x.peer)
	if q := x.next(); q.Type != 0xff {
		t.Errorf("once more: %v %#x", q.Type, q.Seq)
	}
	if st := x.c.Stats(); st.Cuts != 1 {
		t.Errorf("%d cuts", st.Cuts)
	}
}

// TestThreeLater: three later packets arrived.
func TestThreeLater(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	x.pass(20 * time.Millisecond)
	for i, mask := range []byte{1, 3, 7} {
		p := x.peer
		p.SACK = wire.SACK{mask, 0, 0, 0}
		x.give(p)
		q := x.next()
		if i < 2 && q.Type != 0xff || i == 2 && (q.Type != wire.Data || q.Seq != 0xffff) {
			t.Errorf("after %d: %v %#x", i+1, q.Type, q.Seq)
		}
	}
	p := x.peer
	p.SACK, p.Window = wire.SACK{7, 0, 0, 0}, 2<<20
	for range 3 {
		x.give(p)
		if q := x.next(); q.Type != 0xff {
			t.Errorf("sent again at once: %v %#x", q.Type, q.Seq)
		}
	}
}

// TestCutIsGivenBack: the packet that was taken for lost had only been overtaken.
func TestCutIsGivenBack(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	window := x.c.Stats().Window
	x.pass(20 * time.Millisecond)
	p := x.peer
	p.SACK = wire.SACK{7, 0, 0, 0}
	x.give(p)
	x.all()
	if st := x.c.Stats(); st.Window >= window || st.Cuts != 1 || st.Resent != 1 {
		t.Fatalf("window %d, was %d; %d cuts, %d sent again", st.Window, window, st.Cuts, st.Resent)
	}
	x.pass(2 * time.Millisecond)
	x.peer.Ack += 4
	x.give(x.peer)
	if st := x.c.Stats(); st.Window < window || st.Undone != 1 || st.Spurious != 1 {
		t.Errorf("window %d, was %d; %d undone, %d in vain", st.Window, window, st.Undone, st.Spurious)
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

// TestBounded: Write accepts as much as the send buffer takes, and what is not read is counted in the window. aiutp accepts
// all, and counts nothing.
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

func newDoor(t testing.TB, cfg Config) *Handshakes {
	t.Helper()
	n := uint16(0)
	h, err := NewHandshakes(cfg, func() uint16 { n += 1111; return n })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHalfOpen: nothing begins before the third packet, a handshake that is not completed ends after 3 s, and no answer is
// longer than what it answers. libutp keeps it for ever.
func TestHalfOpen(t *testing.T) {
	now := time.Now()
	from := netip.MustParseAddrPort("192.0.2.1:99")
	syn := wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 500, Timestamp: 3, Window: 1 << 20}
	third := func(ack wire.Seq) []byte {
		return (&wire.Packet{Type: wire.State, ConnID: 8, Seq: 501, Ack: ack}).AppendBinary(nil)
	}
	h := newDoor(t, Config{})
	c, answer := h.Handle(now, from, syn.AppendBinary(nil), nil)
	p, err := wire.Parse(answer)
	if c != nil || err != nil || p.Type != wire.State || p.ConnID != 7 || p.Ack != 500 || p.Seq != 1111 || len(answer) != wire.HeaderLen {
		t.Fatalf("%v, %+v, %v", c, p, err)
	}
	if _, again := h.Handle(now.Add(time.Second), from, syn.AppendBinary(nil), nil); !bytes.Equal(again[16:], answer[16:]) {
		t.Errorf("answered again with %x, first %x", again, answer)
	}
	other := syn
	other.Seq = 600
	if _, b := h.Handle(now, from, other.AppendBinary(nil), nil); b != nil {
		t.Error("another SYN with the same id was answered")
	}
	for _, ack := range []wire.Seq{1111, 1109, 0, 500, 0xffff} {
		if c, b := h.Handle(now, from, third(ack), nil); c != nil || b != nil {
			t.Errorf("acknowledgement %d: %v, %x", ack, c, b)
		}
	}
	if c, _ := h.Handle(now, netip.MustParseAddrPort("192.0.2.2:99"), third(1110), nil); c != nil {
		t.Error("completed from another address")
	}
	if at := h.Deadline(); !at.Equal(now.Add(3 * time.Second)) {
		t.Errorf("deadline %v", at.Sub(now))
	}
	if c, _ := h.Handle(now.Add(2999*time.Millisecond), from, third(1110), nil); c == nil || c.ID() != 8 || c.Events() != Connected {
		t.Errorf("not completed: %v", c)
	}
	h.Handle(now, from, syn.AppendBinary(nil), nil)
	h.Expire(now.Add(3 * time.Second))
	if c, _ := h.Handle(now.Add(3*time.Second), from, third(2221), nil); c != nil {
		t.Error("completed too late")
	}
	want := HandshakeStats{Syns: 3, Accepted: 1, Expired: 1, Refused: 1, Forged: 5, Resets: 2}
	if got := h.Stats(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestSynFlood: the table is bounded, by prefix and in all; whoever answers within a moment gets through.
func TestSynFlood(t *testing.T) {
	now := time.Now()
	h := newDoor(t, Config{HalfOpen: 1000, HalfOpenPrefix: 10})
	dice := rand.New(rand.NewPCG(1, 1))
	syn := func(from netip.AddrPort, id wire.ConnID) []byte {
		_, b := h.Handle(now, from, (&wire.Packet{Type: wire.Syn, ConnID: id, Seq: 1}).AppendBinary(nil), nil)
		return b
	}
	flood := func(n int) {
		for range n {
			var a [4]byte
			for i := range a {
				a[i] = byte(dice.Uint32())
			}
			syn(netip.AddrPortFrom(netip.AddrFrom4(a), 1), wire.ConnID(dice.Uint32()))
		}
	}
	flood(100_000)
	from := netip.MustParseAddrPort("192.0.2.1:99")
	answer, err := wire.Parse(syn(from, 7))
	if err != nil {
		t.Fatal(err)
	}
	flood(900)
	c, _ := h.Handle(now, from, (&wire.Packet{Type: wire.State, ConnID: 8, Seq: 2, Ack: answer.Seq - 1}).AppendBinary(nil), nil)
	if c == nil {
		t.Error("one who answers does not get through")
	}
	for i := range 20 {
		if got := syn(netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 1), 1) != nil; got != (i < 10) {
			t.Errorf("SYN %d of one prefix: answered %v", i+1, got)
		}
	}
	if st := h.Stats(); st.HalfOpen > 1000 || len(h.prefixes) > 1000 {
		t.Errorf("%+v", st)
	}
	h.Expire(now.Add(time.Minute))
	if len(h.entries) != 0 || len(h.prefixes) != 0 {
		t.Errorf("%d entries, %d prefixes left", len(h.entries), len(h.prefixes))
	}
}

// TestStrangers: packets of no connection are answered by a RESET, a hundred times a second, and never by more than came;
// what only looks like uTP is not answered.
func TestStrangers(t *testing.T) {
	now := time.Now()
	from := netip.MustParseAddrPort("[2001:db8::1]:99")
	h := newDoor(t, Config{})
	for i := range 1000 {
		b := (&wire.Packet{Type: wire.Data, ConnID: 9, Seq: 77}).AppendBinary(nil)
		_, answer := h.Handle(now, from, b, nil)
		if (answer != nil) != (i < defaultResets) || len(answer) > len(b) {
			t.Fatalf("packet %d: %x", i, answer)
		}
		if answer != nil {
			if p, _ := wire.Parse(answer); p.Type != wire.Reset || p.ConnID != 9 || p.Ack != 77 {
				t.Fatalf("%+v", p)
			}
		}
	}
	now = now.Add(time.Minute)
	for _, b := range [][]byte{
		nil, []byte("GET / HTTP/1.1"), make([]byte, 20), (&wire.Packet{Type: wire.Reset, ConnID: 9}).AppendBinary(nil),
		(&wire.Packet{Type: wire.Syn, ConnID: 9, Ack: 1}).AppendBinary(nil),
		(&wire.Packet{Type: wire.Syn, ConnID: 9, Delay: 1}).AppendBinary(nil),
		(&wire.Packet{Type: wire.Syn, ConnID: 9, Payload: []byte("x")}).AppendBinary(nil),
	} {
		if c, answer := h.Handle(now, from, b, nil); c != nil || answer != nil {
			t.Errorf("%x was answered by %x", b, answer)
		}
	}
	// A RESET ends a handshake only if it acknowledges our answer.
	h.Handle(now, from, (&wire.Packet{Type: wire.Syn, ConnID: 9, Seq: 5}).AppendBinary(nil), nil)
	seq := h.oldest.seq
	for _, ack := range []wire.Seq{seq + 1, seq - 2, 0} {
		h.Handle(now, from, (&wire.Packet{Type: wire.Reset, ConnID: 9, Ack: ack}).AppendBinary(nil), nil)
	}
	if h.Stats().HalfOpen != 1 {
		t.Error("ended by a wrong RESET")
	}
	h.Handle(now, from, (&wire.Packet{Type: wire.Reset, ConnID: 9, Ack: seq}).AppendBinary(nil), nil)
	if h.Stats().HalfOpen != 0 {
		t.Error("not ended by a right RESET")
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
func TestKeepAlivePacket(t *testing.T) {
	x := connect(t, Config{})
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
	if q := x.next(); q.Window != 2000 && q.Window != 0 {
		t.Errorf("window %d", q.Window)
	}
	x.c.Close(x.now)
	if q := x.next(); q.Type != wire.Fin || q.Window != 2000 {
		t.Errorf("%v, window %d", q.Type, q.Window)
	}
	if n, err := x.c.Read(x.now, make([]byte, 10)); n != 0 || !errors.Is(err, ErrClosed) {
		t.Errorf("read %d, %v", n, err)
	}
}
