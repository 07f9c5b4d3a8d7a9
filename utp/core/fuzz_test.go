package core

import (
	"bytes"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/utp/wire"
)

// FuzzAdversary puts somebody between two ends who does with each packet what the input says: passes it, keeps it back,
// doubles, changes or swallows it, or sends one of their own. The ends stay in order: what one reads is what the other
// wrote, unless the adversary has changed payloads or numbers; memory stays bounded; nothing panics; both come to an
// end.
func FuzzAdversary(f *testing.F) {
	f.Add([]byte{}, uint16(1000))
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"), uint16(50_000))
	f.Add(bytes.Repeat([]byte{1, 0, 0}, 50), uint16(50_000))
	f.Add(bytes.Repeat([]byte{3, 77, 4, 2, 5, 9, 0, 6}, 50), uint16(50_000))
	f.Add(bytes.Repeat([]byte{5, 200, 0, 0, 4, 17, 99}, 100), uint16(9000))
	// What the simulated network allocates is among it: it copies each packet.
	bound := allocbound.Bound{PerByte: 2 << 10, Fixed: 1 << 20}
	f.Fuzz(func(t *testing.T, script []byte, size uint16) {
		bound.Check(t, len(script)+int(size), func() { meddle(t, script, size) })
	})
}

// meddle has two ends exchange size bytes, and an adversary between them who does what script says.
func meddle(t *testing.T, script []byte, size uint16) {
	t.Helper()
	s := newSim(t, 1)
	there, back := &path{delay: 5 * time.Millisecond}, &path{delay: 5 * time.Millisecond}
	a, b := s.pairOf(Config{SendBuffer: 20_000, ReceiveBuffer: 10_000}, Config{ReceiveBuffer: 20_000}, there, back)
	x := pattern(int(size), 1)
	a.toWrite, a.closing, b.closing = x, true, true
	forged := false
	var kept []byte
	take := func() byte {
		if len(script) == 0 {
			return 0
		}
		c := script[0]
		script = script[1:]
		return c
	}
	between := func(to *end) func([]byte) bool {
		return func(p []byte) bool {
			switch take() % 8 {
			case 1:
				return true
			case 2:
				s.at(s.now.Add(time.Duration(take())*time.Millisecond), later(to, bytes.Clone(p)))
			case 3:
				s.at(s.now.Add(time.Duration(take())*time.Millisecond), later(to, bytes.Clone(p)))
				return true
			case 4: // a field of the header
				forged = true
				q := bytes.Clone(p)
				q[int(take())%len(q)] = take()
				s.at(s.now, later(to, q))
			case 5: // an own packet, with numbers close to the right ones
				forged = true
				q, err := wire.Parse(p)
				if err != nil {
					break
				}
				q.Type = wire.Type(take() % 5)
				q.Seq += wire.Seq(int8(take()))
				q.Ack += wire.Seq(int8(take()))
				q.Window = uint32(take()) << (take() % 32)
				if n := take(); n > 128 {
					q.SACK = bytes.Repeat([]byte{take()}, int(n-127))
				}
				q.Delay, q.Timestamp = uint32(take())<<24, uint32(take())<<24
				s.at(s.now, later(to, q.AppendBinary(nil)))
			case 6: // noise
				n := int(take())
				s.at(s.now, later(to, bytes.Repeat([]byte{take()}, n)))
			case 7:
				if kept != nil {
					s.at(s.now, later(to, kept))
				}
				kept = bytes.Clone(p)
			}
			return false
		}
	}
	there.drop, back.drop = between(b), between(a)
	events := 0
	s.run(10*time.Minute, func() bool {
		if events++; events > 300_000 {
			t.Fatal("the ends never rest")
		}
		for _, e := range s.ends {
			c := e.conn
			if c == nil {
				continue
			}
			n := c.inbox.unread.n + c.inbox.bytes
			if n > c.inbox.limit+defaultMaxPacket || c.outbox.n > c.cfg.SendBuffer {
				t.Fatalf("%s: %d bytes received, %d to send", e.name, n, c.outbox.n)
			}
			checkSums(t, c)
		}
		return s.done()
	})
	if forged { // what was not delivered may seem to be: half-closed connections stay then
		for _, e := range s.ends {
			if e.conn != nil {
				e.conn.Abort(s.now)
				e.pump()
			}
		}
	}
	if !a.conn.Done() || b.conn != nil && !b.conn.Done() {
		t.Fatalf("not done: %v %v", a.sent, b.sent)
	}
	if forged {
		return
	}
	if !bytes.HasPrefix(x, b.got) || a.err == nil && len(b.got) != len(x) {
		t.Errorf("%d of %d bytes, or others; %v", len(b.got), len(x), a.err)
	}
}

func later(to *end, b []byte) func() { return func() { to.deliver(b) } }

// checkSums compares the sums that a flight keeps with what is in it.
func checkSums(t testing.TB, c *Conn) {
	t.Helper()
	f := &c.flight
	type sums struct{ sacked, pending, lost, bytes, resent int }
	var is sums
	for i := range f.n {
		p := f.at(i)
		if p.sacked {
			is.sacked++
			continue
		}
		is.pending += p.weight()
		if p.lost {
			is.lost++
			if i < f.hint {
				t.Fatalf("packet %d of %d is lost, and before %d", i, f.n, f.hint)
			}
			continue
		}
		is.bytes += p.weight()
		if p.sends > 1 {
			is.resent++
		}
	}
	if kept := (sums{f.sacked, f.pending, f.lost, f.bytes, f.resent}); kept != is {
		t.Fatalf("sums are %+v; should be %+v", kept, is)
	}
}
