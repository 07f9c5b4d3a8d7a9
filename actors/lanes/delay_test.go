package lanes

import (
	"sync"
	"testing"
	"time"
)

// TestDelay: a disk that does not answer is told after some seconds, and when that has lasted twice as long; and when
// it answers again.
func TestDelay(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		hung := newGate()
		r.give("a", hung.work(func() {}))
		for range perDisk + 2 {
			time.Sleep(100 * time.Millisecond)
			r.give("b", hung.work(func() {}))
		}
		time.Sleep(10 * time.Minute)
		told := r.told()
		if len(told) < 6 || len(told) > 8 {
			t.Fatalf("told %d times: %v", len(told), told)
		}
		for i, d := range told {
			if d.Lane != hung || d.Name != "gate" || d.Works != perDisk+3 || d.Over {
				t.Errorf("%+v", d)
			}
			if i == 0 && (d.Age < slowAfter || d.Age > slowAfter+tickInterval) || i > 0 && d.Age < 2*told[i-1].Age {
				t.Errorf("number %d at %v", i, d.Age)
			}
		}
		close(hung.open)
		told = r.told()
		if len(told) != 1 || !told[0].Over || told[0].Age < 10*time.Minute {
			t.Errorf("at the end: %+v", told)
		}
	})
}

// TestDelayIsOfTheDisk: a Work may compute, or wait for a processor, as long as it takes.
func TestDelayIsOfTheDisk(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for range 3 {
			r.give("a", &work{lane: "disk", run: func(cpu sync.Locker) {
				for range 3 {
					time.Sleep(slowAfter / 2)
					cpu.Lock()
					time.Sleep(time.Hour)
					cpu.Unlock()
				}
			}})
		}
		time.Sleep(24 * time.Hour)
		if told := r.told(); len(told) != 0 {
			t.Errorf("told: %+v", told)
		}
		if order := r.order(); len(order) != 3 {
			t.Errorf("ended: %v", order)
		}
	})
}

// TestSlowDisk: a disk that is slow all the time is told now and then, not with each Work.
func TestSlowDisk(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for range 100 * perDisk {
			r.give("a", &work{lane: "disk", run: func(sync.Locker) { time.Sleep(slowAfter + 2*tickInterval) }})
		}
		time.Sleep(20 * time.Minute)
		if told := r.told(); len(told) < 10 || len(told) > 30 {
			t.Errorf("told %d times in 12 minutes", len(told))
		}
	})
}

// TestDelayOfTheOldest: a disk that answers some and not others is not told to answer again.
func TestDelayOfTheOldest(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		never, soon := newGate(), newGate()
		r.give("a", &work{lane: "disk", run: func(sync.Locker) { <-never.open }})
		r.give("b", &work{lane: "disk", run: func(sync.Locker) { <-soon.open }})
		time.Sleep(slowAfter + tickInterval)
		if told := r.told(); len(told) != 1 {
			t.Fatalf("told: %+v", told)
		}
		close(soon.open)
		if told := r.told(); len(told) != 0 {
			t.Errorf("told: %+v", told)
		}
		close(never.open)
		if told := r.told(); len(told) != 1 || !told[0].Over {
			t.Errorf("told: %+v", told)
		}
	})
}

// TestEachDiskIsToldAnew: that a disk was told lately, or answers late all the time, says nothing of the next one, in
// the same memory.
func TestEachDiskIsToldAnew(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for i := range 3 {
			hung := newGate()
			r.give("a", hung.work(func() {}))
			time.Sleep(slowAfter + tickInterval)
			if told := r.told(); len(told) != 1 || told[0].Lane != hung || told[0].Over {
				t.Errorf("disk %d: told: %+v", i, told)
			}
			close(hung.open)
			if told := r.told(); len(told) != 1 || !told[0].Over {
				t.Errorf("disk %d: told at its end: %+v", i, told)
			}
		}
	})
}
