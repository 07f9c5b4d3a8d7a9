package alarm

import (
	"math"
	"sync"
	"time"
)

// Clock drives any number of timers with one goroutine and one descriptor, which it has from the first Reset on. Its
// methods are safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	queue  queue
	began  time.Time // times of the queue are counted from here
	system system    // nil: there is none yet, or none that is better than package time
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
func NewClock() *Clock { return &Clock{began: time.Now()} }

// Close ends the goroutine and waits for it. Timers do not fire any more. It may be called again.
func (c *Clock) Close() error {
	c.mu.Lock()
	s := c.system
	c.system, c.closed = nil, true
	c.queue = queue{}
	c.mu.Unlock()
	defer c.ended.Wait()
	if s == nil {
		return nil
	}
	return s.Close()
}

// Timer calls a function each time that it fires.
type Timer struct {
	clock  *Clock
	fire   func()
	handle *handle     // of its entries in the queue; nil: there are none that count
	runs   bool        // the entry with handle.use waits
	plain  *time.Timer // in use where the Clock has no system
}

// NewTimer returns a timer that does not run yet. fire is called on the goroutine of the Clock and must not block.
func (c *Clock) NewTimer(fire func()) *Timer { return &Timer{clock: c, fire: fire} }

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
	c.void(t)
	if t.handle == nil {
		t.handle = &handle{timer: t}
	}
	t.handle.use++
	t.runs = true
	now := time.Since(c.began)
	if c.queue.push(entry{now + min(d, math.MaxInt64-now), t.handle, t.handle.use}) { // d may be the longest one
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
	if t.handle != nil {
		t.handle.timer = nil
	}
	c.void(t)
	t.handle = nil
}

// void has the entry of t in the queue mean nothing. c.mu is held.
func (c *Clock) void(t *Timer) {
	if t.runs {
		t.runs = false
		t.handle.use++
		c.queue.void()
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
	_ = c.system.arm(max(c.queue.list[0].at-time.Since(c.began), 1))
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
	for now := time.Since(c.began); len(c.queue.list) > 0; {
		first := c.queue.list[0]
		if first.isVoid() {
			c.queue.pop()
			c.queue.voided--
			continue
		}
		if first.at > now {
			c.arm()
			break
		}
		c.queue.pop()
		t := first.handle.timer
		t.runs = false
		list = append(list, t.fire)
	}
	return list
}
