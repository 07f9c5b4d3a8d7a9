package crew

import (
	"runtime"
	"testing"
	"unsafe"
)

// TestStackStays: a goroutine that has waited while garbage was collected has the stack still that the function before
// needed.
func TestStackStays(t *testing.T) {
	c := New()
	defer func() { c.Close(); c.Wait() }()
	moved := make(chan bool)
	fn := func() {
		var mark byte
		before := uintptr(unsafe.Pointer(&mark))
		deep(6)
		moved <- uintptr(unsafe.Pointer(&mark)) != before
	}
	c.Go(fn)
	<-moved // it has grown
	for range 3 {
		for c.resting() == 0 {
			runtime.Gosched()
		}
		for range 3 {
			runtime.GC()
		}
		c.Go(fn)
		if <-moved {
			t.Fatal("the stack was made smaller, and had to grow again")
		}
	}
}

// resting returns how many goroutines wait.
func (c *Crew) resting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.idle)
}

// deep uses n KiB of stack.
//
//go:noinline
func deep(n int) byte {
	var frame [1 << 10]byte
	if n > 1 {
		frame[n] = deep(n - 1)
	}
	return frame[n]
}
