package core

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestLargestPacket: the search ends within 16 bytes of what the path takes, with few probes and no cut of the window.
func TestLargestPacket(t *testing.T) {
	for _, tt := range []struct {
		path, max, probes int
	}{
		{1452, 1452, 1},
		{1500, 1452, 1},
		{1200, 1452, 8},
		{1201, 1452, 8},
		{1300, 1452, 8},
		{1372, 1452, 8},
		{1436, 1452, 8},
		{1451, 1452, 8},
		{8972, 8972, 1},
		{5000, 8972, 14},
		{65000, 65000, 1},
		{1372, 65000, 18},
	} {
		for _, loss := range []float64{0, 0.01} {
			if loss > 0 && testing.Short() {
				continue
			}
			t.Run(fmt.Sprintf("%d of %d %v", tt.path, tt.max, loss), func(t *testing.T) {
				s := newSim(t, 1)
				there := &path{delay: 10 * ms, rate: 100e6, queue: time.Second, mtu: tt.path, loss: loss}
				cfg := Config{MaxPacket: tt.max, SendBuffer: 1 << 22, ReceiveBuffer: 1 << 22}
				a, b := s.pair(cfg, there, &path{delay: 10 * ms})
				x := pattern(8_000_000, 1)
				if tt.max > 2*tt.path {
					x = pattern(24_000_000, 1) // more probes
				}
				a.toWrite, a.closing, b.closing = x, true, true
				if !s.run(5*time.Minute, s.done) {
					t.Fatalf("not done: %+v", a.conn.Stats())
				}
				st := a.conn.Stats()
				if !bytes.Equal(b.got, x) {
					t.Error("other bytes")
				}
				if st.Packet > tt.path || loss == 0 && st.Packet < min(tt.path, tt.max)-searchGap {
					t.Errorf("packets of %d bytes", st.Packet)
				}
				if int(st.Probes) > tt.probes+2 || loss == 0 && int(st.Probes) > tt.probes {
					t.Errorf("%d probes", st.Probes)
				}
				if loss == 0 && (st.Cuts > 0 || st.Timeouts > 0) {
					t.Errorf("%d cuts, %d timeouts", st.Cuts, st.Timeouts)
				}
			})
		}
	}
}

// TestBlackHole: the path takes only shorter packets from some time on, and nobody says so.
func TestBlackHole(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 20 * time.Millisecond, rate: 20e6, queue: 200 * time.Millisecond}
	a, b := s.pair(Config{}, there, &path{delay: 20 * time.Millisecond})
	a.endless = true
	s.run(5*time.Second, nil)
	if n := a.conn.Stats().Packet; n != defaultMaxPacket {
		t.Fatalf("packets of %d bytes before", n)
	}
	before, window := a.conn.Stats(), a.conn.Stats().Window
	there.mtu = 1252 // 1280 bytes over IPv4
	found := s.run(time.Second, func() bool { return a.conn.Stats().BlackHoles > 0 })
	if n := a.conn.Stats().Window; !found || n < window*99/100 {
		t.Errorf("found %v; window %d, was %d: it is cut for packets that were lost for their length", found, n, window)
	}
	s.run(2*time.Second, nil)
	received := b.received
	s.run(time.Second, nil)
	st := a.conn.Stats()
	if st.BlackHoles != 1 || st.Packet > 1252 || st.Packet < 1252-searchGap {
		t.Errorf("%d found, packets of %d bytes", st.BlackHoles, st.Packet)
	}
	if rate := float64(b.received-received) * 8; rate < 17e6 {
		t.Errorf("%.1f Mbit/s two seconds later", rate/1e6)
	}
	if st.Window < window*3/4 || st.Timeouts > before.Timeouts {
		t.Errorf("window %d, was %d; %d timeouts", st.Window, window, st.Timeouts-before.Timeouts)
	}
}

// TestTooBig: the word of a router is taken, if it is not less than each path takes, and costs neither the window nor
// time.
func TestTooBig(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 20 * time.Millisecond, rate: 20e6, queue: 200 * time.Millisecond}
	a, b := s.pair(Config{}, there, &path{delay: 20 * time.Millisecond})
	a.endless = true
	s.run(5*time.Second, nil)
	a.conn.TooBig(s.now, 100, quoted(a.conn, a.conn.flight.n-1))
	if n := a.conn.Stats().Packet; n != defaultMaxPacket {
		t.Fatalf("100 bytes believed: packets of %d", n)
	}
	before := a.conn.Stats()
	there.mtu = 1300
	s.run(10*time.Millisecond, nil) // some are lost
	q := quoted(a.conn, a.conn.flight.n-1)
	q.seq++
	if a.conn.TooBig(s.now, 1250, q); a.conn.Stats().Packet != defaultMaxPacket {
		t.Fatal("what quotes a packet that was not sent is believed")
	}
	a.conn.TooBig(s.now, 1300, quoted(a.conn, a.conn.flight.n-1))
	a.pump()
	s.run(2*time.Second, nil)
	if st := a.conn.Stats(); st.Packet != 1300 || st.Cuts > before.Cuts || st.Timeouts > 0 || st.Lost == before.Lost {
		t.Errorf("packets of %d bytes, %d cuts, %d timeouts", st.Packet, st.Cuts-before.Cuts, st.Timeouts)
	}
	if b.conn.Stats().Dropped != (Drops{}) {
		t.Errorf("%+v", b.conn.Stats().Dropped)
	}
}

// TestReprobe: a path that takes longer packets again is found after Reprobe.
func TestReprobe(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 20 * time.Millisecond, rate: 2e6, queue: 200 * time.Millisecond, mtu: 1300}
	a, _ := s.pair(Config{Reprobe: time.Minute}, there, &path{delay: 20 * time.Millisecond})
	a.endless = true
	s.run(20*time.Second, nil)
	if n := a.conn.Stats().Packet; n > 1300 || n < 1300-searchGap {
		t.Fatalf("packets of %d bytes", n)
	}
	there.mtu = 0
	s.run(30*time.Second, nil)
	if n := a.conn.Stats().Packet; n > 1300 {
		t.Fatalf("packets of %d bytes too early", n)
	}
	s.run(time.Minute, nil)
	if n := a.conn.Stats().Packet; n != defaultMaxPacket {
		t.Errorf("packets of %d bytes", n)
	}
}

// TestConnectUnderLoss: 10 % of the packets are lost in each direction.
func TestConnectUnderLoss(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	failed := 0
	took := make([]time.Duration, 0, n)
	for i := range n {
		s := newSim(t, uint64(i))
		a, _ := s.pair(Config{}, &path{delay: 25 * ms, loss: 0.1}, &path{delay: 25 * ms, loss: 0.1})
		if !s.run(time.Minute, func() bool { return a.events != 0 }) || a.events&Connected == 0 {
			failed++
			continue
		}
		took = append(took, s.elapsed())
	}
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	t.Logf("%d of %d failed, 95 of 100 took at most %v", failed, n, p95)
	if failed > n/1000 || p95 > 3500*time.Millisecond {
		t.Errorf("%d of %d failed, 95 of 100 took at most %v", failed, n, p95)
	}
}

// TestLostAnswer: libutp answers a repeated SYN with nothing, so that one lost answer fails the connection.
func TestLostAnswer(t *testing.T) {
	s := newSim(t, 1)
	n := 0
	back := &path{delay: 25 * time.Millisecond, drop: func([]byte) bool { n++; return n <= 2 }}
	a, b := s.pair(Config{}, &path{delay: 25 * time.Millisecond}, back)
	if !s.run(10*time.Second, func() bool { return a.events&Connected != 0 && b.events&Connected != 0 }) {
		t.Fatalf("not connected: %v", a.sent)
	}
	if d := s.elapsed(); d > 3200*time.Millisecond {
		t.Errorf("it took %v", d)
	}
	// SYN and answer are a measurement. Of a SYN that was sent twice the peer's clock tells which copy it answers.
	for _, tt := range []struct {
		lost, late     int // answers
		dialled, other time.Duration
	}{
		{0, 0, 50 * ms, 50 * ms}, {1, 0, 50 * ms, 0}, {0, 1, 1150 * ms, 0},
	} {
		s, n := newSim(t, 1), 0
		back := &path{delay: 25 * time.Millisecond, drop: func([]byte) bool { n++; return n <= tt.lost }}
		if tt.late > 0 {
			back.delay = 1125 * ms
		}
		a, b := s.pair(Config{}, &path{delay: 25 * ms}, back)
		s.run(1200*ms, nil)
		for e, want := range map[*end]time.Duration{a: tt.dialled, b: tt.other} {
			if st := e.conn.Stats(); st.LeastRTT.Round(ms) != want {
				t.Errorf("%d lost, %d late: round trip of %s %v, want %v", tt.lost, tt.late, e.name, st.LeastRTT, want)
			}
		}
	}
}

// TestLostThirdPacket: the end that began is silent, and what told of the answer is lost. The other end is not left
// alone.
func TestLostThirdPacket(t *testing.T) {
	s := newSim(t, 1)
	n := 0
	there := &path{delay: 25 * time.Millisecond, drop: func([]byte) bool { n++; return n == 2 }}
	a, b := s.pair(Config{}, there, &path{delay: 25 * time.Millisecond})
	s.run(2*time.Second, nil)
	if a.events&Connected == 0 || b.events&Connected == 0 {
		t.Fatalf("events %b, %b", a.events, b.events)
	}
	b.toWrite, b.closing = []byte("first word"), true
	b.pump()
	s.run(time.Second, nil)
	if string(a.got) != "first word" {
		t.Errorf("got %q", a.got)
	}
}

// TestZeroWindow: a peer that does not read is not overrun, and goes on when it reads, whatever is lost.
func TestZeroWindow(t *testing.T) {
	for seed := range uint64(20) {
		s := newSim(t, seed)
		loss := float64(seed%4) * 0.05
		a, b := s.pairOf(Config{}, Config{ReceiveBuffer: 20_000},
			&path{delay: 20 * time.Millisecond, loss: loss}, &path{delay: 20 * time.Millisecond, loss: loss})
		x := pattern(200_000, seed)
		a.toWrite, a.closing, b.lazy, b.answers = x, true, true, true
		s.run(5*time.Minute, nil)
		if a.err != nil {
			t.Fatalf("seed %d: %v", seed, a.err)
		}
		if readable, _ := b.conn.Buffered(); readable > 20_000 || readable < 20_000-defaultMaxPacket {
			t.Errorf("seed %d: %d bytes buffered", seed, readable)
		}
		if st := a.conn.Stats(); st.PeerWindow > defaultMaxPacket {
			t.Errorf("seed %d: window %d", seed, st.PeerWindow)
		}
		b.lazy = false
		b.pump()
		if !s.run(time.Minute, s.done) {
			t.Fatalf("seed %d: not done: %+v", seed, a.conn.Stats())
		}
		if !bytes.Equal(b.got, x) || a.err != nil || b.err != nil {
			t.Errorf("seed %d: %d of %d bytes, %v, %v", seed, len(b.got), len(x), a.err, b.err)
		}
	}
}

// TestReorderedPath: a fifth of the packets comes 10 ms late. Hardly anything is sent twice.
func TestReorderedPath(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 25 * ms, rate: 50e6, queue: 200 * ms, reorder: 0.2, late: 10 * ms}
	a, b := s.pair(Config{}, there, &path{delay: 25 * ms})
	x := pattern(20_000_000, 1)
	a.toWrite, a.closing, b.closing = x, true, true
	if !s.run(time.Minute, func() bool { return b.eof }) {
		t.Fatal("not done")
	}
	st := a.conn.Stats()
	t.Logf("%v, %d of %d packets sent again, %d cuts, %d undone", s.elapsed(), st.Resent, st.Sent, st.Cuts, st.Undone)
	if st.Resent*100 > st.Sent || !bytes.Equal(b.got, x) {
		t.Errorf("%d of %d packets sent again", st.Resent, st.Sent)
	}
	if s.elapsed() > 6*time.Second {
		t.Errorf("it took %v", s.elapsed())
	}
}

// TestKeepAlive: two ends that have nothing to say stay connected, and a peer that is gone is noticed.
func TestKeepAlive(t *testing.T) {
	s := newSim(t, 1)
	gone := false
	drop := func([]byte) bool { return gone }
	a, b := s.pair(Config{}, &path{delay: time.Millisecond, drop: drop}, &path{delay: time.Millisecond, drop: drop})
	s.run(2*time.Second, nil)
	before := len(a.sent)
	s.run(time.Hour, nil)
	if a.err != nil || b.err != nil {
		t.Fatalf("%v, %v", a.err, b.err)
	}
	if n := len(a.sent) - before; n < 100 || n > 200 {
		t.Errorf("%d packets in an hour", n)
	}
	gone = true
	s.run(defaultIdle, nil)
	if !errors.Is(a.err, ErrTimeout) || !errors.Is(b.err, ErrTimeout) || !a.conn.Done() {
		t.Errorf("%v, %v", a.err, b.err)
	}
}

// TestSilentPeer: one that keeps nothing alive, but answers, is asked and stays.
func TestSilentPeer(t *testing.T) {
	s := newSim(t, 1)
	a, b := s.pair(Config{KeepAlive: -1}, &path{delay: ms}, &path{delay: ms})
	s.run(time.Hour, nil)
	if a.err != nil || b.err != nil || a.conn.Done() {
		t.Errorf("%v, %v", a.err, b.err)
	}
}

// TestNagle: short packets wait for each other, and with NoDelay they do not.
func TestNagle(t *testing.T) {
	for _, noDelay := range []bool{false, true} {
		s := newSim(t, 1)
		a, b := s.pair(Config{NoDelay: noDelay}, &path{delay: 25 * ms}, &path{delay: 25 * ms})
		s.run(time.Second, nil)
		before := len(a.sent)
		for range 10 {
			a.toWrite = []byte("x")
			a.pump()
			s.run(time.Millisecond, nil)
		}
		s.run(time.Second, nil)
		n := len(a.sent) - before
		a.toWrite, a.closing = pattern(defaultMaxPacket+100, 1), true
		a.pump()
		if last := a.sent[len(a.sent)-1]; last != "ST_FIN" {
			t.Errorf("NoDelay %v: the last short packet waits for others before a FIN", noDelay)
		}
		if len(b.got) != 10 || !noDelay && n > 3 || noDelay && n != 10 {
			t.Errorf("NoDelay %v: %d packets, got %q", noDelay, n, b.got)
		}
	}
}

// TestRepeatedSyn: a SYN that comes again after the handshake is answered again if it is the one that began the
// connection.
func TestRepeatedSyn(t *testing.T) {
	s := newSim(t, 1)
	var syn []byte
	there := &path{delay: time.Millisecond, drop: func(p []byte) bool {
		if syn == nil {
			syn = bytes.Clone(p)
		}
		return false
	}}
	_, b := s.pair(Config{}, there, &path{delay: time.Millisecond})
	s.run(5*time.Second, nil)
	for _, tt := range []struct {
		bit  byte // of the sequence number
		want int
	}{{0, 1}, {1, 0}} {
		before := len(b.sent)
		again := bytes.Clone(syn)
		again[17] ^= tt.bit
		b.deliver(again)
		if n := len(b.sent) - before; n != tt.want {
			t.Errorf("bit %d changed: %d answers, want %d", tt.bit, n, tt.want)
		}
	}
	if st := b.conn.Stats(); st.Dropped.Duplicate != 2+1 { // the third packet's copy that confirms the handshake, too
		t.Errorf("%+v", st.Dropped)
	}
}

// TestWindowOpens: a reader that starts reading again is heard of at once, not only when it is asked.
func TestWindowOpens(t *testing.T) {
	for _, n := range []int{100_000, 20_001} { // with one byte more than room, what asks for room is all there is
		s := newSim(t, 1)
		a, b := s.pairOf(Config{}, Config{ReceiveBuffer: 20_000}, &path{delay: 5 * ms}, &path{delay: 5 * ms})
		a.toWrite, b.lazy = pattern(n, 1), true
		s.run(40*time.Second+300*time.Millisecond, nil)
		b.lazy = false
		b.pump()
		s.run(200*time.Millisecond, nil)
		if b.received != n {
			t.Errorf("%d of %d bytes in 200 ms", b.received, n)
		}
	}
}

// TestTailLoss: the last packet of a burst is lost. It is sent again after little more than a round trip, not after a
// timeout, which costs libutp a second.
func TestTailLoss(t *testing.T) {
	s := newSim(t, 1)
	n := 0
	lossy := false
	there := &path{delay: 10 * time.Millisecond, drop: func([]byte) bool { n++; return lossy && n == 10 }}
	a, b := s.pair(Config{}, there, &path{delay: 10 * time.Millisecond})
	a.toWrite = pattern(30_000, 1)
	s.run(2*time.Second, nil)
	n, lossy = 0, true
	a.toWrite = pattern(10*(defaultMaxPacket-headerLen), 2)
	a.pump()
	before := s.elapsed()
	s.run(time.Second, func() bool { return b.received == 30_000+10*(defaultMaxPacket-headerLen) })
	if took := s.elapsed() - before; took > 100*time.Millisecond {
		t.Errorf("it took %v: %+v", took, a.conn.Stats())
	}
	if st := a.conn.Stats(); st.TailProbes == 0 || st.Timeouts > 0 {
		t.Errorf("%d probes, %d timeouts", st.TailProbes, st.Timeouts)
	}
}

// TestLongHole: a burst of 300 packets is lost. A mask of 4 bytes, as libutp's, could not tell of it.
func TestLongHole(t *testing.T) {
	s := newSim(t, 1)
	hole := 0
	drop := func([]byte) bool { hole--; return hole > 0 }
	there := &path{delay: 50 * ms, rate: 50e6, queue: 200 * ms, drop: drop}
	a, b := s.pair(Config{}, there, &path{delay: 50 * time.Millisecond})
	a.endless = true
	s.run(6*time.Second, nil)
	hole = 300
	s.run(600*time.Millisecond, nil)
	received := b.received
	s.run(time.Second, nil)
	if rate := float64(b.received-received) * 8; rate < 20e6 {
		t.Errorf("%.1f Mbit/s after it", rate/1e6)
	}
	if st := a.conn.Stats(); st.Timeouts > 0 || st.Resent > 310 || st.Resent < 299 {
		t.Errorf("%d timeouts, %d packets sent again", st.Timeouts, st.Resent)
	}
}
