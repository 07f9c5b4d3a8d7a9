package core

import (
	"slices"
	"testing"
	"time"
)

// TestDelayHistory: samples of a delay, and the queueing delay that they make, in milliseconds.
func TestDelayHistory(t *testing.T) {
	type step struct {
		after  time.Duration
		sample uint32 // milliseconds
		want   int
	}
	for _, tt := range []struct {
		name   string
		offset uint32 // of the two clocks, in microseconds
		steps  []step
	}{
		{"the first is the base", 0, []step{{0, 500, 0}}},
		{"less is the base", 0, []step{{0, 500, 0}, {0, 480, 0}, {0, 490, 0}, {0, 490, 0}, {0, 490, 0}, {0, 490, 10}}},
		{"one late sample is no queue", 0, []step{{0, 10, 0}, {0, 200, 0}, {0, 10, 0}, {0, 10, 0}}},
		{"four are", 0, []step{{0, 10, 0}, {0, 70, 0}, {0, 80, 0}, {0, 90, 0}, {0, 75, 60}}},
		{"across zero", 1<<32 - 15_000, []step{{0, 10, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 20}}},
		{"across half", 1<<31 - 15_000, []step{{0, 10, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 20}}},
		{"the base is remembered for nine minutes", 0, []step{
			{0, 10, 0}, {9*time.Minute + 59*time.Second, 30, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 20},
		}},
		{"and forgotten after ten", 0, []step{{0, 10, 0}, {10 * time.Minute, 30, 0}, {0, 30, 0}, {0, 30, 0}, {0, 30, 0}, {0, 50, 0}}},
		{"each minute counts", 0, []step{
			{0, 30, 0},
			{5 * time.Minute, 10, 0},
			{6 * time.Minute, 40, 0},
			{0, 40, 0},
			{0, 40, 0},
			{0, 40, 30},
			{5 * time.Minute, 45, 0},
			{0, 45, 0},
			{0, 45, 0},
			{0, 45, 5},
		}},
		{"a pause of hours", 0, []step{{0, 10, 0}, {1000 * time.Hour, 90, 0}, {0, 90, 0}, {0, 90, 0}, {0, 90, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h delayHistory
			now := instant(0)
			for i, s := range tt.steps {
				now += s.after
				h.add(tt.offset+1000*s.sample, now)
				if got := h.queueing(); got != time.Duration(s.want)*time.Millisecond {
					t.Errorf("step %d: queueing delay %v, want %d ms", i, got, s.want)
				}
			}
		})
	}
}

// TestShiftedOver: a base that was moved above samples that are still among the latest leaves no queue.
func TestShiftedOver(t *testing.T) {
	var h delayHistory
	for _, sample := range []uint32{10_000, 10_000, 10_000, 30_000} {
		h.add(sample, 0)
	}
	h.shift(15_000)
	if got := h.queueing(); got != 0 {
		t.Errorf("queueing delay %v beside samples below the base", got)
	}
	for range currentFilter {
		h.add(30_000, 0)
	}
	if got := h.queueing(); got != 5*time.Millisecond {
		t.Errorf("queueing delay %v, want 5 ms", got)
	}
}

// TestShift: the peer's clock goes slower, so that its packets seem to come faster and ours to arrive later. That is no
// queue. A great step is a new path.
func TestShift(t *testing.T) {
	for _, tt := range []struct {
		fell uint32 // microseconds for each packet
		want time.Duration
	}{{100, 0}, {maxShift, 0}, {maxShift + 1, 16 * (maxShift + 1) * time.Microsecond}} {
		var d delays
		at := uint32(1 << 20)
		var got instant
		for i := range uint32(20) {
			d.arrived(at-100_000+i*tt.fell, at, 0)
			got, _ = d.sample(50_000+i*tt.fell, 0, 0)
		}
		if got != tt.want {
			t.Errorf("%d µs a packet: queueing delay %v, want %v", tt.fell, got, tt.want)
		}
	}
}

// TestNoSample: values that mean none.
func TestNoSample(t *testing.T) {
	var d delays
	for _, v := range []uint32{0, noDelay, noDelayYet} {
		if _, ok := d.sample(v, 0, 0); ok {
			t.Errorf("%#x is a sample", v)
		}
	}
	if _, ok := d.sample(1, 0, 0); !ok {
		t.Error("1 is none")
	}
	d.arrived(77, 77, 0)
	if d.reply != 1 {
		t.Errorf("a delay of nothing is reported as %d, which says that there is none", d.reply)
	}
}

// TestLeastClamp: a queue lasts no longer than the whole round trip.
func TestLeastClamp(t *testing.T) {
	var d delays
	d.sample(1000, 0, 0)
	var got instant
	for range 8 {
		if got, _ = d.sample(900_000, 30*time.Millisecond, 0); got > 30*time.Millisecond {
			t.Errorf("%v", got)
		}
	}
	if got != 30*time.Millisecond {
		t.Errorf("%v", got)
	}
	for range 8 {
		got, _ = d.sample(880_000, 30*time.Millisecond, 0)
	}
	if got != 10*time.Millisecond {
		t.Errorf("%v", got)
	}
}

// TestDriftPenalty: a peer that slows its clock down, to seem near, has a delay added beyond 200 ms in 5 s.
func TestDriftPenalty(t *testing.T) {
	for _, tt := range []struct {
		drift int64
		want  time.Duration
	}{
		{0, 0}, {-driftAllowed, 0}, {-driftAllowed - 70_000, 10 * time.Millisecond}, {driftAllowed * 2, 0},
	} {
		d := delays{drift: tt.drift}
		if got, _ := d.sample(5000, 0, 0); got != tt.want {
			t.Errorf("drift %d: %v, want %v", tt.drift, got, tt.want)
		}
	}
	var d delays
	for i := range 4 {
		for range 10 {
			d.measureDrift(time.Duration(100-10*i)*time.Millisecond, time.Duration(i)*(driftPeriod+1))
		}
		d.measureDrift(time.Duration(100-10*i)*time.Millisecond, time.Duration(i+1)*(driftPeriod+1)-1)
	}
	if d.drift >= 0 || d.drift < -10_000 {
		t.Errorf("drift %d µs where the mean falls by 10 ms each time", d.drift)
	}
}

// TestRTT: samples in milliseconds, and what follows (RFC 6298, BEP 29).
func TestRTT(t *testing.T) {
	for _, tt := range []struct {
		name                string
		samples             []int
		backoff             int
		smoothed, variation time.Duration
		timeout             time.Duration
	}{
		{"none", nil, 0, 0, 0, time.Second},
		{"none, after two timeouts", nil, 2, 0, 0, 4 * time.Second},
		{"first", []int{100}, 0, 100 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond},
		{"second", []int{100, 180}, 0, 110 * time.Millisecond, 57500 * time.Microsecond, 340 * time.Millisecond},
		{"shorter", []int{180, 100}, 0, 170 * ms, 87500 * time.Microsecond, 520 * ms},
		{"short path", []int{1, 1, 1, 1, 1, 1, 1, 1}, 0, time.Millisecond, 66741 * time.Nanosecond, 200 * time.Millisecond},
		{"long path without variation", []int{400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400}, 0, 400 * time.Millisecond, 8447018 * time.Nanosecond, 440 * time.Millisecond},
		{"doubles", []int{100}, 3, 100 * time.Millisecond, 50 * time.Millisecond, 2400 * time.Millisecond},
		{"and ends", []int{100}, 60, 100 * time.Millisecond, 50 * time.Millisecond, 6 * time.Second},
		{"satellite", []int{9000}, 0, 9 * time.Second, 4500 * time.Millisecond, 6 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rtt{initial: time.Second, min: 200 * time.Millisecond, max: 6 * time.Second, backoff: tt.backoff}
			for _, s := range tt.samples {
				r.sample(time.Duration(s) * time.Millisecond)
			}
			off := (r.variation - tt.variation).Abs()
			if len(tt.samples) > 0 && r.least != time.Duration(slices.Min(tt.samples))*ms {
				t.Errorf("least %v", r.least)
			}
			if r.smoothed != tt.smoothed || off > time.Microsecond || r.timeout() != tt.timeout {
				t.Errorf("smoothed %v, variation %v, timeout %v", r.smoothed, r.variation, r.timeout())
			}
		})
	}
}

// TestClock: time does not run backwards, whatever the caller's clock does.
func TestClock(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newClock(start)
	if got := c.tick(start.Add(time.Second)); got != time.Second {
		t.Errorf("%v", got)
	}
	before := c.wire()
	if got := c.tick(start.Add(-time.Hour)); got != time.Second || c.wire() != before {
		t.Errorf("%v after a step back", got)
	}
	if !c.at(never).IsZero() || !c.at(2*time.Second).Equal(start.Add(2*time.Second)) {
		t.Errorf("%v, %v", c.at(never), c.at(2*time.Second))
	}
}
