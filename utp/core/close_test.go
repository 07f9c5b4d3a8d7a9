package core

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// TestCloseMatrix: each side, or both, ends the connection in each state, each way, with and without bytes to deliver,
// and with losses. All that was accepted arrives, or an error says that it may not have; a FIN or a RESET is on the
// wire; the ends are done within a bound.
func TestCloseMatrix(t *testing.T) {
	type ending struct {
		name string
		do   func(*end)
	}
	endings := []ending{
		{"CloseWrite", func(e *end) { e.closing = true }},
		{"Close", func(e *end) { e.closes = true }},
		{"Abort", func(e *end) { e.aborts = true }},
	}
	states := []struct {
		name string
		at   time.Duration
	}{
		{"SYN sent", 0},
		{"SYN under way", 10 * time.Millisecond},
		{"answer under way", 30 * time.Millisecond},
		{"connected", 45 * time.Millisecond},
		{"data under way", 90 * time.Millisecond},
		{"idle", 10 * time.Second},
	}
	for _, who := range []string{"a", "b", "both"} {
		for _, how := range endings {
			for _, when := range states {
				for _, queued := range []int{0, 1, 150_000} {
					for _, loss := range []float64{0, 0.1} {
						name := fmt.Sprintf("%s %s %s %d %v", who, how.name, when.name, queued, loss)
						t.Run(name, func(t *testing.T) {
							s := newSim(t, uint64(queued)+uint64(len(when.name)))
							link := path{delay: 20 * ms, rate: 20e6, queue: 100 * ms, loss: loss}
							there, back := link, link
							a, b := s.pair(Config{ConnectTries: 10}, &there, &back)
							x, y := pattern(queued, 1), pattern(queued/2, 2)
							a.toWrite, b.toWrite = x, y
							a.answers, b.answers = true, true
							s.run(when.at, nil)
							if who != "b" {
								how.do(a)
							}
							if who != "a" {
								how.do(b)
							}
							s.at(s.now, a.pump)
							s.at(s.now, b.pump)
							// Where the side that is to close has no connection yet it closes when it has.
							done := func() bool { return a.conn.Done() && (b.conn == nil || b.conn.Done()) }
							if !s.run(2*time.Minute, done) {
								t.Fatalf("not done: a %d %+v\nb %+v", a.conn.state, a.conn.Stats(), b.conn)
							}
							judgeEnd(t, a, b, x, how.name)
							if b.conn != nil {
								judgeEnd(t, b, a, y, how.name)
							}
						})
					}
				}
			}
		}
	}
}

// judgeEnd checks what became of the bytes of one end.
func judgeEnd(t *testing.T, e, peer *end, bytesOf []byte, how string) {
	t.Helper()
	accepted := bytesOf[:e.total]
	if !bytes.HasPrefix(accepted, peer.got) {
		t.Errorf("%s: the peer has read other bytes than those that were accepted", e.name)
	}
	sent := slices.Concat(e.sent, peer.sent)
	if len(e.sent) > 0 && !slices.Contains(sent, "ST_FIN") && !slices.Contains(sent, "ST_RESET") {
		t.Errorf("%s: neither a FIN nor a RESET on the wire: %v", e.name, e.sent)
	}
	if !e.conn.Deadline().IsZero() {
		t.Errorf("%s: done, and still has a deadline", e.name)
	}
	if e.err != nil && how != "Abort" {
		// No timeout: the path works. Close before the answer to the SYN gives up a connection without bytes, and a
		// Close at both ends may reset what the other one still sends.
		gaveUp := errors.Is(e.err, ErrAborted) && len(accepted) == 0
		if crossed := how == "Close" && errors.Is(e.err, ErrReset); !gaveUp && !crossed {
			t.Errorf("%s: %v", e.name, e.err)
		}
	}
	if e.err == nil && how == "CloseWrite" && len(peer.got) != len(accepted) {
		t.Errorf("%s: %d of %d bytes delivered and no error", e.name, len(peer.got), len(accepted))
	}
}

// TestCloseDelivers: Close right after a long Write delivers all of it. aiutp loses up to 90 % and sends no FIN.
func TestCloseDelivers(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 10 * ms, rate: 100e6, queue: time.Second}
	a, b := s.pair(Config{SendBuffer: 4 << 20}, there, &path{delay: 10 * ms})
	x := pattern(4_000_000, 1)
	a.toWrite, a.closes, b.answers = x, true, true
	if !s.run(time.Minute, s.done) {
		t.Fatal("not done")
	}
	if !bytes.Equal(b.got, x) || a.err != nil || b.err != nil {
		t.Errorf("%d of %d bytes, errors %v, %v", len(b.got), len(x), a.err, b.err)
	}
	if !slices.Contains(a.sent, "ST_FIN") && len(a.sent) < 1000 {
		t.Error("no FIN")
	}
}

// TestCloseWithoutData: the peer gets the end of a connection on which nothing was ever sent (libutp issue 92).
func TestCloseWithoutData(t *testing.T) {
	for _, side := range []int{0, 1} {
		s := newSim(t, 1)
		a, b := s.pair(Config{}, &path{delay: time.Millisecond}, &path{delay: time.Millisecond})
		s.run(time.Second, nil)
		[]*end{a, b}[side].closes = true
		[]*end{b, a}[side].answers = true
		s.at(s.now, a.pump)
		s.at(s.now, b.pump)
		if !s.run(10*time.Second, s.done) {
			t.Fatalf("side %d: not done", side)
		}
		if a.err != nil || b.err != nil {
			t.Errorf("side %d: %v, %v", side, a.err, b.err)
		}
		if d := s.elapsed(); d > time.Second+mostLinger {
			t.Errorf("side %d: it took %v", side, d)
		}
	}
}

// TestHalfClose: one direction goes on for as long as it likes after the other has ended.
func TestHalfClose(t *testing.T) {
	s := newSim(t, 1)
	a, b := s.pair(Config{}, &path{delay: time.Millisecond}, &path{delay: time.Millisecond})
	a.closing = true
	s.run(10*time.Minute, nil)
	if !b.eof || b.conn.Done() || a.conn.Done() {
		t.Fatalf("eof %v, done %v, %v", b.eof, a.conn.Done(), b.conn.Done())
	}
	x := pattern(500_000, 3)
	b.toWrite, b.closing = x, true
	s.at(s.now, b.pump)
	if !s.run(time.Minute, s.done) {
		t.Fatal("not done")
	}
	if !bytes.Equal(a.got, x) || a.err != nil || b.err != nil {
		t.Errorf("%d of %d, %v, %v", len(a.got), len(x), a.err, b.err)
	}
}

// TestLinger: Close ends within its bound where the peer is gone, with an error and a RESET.
func TestLinger(t *testing.T) {
	s := newSim(t, 1)
	gone := false
	drop := func([]byte) bool { return gone }
	a, _ := s.pair(Config{Linger: 3 * time.Second}, &path{drop: drop}, &path{drop: drop})
	a.toWrite = pattern(100_000, 1)
	s.run(time.Second, nil)
	gone = true
	a.toWrite, a.closes = pattern(100_000, 1), true
	s.at(s.now, a.pump)
	s.run(3*time.Second+time.Millisecond, nil)
	if !a.conn.Done() || !errors.Is(a.err, ErrTimeout) || a.sent[len(a.sent)-1] != "ST_RESET" {
		t.Errorf("done %v, %v, last %v", a.conn.Done(), a.err, a.sent[len(a.sent)-1])
	}
}

// TestLostLastAck: the end that acknowledged last answers the FIN that is repeated; and where it is gone, the RESET of
// its socket is no error.
func TestLostLastAck(t *testing.T) {
	for _, gone := range []bool{false, true} {
		s := newSim(t, 1)
		lose := false
		there := &path{delay: 5 * ms, drop: func([]byte) bool { return lose }}
		a, b := s.pair(Config{}, there, &path{delay: 5 * ms})
		s.run(time.Second, nil)
		a.closing = true
		a.pump()
		s.run(time.Second, nil)
		b.closing = true
		b.pump()
		lose = true // what a acknowledges of b's FIN
		for !a.eof {
			s.run(time.Millisecond, nil)
		}
		if gone {
			s.run(mostLinger, nil) // a's socket knows nothing of the connection any more
		} else {
			s.run(50*time.Millisecond, nil)
		}
		if !gone {
			a.door = nil // nobody but the connection itself answers
		}
		lose = false
		if !s.run(20*time.Second, s.done) {
			t.Fatalf("gone %v: not done: %v %v", gone, a.sent, b.sent)
		}
		if a.err != nil || b.err != nil {
			t.Errorf("gone %v: %v, %v", gone, a.err, b.err)
		}
	}
}

// TestLingeringIsProlonged by packets that come again, and ends.
func TestLingeringIsProlonged(t *testing.T) {
	s := newSim(t, 1)
	a, b := s.pair(Config{}, &path{delay: time.Millisecond}, &path{delay: time.Millisecond})
	var fin []byte
	b.out.drop = func(p []byte) bool {
		if p[0]>>4 == 1 {
			fin = bytes.Clone(p)
		}
		return false
	}
	a.closing, b.answers = true, true
	s.run(time.Second, nil)
	a.out.drop = func([]byte) bool { return true } // b is gone, and would say so
	for i := range 100 {
		if a.conn.Done() {
			if i < lingerRepeats || i > lingerRepeats+5 {
				t.Errorf("done after %d repeated packets", i)
			}
			return
		}
		a.deliver(fin)
		s.run(leastLinger*3/4, nil)
	}
	t.Error("goes on for ever")
}

// TestManyCloses: whole lives of connections where a tenth of the packets is lost. All bytes arrive, and nothing is
// left.
func TestManyCloses(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 300
	}
	dice := newSim(t, 99).dice
	refused := 0
	for i := range n {
		s := newSim(t, uint64(i))
		a, b := s.pair(Config{ConnectTries: 15, MaxTimeouts: 15, Linger: time.Minute},
			&path{delay: 10 * time.Millisecond, loss: 0.1}, &path{delay: 10 * time.Millisecond, loss: 0.1})
		x, y := pattern(dice.IntN(20_000), uint64(i)), pattern(dice.IntN(20_000), uint64(i)+1)
		a.toWrite, b.toWrite = x, y
		a.closing, b.closing = true, true
		if dice.IntN(2) == 0 {
			b.closing, b.answers = false, true
		}
		if !s.run(3*time.Minute, s.done) {
			if b.conn == nil && errors.Is(a.err, ErrReset) {
				refused++ // nothing of the first flight has come before half of the handshake was forgotten
				continue
			}
			t.Fatalf("%d: not done: %v %v", i, a.sent, b.sent)
		}
		if !bytes.Equal(b.got, x) || !bytes.Equal(a.got, y) || a.err != nil || b.err != nil {
			t.Fatalf("%d: %d of %d, %d of %d, %v, %v", i, len(b.got), len(x), len(a.got), len(y), a.err, b.err)
		}
		for _, e := range s.ends {
			c := e.conn
			if c.outbox.ring != nil || c.flight.ring != nil || c.inbox.ahead != nil {
				t.Fatalf("%d: memory is left", i)
			}
			if !c.Deadline().IsZero() || e.door.Stats().HalfOpen > 0 {
				t.Fatalf("%d: a deadline, or half a handshake, is left", i)
			}
		}
	}
	if refused > n/1000 {
		t.Errorf("%d of %d refused", refused, n)
	}
}

// TestPeerIsGoneAfterItsFIN: librqbit-utp answers nothing once its FIN is acknowledged. It has all our bytes, and we
// have its own: that is no failure, and takes no minute.
func TestPeerIsGoneAfterItsFIN(t *testing.T) {
	s := newSim(t, 1)
	there, back := &path{delay: 10 * ms}, &path{delay: 10 * ms}
	back.drop = func(p []byte) bool { return p[0]>>4 == byte(wire.Fin) }
	a, b := s.pair(Config{}, there, back)
	a.toWrite, a.closing, b.answers = pattern(100_000, 1), true, true
	if !s.run(time.Minute, func() bool { return b.conn != nil && b.conn.Done() }) {
		t.Fatalf("not done: %+v", b.conn.Stats())
	}
	if b.err != nil || len(b.got) != 100_000 {
		t.Errorf("%d bytes, %v", len(b.got), b.err)
	}
	if s.elapsed() > mostLinger+2*time.Second {
		t.Errorf("done after %v", s.elapsed())
	}
}
