package crew

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	// maxIdle is how many goroutines wait for something to run. A wake-up of many sessions has some twenty run at once;
	// each has a stack of up to 16 KiB.
	maxIdle = 64
	// trimEach is how often those goroutines end that nobody has needed since the time before.
	trimEach = 10 * time.Second
	// frameBytes is what the stack of a goroutine holds while it waits. The collector of garbage halves a stack of
	// which less than a quarter is in use, and a session needs up to 8 KiB of it: without this, each turn that follows
	// has it grow again, which copies it.
	frameBytes = 4 << 10
)

// Crew is goroutines that run functions. Its methods are safe for concurrent use.
type Crew struct {
	mu     sync.Mutex
	idle   []*member // the one that was in use last comes last: it is the next
	least  int       // of idle since the latest trim
	timer  *time.Timer
	armed  bool // timer brings a trim
	closed bool
	live   sync.WaitGroup
}

// member is one goroutine.
type member struct {
	next chan func() // capacity 1; closed when it is to end
}

// New returns a Crew without goroutines.
func New() *Crew { return &Crew{} }

// Go runs fn on some goroutine. After Close that is a new one, for which Wait does not wait.
func (c *Crew) Go(fn func()) {
	c.mu.Lock()
	n := len(c.idle)
	switch {
	case c.closed:
		c.mu.Unlock()
		go fn()
		return
	case n == 0:
		c.live.Add(1)
		c.mu.Unlock()
		go c.run(&member{next: make(chan func(), 1)}, fn)
		return
	}
	m := c.idle[n-1]
	c.idle[n-1] = nil
	c.idle = c.idle[:n-1]
	c.least = min(c.least, n-1)
	c.mu.Unlock()
	m.next <- fn
}

// run is the goroutine of m.
func (c *Crew) run(m *member, fn func()) {
	var frame [frameBytes]byte
	defer runtime.KeepAlive(&frame)
	defer c.live.Done() // also if fn ends the goroutine
	for {
		fn()
		if !c.rest(m) {
			return
		}
		var ok bool
		if fn, ok = <-m.next; !ok {
			return
		}
	}
}

// rest has m wait for the next function, and reports whether it is to.
func (c *Crew) rest(m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.idle) == maxIdle {
		return false
	}
	c.idle = append(c.idle, m)
	c.arm()
	return true
}

// arm has idle goroutines counted from now on. c.mu is held.
func (c *Crew) arm() {
	switch {
	case c.armed:
		return
	case c.timer == nil:
		c.timer = time.AfterFunc(trimEach, c.trim)
	default:
		c.timer.Reset(trimEach)
	}
	c.armed, c.least = true, len(c.idle)
}

// trim ends the goroutines that were not needed since the latest trim.
func (c *Crew) trim() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	if c.closed {
		return
	}
	for _, m := range c.idle[:c.least] {
		close(m.next)
	}
	if c.idle = slices.Delete(c.idle, 0, c.least); len(c.idle) > 0 {
		c.arm()
	}
}

// Close ends the goroutines that run nothing, and each other one as soon as it runs nothing. It may be called again.
func (c *Crew) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.timer != nil {
		c.timer.Stop()
	}
	for _, m := range c.idle {
		close(m.next)
	}
	c.idle = nil
}

// Wait waits until all goroutines have ended, after Close.
func (c *Crew) Wait() { c.live.Wait() }
