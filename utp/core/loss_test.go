package core

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

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

// TestThreeRepeats: a peer without masks gets the missing packet after three repeated acknowledgements (BEP 29), as
// libutp does not.
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

// TestRepeatsOfOneWithMasks say nothing: who sends masks tells what has arrived.
func TestRepeatsOfOneWithMasks(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(12 * 1180)
	x.all()
	x.pass(20 * ms)
	p := x.peer
	p.SACK = wire.SACK{1, 0, 0, 0}
	x.give(p)
	x.peer.Ack += 4
	x.give(x.peer)
	x.all()
	x.pass(20 * ms)
	for range 5 {
		x.give(x.peer)
	}
	if q := x.next(); q.Type != 0xff {
		t.Errorf("%v %#x", q.Type, q.Seq)
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

// TestKarn: of a packet that was sent twice it is not known which copy arrived. So its acknowledgement measures no
// round trip, and bounds no queueing delay.
func TestKarn(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	x.peer.Delay += 50_000
	for range 3 { // the first packet is sent again, and the filter of delays is full
		x.give(x.peer)
	}
	if q := x.next(); q.Type != wire.Data || q.Seq != 0xffff {
		t.Fatalf("sent again: %v %#x", q.Type, q.Seq)
	}
	x.pass(16 * ms) // less than a round trip, and not so little that it must be of the first copy
	x.peer.Ack++
	x.give(x.peer)
	if st := x.c.Stats(); st.Delay != 50*ms || st.RTT != 20*ms || st.LeastRTT != 20*ms {
		t.Errorf("queueing delay %v, round trip %v, least %v", st.Delay, st.RTT, st.LeastRTT)
	}
	if st := x.c.Stats(); st.Resent != 1 || st.Spurious != 0 {
		t.Errorf("%d sent again, %d in vain", st.Resent, st.Spurious)
	}
}

// TestTooSoon: an acknowledgement that comes within three quarters of the least round trip after a packet was sent
// again is one of the first copy.
func TestTooSoon(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		vain  uint64
	}{{14 * ms, 1}, {15 * ms, 0}} {
		x := connect(t, Config{NoPacing: true})
		x.write(4 * 1180)
		x.all()
		x.pass(20 * ms)
		for range 3 {
			x.give(x.peer)
		}
		x.all()
		x.pass(tt.after)
		x.peer.Ack++
		x.give(x.peer)
		if st := x.c.Stats(); st.Resent != 1 || st.Spurious != tt.vain || st.Undone != tt.vain {
			t.Errorf("after %v: %d sent again, %d in vain, %d cuts undone", tt.after, st.Resent, st.Spurious, st.Undone)
		}
	}
}

// TestCutStaysForOneLoss: a cut is not given back while one of the packets that were lost since has not arrived.
func TestCutStaysForOneLoss(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(12 * 1180)
	x.all()
	x.pass(20 * ms)
	x.peer.Ack += 4
	x.give(x.peer)
	if n := x.all(); n != 8 {
		t.Fatalf("%d packets", n)
	}
	x.pass(20 * ms)
	p := x.peer
	for _, mask := range []byte{0x07, 0x77} { // without the first packet, then without the fifth, too
		p.SACK = wire.SACK{mask, 0, 0, 0}
		x.give(p)
		x.all()
	}
	if st := x.c.Stats(); st.Lost != 2 || st.Cuts != 1 {
		t.Fatalf("%d lost, %d cuts", st.Lost, st.Cuts)
	}
	x.pass(2 * ms)
	for undone, n := range []wire.Seq{4, 4} { // the first arrives, then the fifth
		x.peer.Ack += n
		x.give(x.peer)
		if st := x.c.Stats(); int(st.Undone) != undone {
			t.Errorf("%d packets arrived: %d cuts undone", st.Spurious, st.Undone)
		}
	}
}

// TestTimeoutIsGivenBack: acknowledgements of all that timed out were only late.
func TestTimeoutIsGivenBack(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	window, rto := x.c.Stats().Window, x.c.Stats().RTO
	for x.c.Stats().Timeouts == 0 {
		x.now = x.c.Deadline()
		x.all()
	}
	if st := x.c.Stats(); st.Window >= window || st.RTO != 2*rto {
		t.Errorf("after a timeout: window %d, was %d; timeout %v, was %v", st.Window, window, st.RTO, rto)
	}
	x.pass(ms)
	x.peer.Ack += 4
	x.give(x.peer)
	if st := x.c.Stats(); st.Window < window || st.Undone != 1 || st.RTO != rto {
		t.Errorf("window %d, was %d; %d undone; timeout %v, was %v", st.Window, window, st.Undone, st.RTO, rto)
	}
}

// TestProbeOfEachTail: each tail has one probe, and the next tail another one.
func TestProbeOfEachTail(t *testing.T) {
	x := connect(t, Config{})
	for i := range uint64(3) {
		x.write(100)
		x.all()
		for x.c.Stats().TailProbes == i && x.c.Stats().Timeouts == 0 {
			x.now = x.c.Deadline()
			x.all()
		}
		x.pass(20 * ms)
		x.peer.Ack++
		x.give(x.peer)
	}
	if st := x.c.Stats(); st.TailProbes != 3 || st.Timeouts != 0 {
		t.Errorf("%d probes, %d timeouts", st.TailProbes, st.Timeouts)
	}
}

// TestFullPeerIsNoCongestion: a peer that has no room drops what comes. The window stays.
func TestFullPeerIsNoCongestion(t *testing.T) {
	x := connect(t, Config{NoPacing: true})
	x.write(4 * 1180)
	x.all()
	x.peer.Window = 0
	x.give(x.peer)
	window := x.c.Stats().Window
	for x.c.Stats().Timeouts == 0 {
		x.now = x.c.Deadline()
		x.all()
	}
	if st := x.c.Stats(); st.Window != window || st.Lost != 4 {
		t.Errorf("window %d, was %d; %d lost", st.Window, window, st.Lost)
	}
}

// TestTimeouts: a peer that answers nothing any more is given up after Config.MaxTimeouts.
func TestTimeouts(t *testing.T) {
	x := connect(t, Config{})
	x.write(100)
	start := x.now
	for x.c.Err() == nil {
		x.all()
		x.now = x.c.Deadline()
		if x.now.Sub(start) > time.Minute {
			t.Fatal("not given up in a minute")
		}
		x.all()
	}
	if took := x.now.Sub(start); !errors.Is(x.c.Err(), ErrTimeout) || took < 23*time.Second || took > 32*time.Second {
		t.Errorf("%v after %v", x.c.Err(), took)
	}
	if n := x.c.Stats().Timeouts; n != defaultTimeouts {
		t.Errorf("%d timeouts", n)
	}
}

// TestReordering: a packet that comes later than one sent after it widens the window of reordering, for a while.
func TestReordering(t *testing.T) {
	r := rtt{least: 20 * ms, smoothed: 100 * ms}
	for _, tt := range []struct {
		name  string
		seq   wire.Seq
		took  instant
		after instant
		want  instant
	}{
		{"overtaken", 9, 60 * ms, 0, 50 * ms},
		{"overtaken, long ago", 9, 60 * ms, latenessDecay + 1, 5 * ms},
		{"before, and faster", 9, 20 * ms, 0, 5 * ms},
		{"in order", 11, 60 * ms, 0, 5 * ms},
		{"overtaken by more than a round trip", 9, 500 * ms, 0, 100 * ms},
	} {
		l := newLossDetector()
		l.inOrder(10, 20*ms, 1)
		l.before = l.top
		l.inOrder(tt.seq, tt.took, 1)
		if got := l.window(&r, 1+tt.after); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	l := newLossDetector()
	l.delivered(&packet{sent: 7}, 20*ms)
	l.delivered(&packet{sent: 5}, 22*ms)
	if l.newest != 7 || l.took != 20*ms {
		t.Errorf("newest %v took %v after an older one", l.newest, l.took)
	}
}

// TestTimeoutAfterProbe: the probe of the tail has a round trip to be answered before the timeout, on a long path too.
func TestTimeoutAfterProbe(t *testing.T) {
	x := connect(t, Config{})
	x.write(100)
	x.c.rtt = rtt{least: 400 * ms, smoothed: 400 * ms, min: 200 * ms, max: 6 * time.Second}
	x.all()
	if l := x.c.loss; l.timeout < l.probe+400*ms {
		t.Errorf("probe at %v, timeout at %v", l.probe, l.timeout)
	}
}
