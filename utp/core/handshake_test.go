package core

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestRefused: a RESET in answer to our SYN is told as such. libutp never can.
func TestRefused(t *testing.T) {
	now := time.Now()
	c, err := Dial(now, Config{}, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	c.AppendNext(nil, now)
	for _, ack := range []wire.Seq{8, 11, 109, 0x8009} {
		c.Handle(now, (&wire.Packet{Type: wire.Reset, ConnID: 5, Ack: ack}).AppendBinary(nil))
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

func newDoor(t testing.TB, cfg Config) *Handshakes {
	t.Helper()
	n := uint16(0)
	h, err := NewHandshakes(cfg, func() uint16 { n += 1111; return n })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHalfOpen: nothing begins before the third packet, a handshake that is not completed ends after 3 s, and no answer
// is longer than what it answers. libutp keeps it for ever.
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
	if c != nil || err != nil || len(answer) != wire.HeaderLen {
		t.Fatalf("%v, %x, %v", c, answer, err)
	}
	if p.Type != wire.State || p.ConnID != 7 || p.Ack != 500 || p.Seq != 1111 {
		t.Fatalf("%+v", p)
	}
	_, again := h.Handle(now.Add(time.Second), from, syn.AppendBinary(nil), nil)
	if !bytes.Equal(again[16:], answer[16:]) {
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
	c, _ = h.Handle(now.Add(2999*ms), from, third(1110), nil)
	if c == nil || c.ID() != 8 || c.Events() != Connected {
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
	third := wire.Packet{Type: wire.State, ConnID: 8, Seq: 2, Ack: answer.Seq - 1}
	c, _ := h.Handle(now, from, third.AppendBinary(nil), nil)
	if c == nil {
		t.Error("one who answers does not get through")
	}
	h.Expire(now.Add(time.Minute))
	for i := range 20 {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 1)
		if syn(from, 1) == nil {
			t.Errorf("SYN %d of one prefix is not answered", i+1)
		}
		if n := h.Stats().HalfOpen; n != min(i+1, 10) {
			t.Errorf("%d entries after SYN %d of one prefix", n, i+1)
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

// TestStrangers: packets of no connection are answered by a RESET, a hundred times a second, and never by more than
// came; what only looks like uTP is not answered.
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
