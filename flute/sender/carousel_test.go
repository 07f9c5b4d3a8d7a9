package sender

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// TestCarousel sends objects with transfers of any length, and compares when these begin with what was asked for.
func TestCarousel(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := carousel{left: 1 + rng.IntN(8), burst: 1 + rng.IntN(3)}
		want := r.left
		if rng.IntN(2) == 0 {
			r.interval = time.Second
		} else {
			r.delay = time.Duration(rng.IntN(3)) * time.Second
		}
		if rng.IntN(3) == 0 {
			r.until, r.left, want = start.Add(time.Duration(1+rng.IntN(5000))*time.Millisecond), -1, -1
		}
		now, turn, ended := start, time.Time{}, start
		sent, more := 0, true
		for ; more; sent++ {
			if r.over(now) {
				t.Fatalf("seed %d: transfer %d begins at %v, until %v", seed, sent, now.Sub(start), r.until.Sub(start))
			}
			r.begin(now)
			switch first := sent%r.burst == 0; {
			case sent == 0:
			case !first && !now.Equal(ended):
				t.Fatalf("seed %d: transfer %d of a burst begins %v after the end of the one before",
					seed, sent, now.Sub(ended))
			case first && r.interval > 0 && !now.Equal(latest(turn.Add(r.interval), ended)):
				t.Fatalf("seed %d: turn of transfer %d begins %v after the one before", seed, sent, now.Sub(turn))
			case first && r.interval == 0 && !now.Equal(ended.Add(r.delay)):
				t.Fatalf("seed %d: turn of transfer %d begins %v after the end of the one before",
					seed, sent, now.Sub(ended))
			}
			if sent%r.burst == 0 {
				turn = now
			}
			ended = now.Add(time.Duration(1+rng.IntN(1500)) * time.Millisecond)
			last := r.last(ended)
			var late time.Duration
			now, late, more = r.end(ended)
			if last == more {
				t.Fatalf("seed %d: transfer %d is said to be the last: %v; more follow: %v", seed, sent, last, more)
			}
			overrun := more && r.interval > 0 && r.inTurn == 0 && ended.After(turn.Add(r.interval))
			if (late > 0) != overrun {
				t.Fatalf("seed %d: late by %v, overrun: %v", seed, late, overrun)
			}
		}
		if want > 0 && sent != want {
			t.Fatalf("seed %d: %d transfers, want %d", seed, sent, want)
		}
		if r.sent != sent {
			t.Fatalf("seed %d: %d transfers are counted, %d were made", seed, r.sent, sent)
		}
	}
}

// A trigger brings the next turn forward, adds one after the last, and is over then.
func TestCarouselTrigger(t *testing.T) {
	second := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
	r := carousel{left: 2, burst: 1, delay: time.Hour}
	r.begin(start)
	r.trigger(second(5))
	if at, _, ok := r.end(second(1)); !ok || !at.Equal(second(5)) {
		t.Errorf("the next turn begins after %v", at.Sub(start))
	}
	if !r.last(second(6)) {
		t.Error("the trigger counts again")
	}
	r.trigger(second(0))
	if r.last(second(6)) {
		t.Error("a trigger adds no turn after the last")
	}
	if at, _, ok := r.end(second(6)); !ok || !at.Equal(second(6)) {
		t.Errorf("%v, %v", at.Sub(start), ok)
	}
	if _, _, ok := r.end(second(7)); ok || r.sent != 3 {
		t.Errorf("%d transfers, and more follow: %v", r.sent, ok)
	}
	// One that comes later than the next turn waits for its time.
	r = carousel{left: -1, burst: 1, interval: time.Second}
	r.begin(start)
	r.trigger(second(10))
	if at, _, _ := r.end(start); !at.Equal(second(1)) {
		t.Errorf("the next turn begins after %v", at.Sub(start))
	}
	// A time after the end of the carousel triggers nothing.
	r = carousel{left: -1, burst: 1, until: second(3)}
	r.trigger(second(10))
	r.delay = time.Hour
	if _, _, ok := r.end(second(1)); ok {
		t.Error("a turn begins after the end")
	}
}

func TestCarouselErrors(t *testing.T) {
	for field, f := range map[string]carouselFields{
		"Delay":    {delay: -1},
		"Interval": {interval: 1, delay: 1},
		"Burst":    {burst: 3, count: 2},
		"Until":    {start: start, until: start},
	} {
		if got, err := f.check(); got != field || !errors.Is(err, errCarousel) {
			t.Errorf("%+v: %s, %v", f, got, err)
		}
	}
	fine := carouselFields{interval: 1, burst: 2, count: -1, start: start, until: start.Add(1)}
	if field, err := fine.check(); err != nil {
		t.Errorf("%s: %v", field, err)
	}
}

// TestNextTurn: when the next transfer begins, at each of the bounds: burst, interval, delay, end, and a trigger.
func TestNextTurn(t *testing.T) {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	const never = -1
	for name, c := range map[string]struct {
		r    carousel
		end  int // of the transfer, in seconds
		next int // likewise; never: there is none
		late int
	}{
		"the last":               {carousel{left: 1, burst: 1}, 5, never, 0},
		"one more":               {carousel{left: 2, burst: 1}, 5, 5, 0},
		"for ever":               {carousel{left: -1, burst: 1}, 5, 5, 0},
		"after a delay":          {carousel{left: 2, burst: 1, delay: 3 * time.Second}, 5, 8, 0},
		"after an interval":      {carousel{left: 2, burst: 1, interval: 9 * time.Second, due: at(0)}, 5, 9, 0},
		"interval, to the end":   {carousel{left: 2, burst: 1, interval: 5 * time.Second, due: at(0)}, 5, 5, 0},
		"interval was too short": {carousel{left: 2, burst: 1, interval: 4 * time.Second, due: at(0)}, 5, 5, 1},
		"within a burst":         {carousel{left: 9, burst: 3, inTurn: 1, delay: 3 * time.Second}, 5, 5, 0},
		"after a burst":          {carousel{left: 9, burst: 3, inTurn: 2, delay: 3 * time.Second}, 5, 8, 0},
		"before the end":         {carousel{left: 9, burst: 1, delay: 3 * time.Second, until: at(9)}, 5, 8, 0},
		"at the end":             {carousel{left: 9, burst: 1, delay: 3 * time.Second, until: at(8)}, 5, never, 0},
		"triggered, the last":    {carousel{left: 1, burst: 1, triggered: at(7)}, 5, 7, 0},
		"triggered before":       {carousel{left: 1, burst: 1, triggered: at(2)}, 5, 5, 0},
		"triggered sooner":       {carousel{left: 2, burst: 1, delay: 3 * time.Second, triggered: at(7)}, 5, 7, 0},
		"triggered later":        {carousel{left: 2, burst: 1, delay: 3 * time.Second, triggered: at(9)}, 5, 8, 0},
		"triggered, and late": {
			carousel{left: 2, burst: 1, interval: 4 * time.Second, due: at(0), triggered: at(4)}, 5, 5, 0,
		},
	} {
		got, late, ok := c.r.next(at(c.end))
		if ok != (c.next != never) || ok && (!got.Equal(at(c.next)) || late != time.Duration(c.late)*time.Second) {
			t.Errorf("%s: at %v, late by %v, %v; want %+v", name, got.Sub(start), late, ok, c)
		}
		if c.r.last(at(c.end)) != !ok {
			t.Errorf("%s: the last one: %v", name, ok)
		}
	}
	r := carousel{until: at(5)}
	if r.over(at(5).Add(-1)) || !r.over(at(5)) || (&carousel{}).over(at(5)) {
		t.Error("the time of the object is over too early, or never")
	}
}
