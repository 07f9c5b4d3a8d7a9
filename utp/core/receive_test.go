package core

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestMask: what was received beyond the missing packet, and the mask that tells it.
func TestMask(t *testing.T) {
	for _, tt := range []struct {
		ahead []wire.Seq // beyond the last in order
		most  int
		want  string
	}{
		{nil, maxSACK, ""},
		{[]wire.Seq{2}, maxSACK, "01000000"},
		{[]wire.Seq{3, 2}, maxSACK, "03000000"},
		{[]wire.Seq{4}, maxSACK, "04000000"},
		{[]wire.Seq{33}, maxSACK, "00000080"},
		{[]wire.Seq{34}, maxSACK, "0000000001000000"},
		{[]wire.Seq{2, 34, 65}, maxSACK, "0100000001000080"},
		{[]wire.Seq{2, 34}, 4, "01000000"},
		{[]wire.Seq{1025}, maxSACK, fmt.Sprintf("%0254d80", 0)},
		{[]wire.Seq{2, 1026}, maxSACK, fmt.Sprintf("01%0254d", 0)},
	} {
		for _, last := range []wire.Seq{100, 0xffff, 0xfff0, 0x7fff} {
			r := inbox{limit: 1 << 20, reach: 2000, last: last}
			for _, a := range tt.ahead {
				if got := r.take(last+a, []byte("x"), false); got != arrivedAhead {
					t.Fatalf("%v: %v", a, got)
				}
				if got := r.take(last+a, []byte("x"), false); got != arrivedAgain {
					t.Fatalf("%v again: %v", a, got)
				}
			}
			if got := fmt.Sprintf("%x", []byte(r.appendSACK(nil, tt.most))); got != tt.want {
				t.Errorf("%v after %d: %s, want %s", tt.ahead, last, got, tt.want)
			}
		}
	}
}

// TestInboxInAnyOrder: whatever the order, with copies, the bytes come in order, and the sums are right.
func TestInboxInAnyOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		n := 1 + dice.IntN(300)
		r := inbox{limit: 1 << 20, reach: 1000, last: wire.Seq(dice.Uint32())}
		first := r.last + 1
		var want []byte
		var packets [][]byte
		for range n {
			p := pattern(8*dice.IntN(20), dice.Uint64())
			packets = append(packets, p)
			want = append(want, p...)
		}
		for _, i := range append(dice.Perm(n), dice.Perm(n)...) {
			r.take(first+wire.Seq(i), packets[i], i == n-1)
			held := 0
			for _, s := range r.ahead {
				held += len(s.data)
			}
			if held != r.bytes || r.window() != r.limit-r.unread.n-held {
				t.Fatalf("%d bytes ahead, counted as %d; window %d", held, r.bytes, r.window())
			}
		}
		got := make([]byte, len(want)+1)
		if m := r.unread.read(got); !bytes.Equal(got[:m], want) || !r.ended() || len(r.ahead) != 0 || r.bytes != 0 {
			t.Fatalf("%d of %d bytes, ended %v, %d ahead", m, len(want), r.ended(), len(r.ahead))
		}
	}
}

// TestInboxRoom: bytes beyond the missing packet take the room that is left; the missing one is taken all the same.
func TestInboxRoom(t *testing.T) {
	r := inbox{limit: 1000, reach: 100}
	for i, want := range []arrival{arrivedAhead, arrivedAhead, noRoom} {
		if got := r.take(wire.Seq(2+i), make([]byte, 400), false); got != want {
			t.Errorf("packet %d: %v, want %v", 2+i, got, want)
		}
	}
	if r.window() != 200 {
		t.Errorf("window %d", r.window())
	}
	if got := r.take(1, make([]byte, 400), false); got != arrived || r.unread.n != 1200 || r.window() != 0 {
		t.Errorf("%v, %d bytes, window %d", got, r.unread.n, r.window())
	}
	if got := r.take(4, []byte("x"), false); got != noRoom {
		t.Errorf("%v", got)
	}
	if got := r.take(4, nil, true); got != noRoom {
		t.Errorf("FIN: %v", got)
	}
}

// TestPastEOF: what came from beyond a FIN before the FIN did is forgotten.
func TestPastEOF(t *testing.T) {
	r := inbox{limit: 1000, reach: 100}
	r.take(3, []byte("beyond"), false)
	r.take(7, []byte("beyond"), false)
	r.take(2, []byte("end"), true)
	if r.bytes != 3 || len(r.ahead) != 1 {
		t.Errorf("%d bytes of %d packets", r.bytes, len(r.ahead))
	}
	r.take(1, []byte("the "), false)
	var buf [20]byte
	if n := r.unread.read(buf[:]); string(buf[:n]) != "the end" || !r.ended() || r.last != 2 {
		t.Errorf("%q, ended %v, last %d", buf[:n], r.ended(), r.last)
	}
}

// TestByteQueue against a slice.
func TestByteQueue(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	var q byteQueue
	var want []byte
	for range 5000 {
		switch dice.IntN(4) {
		case 0, 1:
			p := pattern(8*dice.IntN(200), dice.Uint64())
			q.write(p)
			want = append(want, p...)
		case 2:
			p := make([]byte, dice.IntN(2500))
			n := q.read(p)
			if !bytes.Equal(p[:n], want[:n]) || n != min(len(p), len(want)) {
				t.Fatal("other bytes")
			}
			want = want[n:]
		case 3:
			if len(want) == 0 {
				q.release()
				break
			}
			from := dice.IntN(len(want))
			n := dice.IntN(len(want) - from)
			one, two := q.parts(from, n)
			if !bytes.Equal(append(bytes.Clone(one), two...), want[from:from+n]) {
				t.Fatal("other parts")
			}
		}
		if q.n != len(want) {
			t.Fatalf("%d bytes, want %d", q.n, len(want))
		}
	}
}

// TestBuffersAreReused, and of no other size than twice what is in them.
func TestBuffersAreReused(t *testing.T) {
	var f buffers
	for _, n := range []int{0, 1, 64, 65, 128, 1200, 1432, 1452, 9000, 65507} {
		b := f.copy(make([]byte, n))
		if len(b) != n || cap(b) > max(64, 2*n) {
			t.Errorf("%d bytes in a buffer of %d", len(b), cap(b))
		}
		f.put(b)
		if c := f.copy(make([]byte, n)); n > 0 && &c[:1][0] != &b[:1][0] {
			t.Errorf("a buffer of %d bytes is not used again", n)
		}
	}
}

// TestConfig: each number out of range is refused by its name.
func TestConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"MinPacket":      {MinPacket: 100},
		"MaxPacket":      {MaxPacket: 1000},
		"SendBuffer":     {SendBuffer: 1000},
		"ReceiveBuffer":  {ReceiveBuffer: -1},
		"MaxFlight":      {MaxFlight: 20_000},
		"Congestion":     {Congestion: Cubic + 1},
		"Target":         {Target: 101e6},
		"AckDelay":       {AckDelay: 150e6},
		"MinRTO":         {MinRTO: 7e9},
		"InitialRTO":     {InitialRTO: 7e9},
		"MaxTimeouts":    {MaxTimeouts: -1},
		"ConnectTries":   {ConnectTries: -1},
		"Reprobe":        {Reprobe: 1},
		"Linger":         {Linger: -1},
		"HalfOpen":       {HalfOpen: -1},
		"HalfOpenPrefix": {HalfOpenPrefix: -1},
		"HalfOpenLife":   {HalfOpenLife: -1},
	} {
		_, err := Dial(epoch, cfg, 1, 1)
		if err == nil || !strings.HasPrefix(err.Error(), "core: Config."+name+" ") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := NewHandshakes(cfg, nil); err == nil {
			t.Errorf("%s: taken for Handshakes", name)
		}
	}
	// What the Erlang library has.
	if _, err := Dial(epoch, Config{
		Target: 100e6, MinPacket: 528, MaxPacket: 1452, MinRTO: 1e9, MaxRTO: 6e9, InitialRTO: 1e9, KeepAlive: 29e9,
		Reprobe: 30 * 60e9,
	}, 1, 1); err != nil {
		t.Error(err)
	}
}

// TestAckEvery: two packets share an acknowledgement at once, one waits for AckDelay.
func TestAckEvery(t *testing.T) {
	x := connect(t, Config{})
	data := func() {
		p := x.peer
		p.Type, p.Payload = wire.Data, []byte("x")
		x.give(p)
		x.peer.Seq++
	}
	data()
	if q := x.next(); q.Type != 0xff {
		t.Errorf("%v for one packet", q.Type)
	}
	data()
	if q := x.next(); q.Type != wire.State || q.Ack != 1001 {
		t.Errorf("%v, acknowledges %d", q.Type, q.Ack)
	}
	data()
	x.pass(defaultAckDelay - 1)
	if q := x.next(); q.Type != 0xff {
		t.Errorf("%v too early", q.Type)
	}
	x.pass(1)
	if q := x.next(); q.Type != wire.State || q.Ack != 1002 {
		t.Errorf("%v, acknowledges %d", q.Type, q.Ack)
	}
	fin := x.peer
	fin.Type = wire.Fin
	x.give(fin)
	if q := x.next(); q.Type != wire.State || q.Ack != 1003 {
		t.Errorf("%v after a FIN, acknowledges %d", q.Type, q.Ack)
	}
}

// TestOpened: which window is worth a packet of its own, with a buffer of 10,000 bytes and packets of 1000.
func TestOpened(t *testing.T) {
	for _, tt := range []struct {
		told, window int
		want         bool
	}{
		{0, 999, false},
		{0, 1000, true},
		{999, 1000, true},
		{1000, 5999, false},
		{1000, 6000, true},
		{10_000, 10_000, false},
	} {
		a := acks{told: tt.told}
		if got := a.opened(tt.window, 10_000, 1000); got != tt.want {
			t.Errorf("told %d, now %d: %v", tt.told, tt.window, got)
		}
	}
}

// TestPeek: what Peek has copied stays until Skip, which tells the peer of the room, and AtEOF tells what Read would.
func TestPeek(t *testing.T) {
	x := connect(t, Config{ReceiveBuffer: 1300})
	p := x.peer
	p.Type, p.Payload = wire.Data, []byte("hello")
	x.give(p)
	x.pass(time.Second)
	x.all()
	got := make([]byte, 4)
	for range 2 {
		if n := x.c.Peek(got); n != 4 || string(got) != "hell" {
			t.Fatalf("%q", got[:n])
		}
	}
	x.c.Skip(x.now, 4)
	if n := x.c.Peek(got); n != 1 || got[0] != 'o' || x.c.AtEOF() {
		t.Fatalf("%q", got[:n])
	}
	p.Seq++
	p.Payload = make([]byte, 1295) // little room is left
	x.give(p)
	x.pass(time.Second)
	x.all()
	x.c.Skip(x.now, 1296)
	if ack := x.next(); ack.Type != wire.State || ack.Window != 1300 {
		t.Errorf("%+v", ack)
	}
	p.Seq++
	p.Type, p.Payload = wire.Fin, nil
	x.give(p)
	if !x.c.AtEOF() {
		t.Error("the end is not seen")
	}
}

// TestRefuse: where nobody listens a SYN gets a RESET that its sender takes, as often as Config.Resets allows.
func TestRefuse(t *testing.T) {
	h, err := NewHandshakes(Config{Resets: 2}, func() uint16 { return 7 })
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddrPort("192.0.2.1:4000")
	for i := range 3 {
		c, err := Dial(epoch, Config{}, 100, 500)
		if err != nil {
			t.Fatal(err)
		}
		syn, _, _ := c.AppendNext(nil, epoch)
		answer := h.Refuse(epoch, from, syn, nil)
		if i == 2 {
			if answer != nil {
				t.Error("a third answer within a second")
			}
			break
		}
		if c.Handle(epoch, answer); !errors.Is(c.Err(), ErrRefused) {
			t.Error(c.Err())
		}
	}
}
