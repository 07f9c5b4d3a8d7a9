package wheel

import (
	"math/bits"
	"time"
)

const (
	tick     = time.Millisecond
	slots    = 256
	slotBits = 8
	levels   = 2 // the second one reaches 65 s; timers that are further away are put there again
)

// Timer is one timer of a Wheel. It must not be copied.
type Timer struct {
	fire       func()
	due        int64 // tick
	armed      bool
	next, prev *Timer // in its slot
	slot       *slot
}

// NewTimer returns a timer that is not set. fire is called by Advance; it may set any timer.
func NewTimer(fire func()) *Timer { return &Timer{fire: fire} }

// slot is a ring of timers around a head.
type slot struct {
	head Timer
	ring *level
	no   int
}

// level is one hand of the wheel.
type level struct {
	slots [slots]slot
	used  [slots / 64]uint64 // a bit for each slot that has timers
}

// Wheel holds timers.
type Wheel struct {
	epoch  time.Time
	now    int64 // tick up to which all timers were called
	levels [levels]level
}

// New returns an empty wheel.
func New(now time.Time) *Wheel {
	w := &Wheel{epoch: now}
	for i := range w.levels {
		l := &w.levels[i]
		for j := range l.slots {
			s := &l.slots[j]
			s.ring, s.no = l, j
			s.head.next, s.head.prev = &s.head, &s.head
		}
	}
	return w
}

// Set has t called at that time, instead of the time that it was set to before. A zero time stops it.
func (w *Wheel) Set(t *Timer, at time.Time) {
	if at.IsZero() {
		t.armed = false
		t.unlink()
		return
	}
	due := max(w.now+1, int64((at.Sub(w.epoch)+tick-1)/tick))
	later := t.armed && due >= t.due
	t.due, t.armed = due, true
	// One that is put off stays where it is, and is put to its place when that comes: packets put timers off all the
	// time.
	if !later || t.slot == nil {
		w.insert(t)
	}
}

// insert puts t into the slot of its time.
func (w *Wheel) insert(t *Timer) {
	t.unlink()
	var s *slot
	if t.due-w.now < slots {
		s = &w.levels[0].slots[t.due&(slots-1)]
	} else {
		hand := min(t.due>>slotBits, w.now>>slotBits+slots-1)
		s = &w.levels[1].slots[hand&(slots-1)]
	}
	t.slot, t.prev, t.next = s, s.head.prev, &s.head
	t.prev.next, s.head.prev = t, t
	s.ring.used[s.no/64] |= 1 << (s.no % 64)
}

// unlink takes t out of its slot.
func (t *Timer) unlink() {
	s := t.slot
	if s == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.next, t.prev, t.slot = nil, nil, nil
	if s.head.next == &s.head {
		s.ring.used[s.no/64] &^= 1 << (s.no % 64)
	}
}

// Advance calls all timers that are due at now.
func (w *Wheel) Advance(now time.Time) {
	target := int64(now.Sub(w.epoch) / tick)
	for w.now < target {
		next, ok := w.nextTick()
		if !ok || next > target {
			w.now = target
			return
		}
		w.now = next
		if next&(slots-1) == 0 {
			w.empty(&w.levels[1].slots[next>>slotBits&(slots-1)])
		}
		w.empty(&w.levels[0].slots[next&(slots-1)])
	}
}

// empty calls the timers of a slot that are due, and puts the others to their places.
func (w *Wheel) empty(s *slot) {
	// What is put into this slot meanwhile is due in another turn.
	for last := s.head.prev; last != &s.head; {
		t := s.head.next
		done := t == last
		if t.due > w.now {
			w.insert(t)
		} else {
			t.unlink()
			t.armed = false
			t.fire()
		}
		if done || s.head.next == &s.head {
			return
		}
	}
}

// nextTick returns the next tick at which there is a slot to empty.
func (w *Wheel) nextTick() (int64, bool) {
	var next int64
	found := false
	if d := w.levels[0].distance(int(w.now & (slots - 1))); d > 0 {
		next, found = w.now+int64(d), true
	}
	hand := w.now >> slotBits
	if d := w.levels[1].distance(int(hand & (slots - 1))); d > 0 {
		if at := (hand + int64(d)) << slotBits; !found || at < next {
			next, found = at, true
		}
	}
	return next, found
}

// distance returns how many slots after from the next used one is; from itself comes last, after all others. Zero:
// there is none.
func (l *level) distance(from int) int {
	for d := 1; d <= slots; {
		no := (from + d) % slots
		if word := l.used[no/64] >> (no % 64); word != 0 {
			return min(d+bits.TrailingZeros64(word), slots)
		}
		d += 64 - no%64
	}
	return 0
}

// Next returns when Advance is to be called: not after the first timer is due; zero: no timer is set.
func (w *Wheel) Next() time.Time {
	next, ok := w.nextTick()
	if !ok {
		return time.Time{}
	}
	return w.epoch.Add(time.Duration(next) * tick)
}
