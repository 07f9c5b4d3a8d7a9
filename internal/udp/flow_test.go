package udp

import (
	"testing"
	"time"
)

// fakeQueues are the buffers of receivers, which read at the speed of the clock.
type fakeQueues struct {
	at      time.Time
	waiting int
	size    int
	each    int // bytes that are read in a pause
	away    bool
	looks   int
}

func (q *fakeQueues) look() (waiting, size int, ok bool) {
	q.looks++
	return q.waiting, q.size, !q.away
}

func (q *fakeQueues) close() error { return nil }

func (q *fakeQueues) flow() *flow {
	return &flow{
		queues: q, now: func() time.Time { return q.at }, closed: func() bool { return false },
		sleep: func(d time.Duration) { q.at = q.at.Add(d); q.waiting = max(0, q.waiting-q.each) },
	}
}

// send sends n bytes, as the system counts them, and returns the most that waited.
func (q *fakeQueues) send(f *flow, n int) (most int) {
	datagrams := make([][]byte, 100)
	for i := range datagrams {
		datagrams[i] = make([]byte, 1400)
	}
	for sent := 0; sent < n; {
		k := costOf(datagrams[:f.admit(datagrams)])
		q.waiting += k
		sent += k
		most = max(most, q.waiting)
	}
	return most
}

// TestFlow: no more waits than the window, whatever the size of the buffer, and most of it is used.
func TestFlow(t *testing.T) {
	for _, size := range []int{200 << 10, 1 << 20, 64 << 20} {
		q := &fakeQueues{size: size, each: size / 100}
		window := min(flowWindow, size/2)
		most := q.send(q.flow(), 4*window)
		if slack := 4 << 10; most > window+slack || most < window {
			t.Errorf("a buffer of %d bytes: %d wait, want %d", size, most, window)
		}
	}
}

// TestFlowWaitsForNobody: without a receiver there is nothing to wait for, and few looks.
func TestFlowWaitsForNobody(t *testing.T) {
	q := &fakeQueues{away: true}
	began := q.at
	q.send(q.flow(), 10*flowWindow)
	if q.looks > 11 || q.at != began {
		t.Errorf("%d looks, %v", q.looks, q.at.Sub(began))
	}
}

// TestFlowOutlastsAReceiverThatDoesNotRead: it is waited for, for a time, and what is sent does not stop.
func TestFlowOutlastsAReceiverThatDoesNotRead(t *testing.T) {
	q := &fakeQueues{size: 1 << 20, waiting: 1 << 20}
	began := q.at
	f := q.flow()
	q.send(f, 1<<20)
	window := q.size / 2
	rounds := time.Duration((1<<20)/(window/4) + 1)
	if d := q.at.Sub(began); d < flowStandstill || d > flowStandstill+rounds*flowPatience {
		t.Errorf("it took %v", d)
	}
}

// TestFlowWaitsForADisk: a receiver that reads nothing for seconds, since its disk writes out a cache, is sent nothing
// that its buffer has no room for. The caller has something else to do meanwhile. Each such time counts alone.
func TestFlowWaitsForADisk(t *testing.T) {
	q, datagrams := &fakeQueues{size: 1 << 20}, make([][]byte, 100)
	f := q.flow()
	for range 3 {
		for asleep := q.at.Add(6 * time.Second); q.at.Before(asleep); {
			before := q.at
			q.waiting += costOf(datagrams[:f.admit(datagrams)])
			if q.waiting > q.size {
				t.Fatalf("%d bytes are to wait in a buffer of %d", q.waiting, q.size)
			}
			if waited := q.at.Sub(before); waited > 2*flowPatience {
				t.Fatalf("the caller waited for %v", waited)
			} else if waited == 0 {
				q.at = q.at.Add(time.Microsecond) // what it takes to send
			}
		}
		q.waiting = 0
	}
}

// TestFlowLetsOneDatagramPass: a datagram that comes alone does not wait for longer than a window is waited for.
func TestFlowLetsOneDatagramPass(t *testing.T) {
	q := &fakeQueues{size: 1 << 20, waiting: 1 << 20}
	began := q.at
	if n := q.flow().admit([][]byte{make([]byte, 100)}); n != 1 || q.at.Sub(began) > 2*flowPatience {
		t.Errorf("%d datagrams after %v", n, q.at.Sub(began))
	}
}

// TestFlowEndsWithItsSender: a Sender that was closed waits for nobody.
func TestFlowEndsWithItsSender(t *testing.T) {
	q := &fakeQueues{size: 1 << 20, waiting: 1 << 20}
	began := q.at
	f := q.flow()
	f.closed = func() bool { return true }
	q.send(f, 1<<20)
	if q.at != began {
		t.Errorf("it waited %v", q.at.Sub(began))
	}
}
