package core

import (
	"testing"
	"time"
)

// figure is a simulated link, the flows on it, and what they are to reach.
type figure struct {
	name     string
	cfg      Config
	rate     float64 // bits per second
	rtt      time.Duration
	queue    time.Duration
	loss     float64
	from, to time.Duration   // of the measurement
	starts   []time.Duration // of the flows

	least   float64       // Mbit/s on the wire
	longest time.Duration // queue that 95 of 100 packets meet; zero: any
	jain    float64
}

// TestFigures: time is virtual, so that the numbers are the same in each run; -v prints them. They are simulations, not
// measurements.
func TestFigures(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const big = 4 << 20
	ledbat := Config{SendBuffer: big, ReceiveBuffer: big}
	tolerant, plus, cubic := ledbat, ledbat, ledbat
	tolerant.LossTolerant = true
	plus.Congestion, cubic.Congestion = LEDBATPlusPlus, Cubic
	one := []time.Duration{0}
	two := []time.Duration{0, 30 * time.Second}
	eight := []time.Duration{0, 30e9, 60e9, 90e9, 120e9, 150e9, 180e9, 210e9}
	for _, f := range []figure{
		{"LEDBAT, long path", ledbat, 100e6, 50 * ms, 100 * ms, 0, 4e9, 20e9, one, 90, 100 * ms, 0},
		{"LEDBAT, long path, 1 % lost", ledbat, 100e6, 50 * ms, 100 * ms, 0.01, 4e9, 20e9, one, 6, 100 * ms, 0},
		{"LEDBAT, long path, 1 % lost, tolerant", tolerant, 100e6, 50 * ms, 100 * ms, 0.01, 4e9, 20e9, one, 40, 100 * ms, 0},
		{"LEDBAT, long queue", ledbat, 20e6, 20 * ms, 200 * ms, 0, 4e9, 40e9, one, 18.5, 100 * ms, 0},
		{"LEDBAT, short queue", ledbat, 20e6, 20 * ms, 60 * ms, 0, 4e9, 40e9, one, 18.5, 50 * ms, 0},
		{"LEDBAT, two flows", ledbat, 20e6, 20 * ms, 200 * ms, 0, 60e9, 120e9, two, 19, 110 * ms, 0.95},
		{"LEDBAT, eight flows", ledbat, 20e6, 20 * ms, 200 * ms, 0, 240e9, 300e9, eight, 19, 110 * ms, 0.95},
		{"LEDBAT++, long path", plus, 100e6, 50 * ms, 100 * ms, 0, 4e9, 20e9, one, 90, 60 * ms, 0},
		{"LEDBAT++, long queue", plus, 20e6, 20 * ms, 200 * ms, 0, 4e9, 40e9, one, 18.5, 61 * ms, 0},
		{"LEDBAT++, short queue", plus, 20e6, 20 * ms, 60 * ms, 0, 4e9, 40e9, one, 18.5, 50 * ms, 0},
		{"LEDBAT++, two flows", plus, 20e6, 20 * ms, 200 * ms, 0, 60e9, 120e9, two, 19, 70 * ms, 0.85},
		{"LEDBAT++, eight flows", plus, 20e6, 20 * ms, 200 * ms, 0, 240e9, 300e9, eight, 19, 70 * ms, 0.95},
		{"CUBIC, long path", cubic, 100e6, 50 * ms, 100 * ms, 0, 4e9, 20e9, one, 90, 0, 0},
		{"CUBIC, long path, 1 % lost", cubic, 100e6, 50 * ms, 100 * ms, 0.01, 4e9, 20e9, one, 2.5, 0, 0},
		{"CUBIC, long queue", cubic, 20e6, 20 * ms, 200 * ms, 0, 4e9, 40e9, one, 19, 0, 0},
	} {
		t.Run(f.name, func(t *testing.T) { f.run(t) })
	}
}

func (f *figure) run(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: f.rtt / 2, rate: f.rate, queue: f.queue, loss: f.loss}
	back := &path{delay: f.rtt / 2, rate: f.rate, queue: f.queue, loss: f.loss}
	var receivers []*end
	for _, at := range f.starts {
		s.run(at-s.elapsed(), nil)
		a, b := s.pair(f.cfg, there, back)
		a.endless, b.forgets = true, true
		receivers = append(receivers, b)
	}
	s.run(f.from-s.elapsed(), nil)
	there.measure()
	before := received(receivers)
	s.run(f.to-s.elapsed(), nil)
	jain, _ := shares(receivers, before)
	wire := float64(there.bytes) * 8 / (f.to - f.from).Seconds() / 1e6
	queue := there.queueing(.95)
	st := s.ends[0].conn.Stats()
	t.Logf("%.1f Mbit/s, queue p50 %v, p95 %v, Jain %.3f; %d of %d packets dropped",
		wire, there.queueing(.5).Round(ms), queue.Round(ms), jain, there.dropped, there.carried)
	t.Logf("the first flow: %d timeouts, %d cuts, %d resent, %d of them in vain",
		st.Timeouts, st.Cuts, st.Resent, st.Spurious)
	if wire < f.least || f.longest > 0 && queue > f.longest || jain < f.jain {
		t.Errorf("want %v Mbit/s, a queue of %v, Jain %v", f.least, f.longest, f.jain)
	}
	if st.Timeouts*10_000 > st.Sent {
		t.Errorf("%d timeouts for %d packets", st.Timeouts, st.Sent)
	}
}

// TestYield: a flow of CUBIC, as bursty as TCP, gets the link from one of LEDBAT, also where the queue is shorter than
// LEDBAT's target; and LEDBAT takes it back.
func TestYield(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, queue := range []time.Duration{200 * time.Millisecond, 60 * time.Millisecond} {
		s := newSim(t, 1)
		there := &path{delay: 10 * time.Millisecond, rate: 20e6, queue: queue}
		back := &path{delay: 10 * time.Millisecond, rate: 20e6, queue: queue}
		const big = 4 << 20
		a, b := s.pair(Config{SendBuffer: big, ReceiveBuffer: big}, there, back)
		a.endless, b.forgets = true, true
		s.run(20*time.Second, nil)
		bursty := Config{Congestion: Cubic, NoPacing: true, SendBuffer: big, ReceiveBuffer: big}
		other, sink := s.pair(bursty, there, back)
		other.endless, sink.forgets = true, true
		s.run(12*time.Second, nil)
		rate := func(d time.Duration) (ledbat, cubic float64) {
			x, y := b.received, sink.received
			s.run(d, nil)
			return float64(b.received-x) * 8e-6 / d.Seconds(), float64(sink.received-y) * 8e-6 / d.Seconds()
		}
		ledbat, cubic := rate(12 * time.Second)
		other.endless, other.toWrite = false, nil
		other.conn.Abort(s.now)
		other.pump()
		s.run(2*time.Second, nil)
		alone, _ := rate(time.Second)
		t.Logf("queue of %v: CUBIC %.2f, LEDBAT %.2f Mbit/s of payload; LEDBAT in the third second after it %.2f",
			queue, cubic, ledbat, alone)
		if cubic < 18.5 || alone < 16.5 {
			t.Errorf("queue of %v: CUBIC gets %.2f Mbit/s; LEDBAT is back at %.2f", queue, cubic, alone)
		}
	}
}

// TestLateTimers: where timers are late, as on a busy machine, the pacer keeps packets back and the window is never
// full. It is used all the same, and does not shrink for that.
func TestLateTimers(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: 25 * ms, rate: 100e6, queue: 100 * ms}
	const big = 4 << 20
	a, b := s.pair(Config{SendBuffer: big, ReceiveBuffer: big}, there, &path{delay: 25 * ms})
	a.endless, b.forgets, a.lateness = true, true, 20*ms
	s.run(4*time.Second, nil)
	there.measure()
	s.run(8*time.Second, nil)
	if rate := float64(there.bytes) * 8e-6 / 8; rate < 80 {
		t.Errorf("%.1f Mbit/s of 100, window %d", rate, a.conn.Stats().Window)
	}
}
