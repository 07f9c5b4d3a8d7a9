package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestFloodFromOneNetwork: who dials from the network, or from the address, from which a flood of SYNs comes is
// answered at once, and connected by the next packet. When those SYNs were refused it took 20 s and more.
func TestFloodFromOneNetwork(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
	}{
		{"a network's share is used up", Config{HalfOpenPrefix: 16}},
		{"the table is full", Config{HalfOpen: 16}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Now()
			h := newDoor(t, tt.cfg)
			number := 0
			flood := func(n int) {
				for range n {
					number++
					now = now.Add(10 * time.Microsecond)
					from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(number)}), 1)
					syn := wire.Packet{Type: wire.Syn, ConnID: wire.ConnID(number), Seq: 1}
					h.Handle(now, from, syn.AppendBinary(nil), nil)
				}
			}
			for i := range 100 {
				flood(1000)
				from := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.77"), uint16(1000+i))
				syn := wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 500, Window: 1 << 20}
				c, b := h.Handle(now, from, syn.AppendBinary(nil), nil)
				answer, err := wire.Parse(b)
				if c != nil || err != nil || len(b) != wire.HeaderLen || answer.Ack != 500 || answer.ConnID != 7 {
					t.Fatalf("dial %d: answered with %x: %v", i, b, err)
				}
				flood(5000) // for 50 ms
				third := wire.Packet{
					Type: wire.Data, ConnID: 8, Seq: 501, Ack: answer.Seq - 1, Payload: []byte("hello"),
				}
				if c, _ = h.Handle(now, from, third.AppendBinary(nil), nil); c == nil || c.ID() != 8 {
					t.Fatalf("dial %d is not connected", i)
				}
				p := make([]byte, 9)
				if n, err := c.Read(now, p); err != nil || string(p[:n]) != "hello" {
					t.Fatalf("%q: %v", p[:n], err)
				}
			}
			s := h.Stats()
			if s.HalfOpen > 16 || s.Accepted != 100 || s.Stateless == 0 || s.Refused != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestCookies: a cookie is good for what it was made for, and for a few seconds.
func TestCookies(t *testing.T) {
	start := time.Now()
	from := netip.MustParseAddrPort("192.0.2.1:99")
	third := wire.Packet{Type: wire.State, ConnID: 8, Seq: 501}
	// dial returns a door whose only entry is another's, and the cookie of a SYN.
	dial := func(t *testing.T) (*Handshakes, wire.Packet) {
		t.Helper()
		h := newDoor(t, Config{HalfOpen: 1})
		h.Handle(start, netip.MustParseAddrPort("192.0.2.9:9"),
			(&wire.Packet{Type: wire.Syn, ConnID: 1, Seq: 1}).AppendBinary(nil), nil)
		_, b := h.Handle(start, from, (&wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 500}).AppendBinary(nil), nil)
		answer, err := wire.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		p := third
		p.Ack = answer.Seq - 1
		return h, p
	}
	for _, tt := range []struct {
		name    string
		after   time.Duration
		from    string
		change  func(p *wire.Packet)
		accepts bool
	}{
		{"at once", 0, "192.0.2.1:99", func(*wire.Packet) {}, true},
		{"in the next period", 5 * time.Second, "192.0.2.1:99", func(*wire.Packet) {}, true},
		{"too late", 6 * time.Second, "192.0.2.1:99", func(*wire.Packet) {}, false},
		{"another address", 0, "192.0.2.2:99", func(*wire.Packet) {}, false},
		{"another port", 0, "192.0.2.1:98", func(*wire.Packet) {}, false},
		{"another connection", 0, "192.0.2.1:99", func(p *wire.Packet) { p.ConnID++ }, false},
		{"another SYN", 0, "192.0.2.1:99", func(p *wire.Packet) { p.Seq++ }, false},
		{"another answer", 0, "192.0.2.1:99", func(p *wire.Packet) { p.Ack++ }, false},
		{"a mask", 0, "192.0.2.1:99", func(p *wire.Packet) { p.SACK = make([]byte, 4) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, p := dial(t)
			tt.change(&p)
			if tt.after > 0 { // cookies are made all the time
				syn := wire.Packet{Type: wire.Syn, ConnID: 70, Seq: 500}
				for i := range 2 {
					at := start.Add(tt.after - time.Millisecond)
					h.Handle(at, netip.AddrPortFrom(from.Addr(), uint16(i)), syn.AppendBinary(nil), nil)
				}
			}
			c, b := h.Handle(start.Add(tt.after), netip.MustParseAddrPort(tt.from), p.AppendBinary(nil), nil)
			if (c != nil) != tt.accepts {
				t.Errorf("accepted: %v", c != nil)
			}
			if b != nil && tt.after == 0 {
				t.Errorf("answered with %x: a RESET ends a handshake whose packets change places", b)
			}
			if s := h.Stats(); tt.after == 0 && !tt.accepts && s.Forged != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
	t.Run("an entry since", func(t *testing.T) {
		h, p := dial(t)
		h.Expire(start.Add(3 * time.Second))
		syn := wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 500}
		h.Handle(start.Add(3*time.Second), from, syn.AppendBinary(nil), nil)
		if h.Stats().HalfOpen != 1 {
			t.Fatal("the repeated SYN has no entry")
		}
		if c, _ := h.Handle(start.Add(3*time.Second), from, p.AppendBinary(nil), nil); c == nil {
			t.Error("the first answer is not good any more")
		}
		if h.Stats().HalfOpen != 0 {
			t.Error("the entry is left")
		}
	})
	t.Run("doors differ", func(t *testing.T) {
		seen := map[wire.Seq]bool{}
		for i := range 8 {
			c := cookies{period: time.Second}
			seen[c.make(start, func() uint16 { return uint16(i) }, halfOpenKey{from, 7}, 500)] = true
		}
		if len(seen) < 7 {
			t.Errorf("%d cookies of 8 secrets", len(seen))
		}
	})
	t.Run("none was made", func(t *testing.T) {
		h := newDoor(t, Config{})
		h.Handle(start, from, (&wire.Packet{Type: wire.Syn, ConnID: 7, Seq: 500}).AppendBinary(nil), nil)
		for i := range 0x10000 {
			p := third
			if p.Ack = wire.Seq(i); p.Ack == h.oldest.seq-1 {
				continue
			}
			if c, _ := h.Handle(start, from, p.AppendBinary(nil), nil); c != nil {
				t.Fatal(fmt.Sprint("accepted ", i))
			}
		}
	})
}
