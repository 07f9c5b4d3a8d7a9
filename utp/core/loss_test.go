package core

import (
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
	x.pass(16 * time.Millisecond) // less than a round trip, and not so little that it must be of the first copy
	x.peer.Ack++
	x.give(x.peer)
	if st := x.c.Stats(); st.Delay != 50*ms || st.RTT != 20*ms || st.LeastRTT != 20*ms {
		t.Errorf("queueing delay %v, round trip %v, least %v", st.Delay, st.RTT, st.LeastRTT)
	}
	if st := x.c.Stats(); st.Resent != 1 || st.Spurious != 0 {
		t.Errorf("%d sent again, %d in vain", st.Resent, st.Spurious)
	}
}
