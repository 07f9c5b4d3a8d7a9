package locks

import (
	"sync"
	"testing"
	"time"
)

// TestLocks: a name is held by one at a time, keeps nobody from another one, and is forgotten with its last user.
func TestLocks(t *testing.T) {
	const waiting = 10
	var l Locks
	unlock := l.Lock("a")
	l.Lock("b")()
	var all sync.WaitGroup
	held, entered := true, 0
	for range waiting {
		all.Go(func() {
			defer l.Lock("a")()
			if held {
				t.Error("two hold it")
			}
			held = true
			entered++
			time.Sleep(time.Millisecond)
			held = false
		})
	}
	for begin := time.Now(); l.Users("a") < 1+waiting; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("%d users", l.Users("a"))
		}
	}
	if l.Users("b") != 0 {
		t.Errorf("%d users of the other one", l.Users("b"))
	}
	held = false
	unlock()
	all.Wait()
	if entered != waiting || len(l.held) != 0 {
		t.Errorf("%d have entered, %d are held", entered, len(l.held))
	}
}
