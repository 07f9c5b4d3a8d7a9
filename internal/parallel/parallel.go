package parallel

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/internal/panicked"
)

// Workers is a number of processors that all callers of Do share. It is safe for concurrent use.
type Workers struct{ free chan struct{} }

// New returns Workers that keep up to n processors busy, the callers' included; at least 1.
func New(n int) *Workers {
	w := &Workers{make(chan struct{}, max(n, 1)-1)}
	for range cap(w.free) {
		w.free <- struct{}{}
	}
	return w
}

// Do calls f(0) to f(n-1) and returns when all calls have returned. The caller does its share; others help as long as
// processors are free, so that many calls at once are no more than each caller for itself. When calls panic, the others
// are finished or left out, and Do panics with one of these panics, a [panicked.Passed]: its stack is that of the call.
func (w *Workers) Do(n int, f func(i int)) {
	var next atomic.Int64
	var failed atomic.Pointer[panicked.Passed]
	work := func() {
		defer func() {
			if v := recover(); v != nil {
				failed.CompareAndSwap(nil, panicked.Of(v))
			}
		}()
		for failed.Load() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(i)
		}
	}
	var helpers sync.WaitGroup
	for range min(n-1, cap(w.free)) {
		if !w.take() {
			break
		}
		helpers.Go(func() {
			defer func() { w.free <- struct{}{} }()
			work()
		})
	}
	work()
	helpers.Wait()
	if p := failed.Load(); p != nil {
		panic(p)
	}
}

func (w *Workers) take() bool {
	select {
	case <-w.free:
		return true
	default:
		return false
	}
}
