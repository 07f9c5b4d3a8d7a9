package lanes

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// work is a Work made of functions.
type work struct {
	lane      any
	run       func(cpu sync.Locker)
	failed    error
	cancelled int
}

func (w *work) Lane() any { return w.lane }
func (w *work) Run(cpu sync.Locker) {
	if w.run != nil {
		w.run(cpu)
	}
}
func (w *work) Fail(err error) { w.failed = err }
func (w *work) Cancel()        { w.cancelled++ }

// rig runs Works and keeps the order in which they ended.
type rig struct {
	*Lanes
	mu     sync.Mutex
	ended  []string
	delays []Delay
}

// inBubble runs fn with lanes of so many processors, which fn must leave with nothing to do.
func inBubble(t *testing.T, processors int, fn func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		r.Lanes = New(Config{Processors: processors, OnDelay: func(d Delay) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.delays = append(r.delays, d)
		}})
		fn(t, r)
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if r.live != 0 || len(r.disks) != 0 || r.processors.waiting.n != 0 || r.processors.free != processors {
			t.Errorf("left: %d goroutines, %d disks, %d claims; %d processors are free",
				r.live, len(r.disks), r.processors.waiting.n, r.processors.free)
		}
	})
}

// give has w run for the named session.
func (r *rig) give(session string, w *work) *Entry {
	e := NewEntry(w, session, func(*Entry) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, session)
	})
	r.Run(e)
	return e
}

// order returns the sessions whose Works have ended since the last call.
func (r *rig) order() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.ended
	r.ended = nil
	return o
}

// told returns the Delays since the last call.
func (r *rig) told() []Delay {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.delays
	r.delays = nil
	return d
}

// gate is a disk that answers when it is opened.
type gate struct{ open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{})} }

func (g *gate) String() string { return "gate" }

// work returns a Work that waits for the gate, then computes, and waits again.
func (g *gate) work(compute func()) *work {
	return &work{lane: g, run: func(cpu sync.Locker) {
		<-g.open
		cpu.Lock()
		compute()
		cpu.Unlock()
		<-g.open
	}}
}
