package core

import (
	"fmt"
	"testing"
	"time"
)

// figure is what one flow, or several, do on a simulated link.
type figure struct {
	name     string
	cfg      Config
	rate     float64
	rtt      time.Duration
	queue    time.Duration
	loss     float64
	from, to time.Duration
	starts   []time.Duration // of the flows
}

// TestFigures: virtual time, so that the numbers are the same in each run. They are simulations: `go test -v` prints them.
func TestFigures(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	big := 4 << 20
	one := []time.Duration{0}
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
		cfg := Config{Congestion: control, SendBuffer: big, ReceiveBuffer: big}
		tolerant := cfg
		tolerant.LossTolerant = true
		for _, f := range []figure{
			{name: "100 Mbit/s 50 ms", cfg: cfg, rate: 100e6, rtt: 50 * time.Millisecond, queue: 100 * time.Millisecond, from: 4 * time.Second, to: 20 * time.Second, starts: one},
			{name: "100 Mbit/s 50 ms 1%", cfg: cfg, rate: 100e6, rtt: 50 * time.Millisecond, queue: 100 * time.Millisecond, loss: 0.01, from: 4 * time.Second, to: 20 * time.Second, starts: one},
			{name: "100 Mbit/s 50 ms 1% tolerant", cfg: tolerant, rate: 100e6, rtt: 50 * time.Millisecond, queue: 100 * time.Millisecond, loss: 0.01, from: 4 * time.Second, to: 20 * time.Second, starts: one},
			{name: "20 Mbit/s 20 ms, queue 200 ms", cfg: cfg, rate: 20e6, rtt: 20 * time.Millisecond, queue: 200 * time.Millisecond, from: 4 * time.Second, to: 40 * time.Second, starts: one},
			{name: "20 Mbit/s 20 ms, queue 60 ms", cfg: cfg, rate: 20e6, rtt: 20 * time.Millisecond, queue: 60 * time.Millisecond, from: 4 * time.Second, to: 40 * time.Second, starts: one},
			{name: "2 flows, one 30 s late", cfg: cfg, rate: 20e6, rtt: 20 * time.Millisecond, queue: 200 * time.Millisecond, from: 60 * time.Second, to: 120 * time.Second, starts: []time.Duration{0, 30 * time.Second}},
			{name: "8 flows, each 30 s later", cfg: cfg, rate: 20e6, rtt: 20 * time.Millisecond, queue: 200 * time.Millisecond, from: 240 * time.Second, to: 300 * time.Second, starts: []time.Duration{0, 30e9, 60e9, 90e9, 120e9, 150e9, 180e9, 210e9}},
		} {
			t.Run(fmt.Sprintf("%d/%s", control, f.name), func(t *testing.T) { f.run(t) })
		}
	}
}

func (f *figure) run(t *testing.T) {
	s := newSim(t, 1)
	there := &path{delay: f.rtt / 2, rate: f.rate, queue: f.queue, loss: f.loss}
	back := &path{delay: f.rtt / 2, rate: f.rate, queue: f.queue, loss: f.loss}
	var receivers, senders []*end
	for _, at := range f.starts {
		s.run(at-s.elapsed(), nil)
		a, b := s.pair(f.cfg, there, back)
		a.endless, b.forgets = true, true
		senders, receivers = append(senders, a), append(receivers, b)
	}
	s.run(f.from-s.elapsed(), nil)
	there.measure()
	before := make([]int, len(receivers))
	for i, r := range receivers {
		before[i] = r.received
	}
	s.run(f.to-s.elapsed(), nil)
	took := (f.to - f.from).Seconds()
	rate := func(n int) float64 { return float64(n) * 8 / took / 1e6 }
	sum, squares := 0.0, 0.0
	for i, r := range receivers {
		x := rate(r.received - before[i])
		sum += x
		squares += x * x
	}
	jain := sum * sum / squares / float64(len(receivers))
	st := senders[0].conn.Stats()
	t.Logf("wire %.1f, payload %.2f Mbit/s, queue p50 %v p95 %v, dropped %d, Jain %.3f; RTOs %d, cuts %d, undone %d, lost %d, resent %d, spurious %d, target %v, packet %d",
		rate(there.bytes), sum, there.queueing(.5).Round(time.Millisecond), there.queueing(.95).Round(time.Millisecond), there.dropped, jain,
		st.Timeouts, st.Cuts, st.Undone, st.Lost, st.Resent, st.Spurious, st.Target, st.Packet)
}
