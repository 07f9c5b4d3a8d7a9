package core

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestLevel: a queue that keeps its length is told, after some seconds and again after as many; slowdowns of those who
// make it do not matter. TCP's queue is never level.
func TestLevel(t *testing.T) {
	const rtt = 50 * ms
	for _, tt := range []struct {
		name  string
		queue func(at instant) instant
		times []int // seconds
	}{
		{"flat", func(instant) instant { return 54 * ms }, []int{5, 11, 17}},
		{"flat, with slowdowns", func(at instant) instant {
			if at%(8*time.Second) < 700*ms {
				return 0
			}
			return 54 * ms
		}, []int{5, 11, 17}},
		{"within a sixteenth", func(at instant) instant {
			return 60*ms - at/time.Second%2*3750*time.Microsecond
		}, []int{5, 11, 17}},
		{"by more than that", func(at instant) instant { return 60*ms - at/time.Second%2*4*ms }, nil},
		{"rises and falls", func(at instant) instant { return 40*ms + at%(5*time.Second)/250 }, nil},
	} {
		var l level
		var times []int
		for at := instant(0); at < 20*time.Second; at += 10 * ms {
			if length, ok := l.add(tt.queue(at), at, rtt); ok {
				times = append(times, int(at/time.Second))
				if length < 54*ms {
					t.Errorf("%s: %v", tt.name, length)
				}
			}
		}
		if !slices.Equal(times, tt.times) {
			t.Errorf("%s: level after %v s, want %v", tt.name, times, tt.times)
		}
	}
}

// TestLongerTargetOfOthers: who has a shorter target than those who keep the queue at its length takes the next one.
func TestLongerTargetOfOthers(t *testing.T) {
	const rtt = 50 * ms
	for _, tt := range []struct{ queue, want instant }{
		{54 * ms, 100 * ms}, {39 * ms, 50 * ms}, {24 * ms, 25 * ms}, {27 * ms, 50 * ms},
	} {
		x := newTarget(&Config{Target: 100 * ms})
		x.saw(30*ms, 0, rtt)
		if x.lost(0, rtt); x.current != 25*ms {
			t.Fatalf("target %v", x.current)
		}
		for at := instant(0); at < 20*time.Second; at += 10 * ms {
			x.full = at
			x.saw(tt.queue, at, rtt)
		}
		if x.current != tt.want {
			t.Errorf("target %v beside a queue of %v, want %v", x.current, tt.queue, tt.want)
		}
	}
}

// TestLossIsSeenFirst: a loss is one of an overflow also if the queue is seen after it, within a round trip.
func TestLossIsSeenFirst(t *testing.T) {
	const rtt = 50 * ms
	for _, tt := range []struct{ after, want instant }{{rtt - 1, 50 * ms}, {rtt, 100 * ms}} {
		x := newTarget(&Config{Target: 100 * ms})
		for i := range instant(4) {
			x.saw(60*ms, i*rtt, rtt)
		}
		const at = time.Second
		x.saw(10*ms, at-2*rtt, rtt)
		x.saw(10*ms, at-rtt, rtt)
		x.lost(at, rtt)
		if x.saw(60*ms, at+tt.after, rtt); x.current != tt.want {
			t.Errorf("target %v when the queue is seen after %v", x.current, tt.after)
		}
	}
}

// TestFairInShortBuffer: flows in a buffer that some of them overflow and others do not share it all the same. One that
// had found it short starved beside one that had not: the index of two was 0.57 to 0.62.
func TestFairInShortBuffer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const big = 4 << 20
	for _, tt := range []struct {
		flows      int
		rtt, queue time.Duration
		apart      time.Duration // from start to start
		from       time.Duration
		least      float64
	}{
		{2, 50 * ms, 60 * ms, 0, 20 * time.Second, 0.9},
		{2, 20 * ms, 60 * ms, 30 * time.Second, 60 * time.Second, 0.95},
		{2, 50 * ms, 80 * ms, 0, 20 * time.Second, 0.95},
		{8, 50 * ms, 60 * ms, 0, 20 * time.Second, 0.9},
	} {
		t.Run(fmt.Sprintf("%d %v %v", tt.flows, tt.rtt, tt.queue), func(t *testing.T) {
			s := newSim(t, 1)
			there := &path{delay: tt.rtt / 2, rate: 20e6, queue: tt.queue}
			back := &path{delay: tt.rtt / 2}
			var sinks []*end
			for range tt.flows {
				a, b := s.pair(Config{SendBuffer: big, ReceiveBuffer: big}, there, back)
				a.endless, b.forgets = true, true
				sinks = append(sinks, b)
				s.run(tt.apart+time.Duration(s.dice.IntN(int(time.Second))), nil)
			}
			s.run(tt.from, nil)
			before := received(sinks)
			s.run(time.Minute, nil)
			jain, sum := shares(sinks, before)
			rate := float64(sum) * 8e-6 / 60
			t.Logf("%.3f, %.1f Mbit/s of payload", jain, rate)
			if jain < tt.least || rate < 17.5 {
				t.Errorf("index %.3f, want %v; %.1f Mbit/s of payload", jain, tt.least, rate)
			}
		})
	}
}
