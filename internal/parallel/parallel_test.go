package parallel_test

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/internal/panicked"
	"github.com/flute-node/flute-node/internal/parallel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDo(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 5} {
		w := parallel.New(workers)
		for _, n := range []int{0, 1, 2, 3, 100} {
			calls := make([]atomic.Int32, n)
			w.Do(n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if c := calls[i].Load(); c != 1 {
					t.Errorf("%d workers: f(%d) of %d called %d times", workers, i, n, c)
				}
			}
		}
	}
}

// No more than the workers are busy, whoever calls, and all of them when there is work.
func TestBusy(t *testing.T) {
	for _, callers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(callers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := parallel.New(4)
				var busy, most atomic.Int32
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						w.Do(20, func(int) {
							n := busy.Add(1)
							for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
							}
							time.Sleep(time.Second)
							busy.Add(-1)
						})
					})
				}
				all.Wait()
				// Every caller works himself; three helpers are shared by all.
				if got, want := int(most.Load()), callers+3; got != want {
					t.Errorf("%d calls of f at once, want %d", got, want)
				}
			})
		})
	}
}

// three panics at 3.
func three(i int) {
	if i == 3 {
		panic("three")
	}
}

// TestPanic: the panic of a helper is that of the caller, with the helper's stack, and the Workers go on.
func TestPanic(t *testing.T) {
	w := parallel.New(3)
	for range 100 {
		func() {
			defer func() {
				p, ok := recover().(*panicked.Passed)
				if !ok || p.Value != "three" || !bytes.Contains(p.Stack, []byte("parallel_test.three")) {
					t.Errorf("recovered %v", p)
				}
			}()
			w.Do(10, three)
		}()
	}
	n := atomic.Int32{}
	w.Do(7, func(int) { n.Add(1) })
	if n.Load() != 7 {
		t.Errorf("%d calls after a panic", n.Load())
	}
}
