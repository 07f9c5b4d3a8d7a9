package alarm

import (
	"container/heap"
	"sync"
	"time"
)

// Clock drives any number of timers with one goroutine and one descriptor, which it has from the first Reset on. Its
// methods are safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	timers timers
	system system // nil: there is none yet, or none that is better than package time
	tried  bool
	closed bool
	ended  sync.WaitGroup
}

// system wakes a Clock.
type system interface {
	arm(d time.Duration) error
	wait() error // until the time is over, or until it is closed, which is an error
	Close() error
}

// NewClock returns a Clock.
func NewClock() *Clock { return &Clock{} }

// Close ends the goroutine and waits for it. Timers do not fire any more. It may be called again.
func (c *Clock) Close() error {
	c.mu.Lock()
	s := c.system
	c.system, c.closed = nil, true
	for _, t := range c.timers {
		t.place = -1
	}
	c.timers = nil
	c.mu.Unlock()
	defer c.ended.Wait()
	if s == nil {
		return nil
	}
	return s.Close()
}

// Timer calls a function each time that it fires.
type Timer struct {
	clock *Clock
	fire  func()
	at    time.Time
	place int         // in the heap; -1: not in it
	plain *time.Timer // in use where the Clock has no system
}

// NewTimer returns a timer that does not run yet. fire is called on the goroutine of the Clock and must not block.
func (c *Clock) NewTimer(fire func()) *Timer { return &Timer{clock: c, fire: fire, place: -1} }

// Late returns by how much timers are late on a system that has none that are exact; else 0.
func (c *Clock) Late() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.start(); c.system == nil {
		return plainLate
	}
	return 0
}

// plainLate is by how much timers of package time are late in an idle program.
const plainLate = 2 * time.Millisecond

// Reset has the timer fire once, after d, and not before.
func (t *Timer) Reset(d time.Duration) {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.start(); c.system == nil {
		if t.plain == nil {
			t.plain = time.AfterFunc(d, t.fire)
		} else {
			t.plain.Reset(d)
		}
		return
	}
	if t.at = time.Now().Add(d); t.place < 0 {
		heap.Push(&c.timers, t)
	} else {
		heap.Fix(&c.timers, t.place)
	}
	if t.place == 0 {
		c.arm()
	}
}

// Stop has the timer not fire, unless it is firing.
func (t *Timer) Stop() {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.plain != nil {
		t.plain.Stop()
	}
	if t.place >= 0 {
		heap.Remove(&c.timers, t.place)
	}
}

// start begins to use the system's timer, if it has one.
func (c *Clock) start() {
	if c.tried || c.closed {
		return
	}
	c.tried = true
	s, err := newSystem()
	if err != nil {
		return
	}
	c.system = s
	c.ended.Add(1)
	go c.run(s)
}

// arm sets the system's timer to the first of the timers.
func (c *Clock) arm() {
	// The error says that it is closed; nothing else may fail.
	_ = c.system.arm(max(time.Until(c.timers[0].at), 1))
}

func (c *Clock) run(s system) {
	defer c.ended.Done()
	var due []func()
	for s.wait() == nil {
		for _, fire := range c.due(due[:0]) {
			fire()
		}
	}
}

// due appends what is to be called now, and sets the system's timer to the next time.
func (c *Clock) due(list []func()) []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.system == nil {
		return list
	}
	for now := time.Now(); len(c.timers) > 0 && !c.timers[0].at.After(now); {
		t := heap.Pop(&c.timers).(*Timer)
		list = append(list, t.fire)
	}
	if len(c.timers) > 0 {
		c.arm()
	}
	return list
}

// timers is a heap by the time at which they fire.
type timers []*Timer

func (h timers) Len() int           { return len(h) }
func (h timers) Less(i, k int) bool { return h[i].at.Before(h[k].at) }
func (h timers) Swap(i, k int)      { h[i], h[k] = h[k], h[i]; h[i].place, h[k].place = i, k }

// Push implements heap.Interface.
func (h *timers) Push(t any) {
	t.(*Timer).place = len(*h)
	*h = append(*h, t.(*Timer))
}

// Pop implements heap.Interface.
func (h *timers) Pop() any {
	n := len(*h) - 1
	t := (*h)[n]
	(*h)[n], *h = nil, (*h)[:n]
	t.place = -1
	return t
}
