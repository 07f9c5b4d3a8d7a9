package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// standstills are moments in which nothing moves, as on a busy machine: what would arrive does so at their end. A nil
// one has none.
type standstills struct {
	dice     *rand.Rand
	every    time.Duration // mean time between two of them
	longest  time.Duration
	from, to time.Time // of the next one, or of the one that goes on
}

func (s *sim) standstills(every, longest time.Duration) *standstills {
	dice := rand.New(rand.NewPCG(s.dice.Uint64(), 3))
	return &standstills{dice: dice, every: every, longest: longest, from: s.start, to: s.start}
}

// end returns when what would happen at a time does.
func (x *standstills) end(at time.Time) time.Time {
	if x == nil {
		return at
	}
	for !x.to.After(at) {
		x.from = x.to.Add(time.Duration(x.dice.ExpFloat64() * float64(x.every)))
		part := x.dice.Float64()
		x.to = x.from.Add(time.Duration(part * part * float64(x.longest)))
	}
	if at.Before(x.from) {
		return at
	}
	return x.to
}

// still has the path, and both ends of a connection, stand still now and then, each for itself.
func still(s *sim, every, longest time.Duration, there, back *path, ends ...*end) {
	there.stills = s.standstills(every, longest)
	back.stills = there.stills
	for _, e := range ends {
		e.stills = s.standstills(every, longest)
	}
}

// TestYieldOnBusyMachine: a moment in which nothing moves is no longer queue than the one that has overflown. When it
// was taken for one, LEDBAT aimed at 100 ms again in a buffer of 60 ms, and kept half of the link beside TCP, whose
// losses it did not have.
func TestYieldOnBusyMachine(t *testing.T) {
	const big = 4 << 20
	for _, tt := range []struct {
		every, longest, rtt time.Duration
		seeds               []uint64
	}{
		{500 * ms, 20 * ms, 50 * ms, []uint64{1, 2, 7, 9}},
		{300 * ms, 60 * ms, 50 * ms, []uint64{1, 2, 3, 4}},
		{300 * ms, 60 * ms, 20 * ms, []uint64{1, 2, 3, 4}},
		{time.Second, 100 * ms, 50 * ms, []uint64{1, 2, 3, 4}},
	} {
		for i, seed := range tt.seeds {
			if testing.Short() && i > 0 {
				continue
			}
			t.Run(fmt.Sprintf("%v %v %v %d", tt.every, tt.longest, tt.rtt, seed), func(t *testing.T) {
				s := newSim(t, seed)
				there, back := &path{delay: tt.rtt / 2, rate: 20e6, queue: 60 * ms}, &path{delay: tt.rtt / 2}
				a, b := s.pair(Config{SendBuffer: big, ReceiveBuffer: big}, there, back)
				still(s, tt.every, tt.longest, there, back, a, b)
				a.endless, b.forgets = true, true
				s.run(5*time.Second, nil)
				bursty := Config{Congestion: Cubic, NoPacing: true, SendBuffer: big, ReceiveBuffer: big}
				other, sink := s.pair(bursty, there, back)
				other.endless, sink.forgets = true, true
				s.run(5*time.Second, nil)
				before := sink.received
				s.run(18*time.Second, nil)
				st := a.conn.Stats()
				rate := float64(sink.received-before) * 8e-6 / 18
				t.Logf("CUBIC has %.2f Mbit/s of payload; target %v, %d cuts, %d timeouts",
					rate, st.Target, st.Cuts, st.Timeouts)
				if rate < 16 || st.Target > 50*ms {
					t.Errorf("CUBIC has %.2f Mbit/s of 20, target %v", rate, st.Target)
				}
			})
		}
	}
}

// TestRateOnBusyMachine: a moment in which nothing moves neither ends slow start nor shrinks the window.
func TestRateOnBusyMachine(t *testing.T) {
	const big = 4 << 20
	for _, tt := range []struct {
		every, longest time.Duration
		seeds          []uint64
	}{
		{300 * ms, 60 * ms, []uint64{1, 2, 3, 4}},
		{time.Second, 100 * ms, []uint64{1, 2, 3, 4}},
	} {
		for i, seed := range tt.seeds {
			if testing.Short() && i > 0 {
				continue
			}
			t.Run(fmt.Sprintf("%v %v %d", tt.every, tt.longest, seed), func(t *testing.T) {
				s := newSim(t, seed)
				there, back := &path{delay: 25 * ms, rate: 100e6, queue: 100 * ms}, &path{delay: 25 * ms}
				a, b := s.pair(Config{SendBuffer: big, ReceiveBuffer: big}, there, back)
				still(s, tt.every, tt.longest, there, back, a, b)
				a.endless, b.forgets = true, true
				s.run(4*time.Second, nil)
				there.measure()
				s.run(12*time.Second, nil)
				if rate := float64(there.bytes) * 8e-6 / 12; rate < 90 {
					t.Errorf("%.1f Mbit/s of 100, window %d", rate, a.conn.Stats().Window)
				}
			})
		}
	}
}
