package wheel_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/wheel"
)

var epoch = time.Unix(1000, 0)

// run advances w from deadline to deadline until end, and returns how often that was.
func run(w *wheel.Wheel, now *time.Time, end time.Time) (wakes int) {
	for {
		next := w.Next()
		if next.IsZero() || next.After(end) {
			*now = end
			w.Advance(end)
			return wakes
		}
		*now = next
		w.Advance(next)
		wakes++
	}
}

// TestEachIsCalledOnce: whatever timers are set, moved and stopped, each is called at its time, to a millisecond.
func TestEachIsCalledOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w, now := wheel.New(epoch), epoch
	const n = 500
	var timers [n]*wheel.Timer
	var due [n]time.Time // zero: not set
	called := 0
	for i := range timers {
		timers[i] = wheel.NewTimer(func() {
			called++
			if late := now.Sub(due[i]); due[i].IsZero() || late < 0 || late > time.Millisecond {
				t.Fatalf("timer %d is called at %v, and was set to %v", i, now.Sub(epoch), due[i].Sub(epoch))
			}
			due[i] = time.Time{}
			if random.IntN(4) == 0 {
				due[i] = now.Add(time.Duration(random.IntN(3e9)) + 1)
				w.Set(timers[i], due[i])
			}
		})
	}
	for range 20000 {
		i := random.IntN(n)
		switch random.IntN(5) {
		case 0:
			due[i] = time.Time{}
		case 1: // beyond the reach of the wheel
			due[i] = now.Add(time.Duration(random.IntN(200e9)) + 1)
		default:
			due[i] = now.Add(time.Duration(random.IntN(1e9)) + 1)
		}
		w.Set(timers[i], due[i])
		if random.IntN(3) == 0 {
			run(w, &now, now.Add(time.Duration(random.IntN(20e6))))
		}
	}
	run(w, &now, now.Add(10*time.Minute))
	for i := range due {
		if !due[i].IsZero() {
			t.Errorf("timer %d is not called", i)
		}
	}
	if called < n {
		t.Errorf("%d calls", called)
	}
	if next := w.Next(); !next.IsZero() {
		t.Errorf("the next is due at %v", next.Sub(epoch))
	}
}

// TestJump: one call after a long silence calls all that was due.
func TestJump(t *testing.T) {
	w, called := wheel.New(epoch), 0
	for i := range 100 {
		w.Set(wheel.NewTimer(func() { called++ }), epoch.Add(time.Duration(i*i)*37*time.Millisecond))
	}
	w.Advance(epoch.Add(time.Hour))
	if called != 100 {
		t.Errorf("%d of 100 were called", called)
	}
}

// TestIdle: timers far away wake nobody but to be put nearer: 10,000 connections that keep alive each 29 s.
func TestIdle(t *testing.T) {
	w, now := wheel.New(epoch), epoch
	const n, interval = 10000, 29 * time.Second
	calls := 0
	for i := range n {
		var timer *wheel.Timer
		timer = wheel.NewTimer(func() { calls++; w.Set(timer, now.Add(interval)) })
		w.Set(timer, now.Add(interval*time.Duration(i+1)/n))
	}
	wakes := run(w, &now, epoch.Add(10*interval))
	if want := 10*n - n/20; calls < want || calls > 10*n {
		t.Errorf("%d calls, want about %d", calls, 10*n)
	}
	if wakes > calls+5*290 {
		t.Errorf("%d wakes for %d calls", wakes, calls)
	}
}

// TestPutOff: a timer that each packet puts off costs no allocation, and is called once.
func TestPutOff(t *testing.T) {
	w, now, calls := wheel.New(epoch), epoch, 0
	timer := wheel.NewTimer(func() { calls++ })
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(100 * time.Microsecond)
		w.Advance(now)
		w.Set(timer, now.Add(200*time.Millisecond))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if calls != 0 {
		t.Errorf("%d calls of a timer that was put off", calls)
	}
	run(w, &now, now.Add(time.Second))
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

func BenchmarkSet(b *testing.B) {
	w, now := wheel.New(epoch), epoch
	timers := make([]*wheel.Timer, 10000)
	for i := range timers {
		timers[i] = wheel.NewTimer(func() {})
		w.Set(timers[i], now.Add(29*time.Second))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = now.Add(time.Microsecond)
		w.Advance(now)
		w.Set(timers[i%len(timers)], now.Add(200*time.Millisecond))
	}
}
