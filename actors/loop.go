package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// loopQuantum is how many messages an actor handles before the other actors of its Loop get their turn.
const loopQuantum = 32

// Loop is one goroutine that runs a session actor and all of its objects, an actor.Dispatcher. Create it with NewLoop
// and end it with Stop. All methods are safe for concurrent use.
type Loop struct {
	wake chan struct{} // capacity 1
	done chan struct{} // closed when the goroutine has ended

	mu       sync.Mutex
	queue    []func()
	spare    []func() // the other half of a double buffer
	stopping bool
	ended    bool // the goroutine takes nothing any more
	draining bool // a goroutine for stragglers runs; only after ended
}

var _ actor.Dispatcher = (*Loop)(nil)

// NewLoop starts a Loop.
func NewLoop() *Loop {
	l := &Loop{wake: make(chan struct{}, 1), done: make(chan struct{})}
	go l.run()
	return l
}

// Schedule queues fn. It never blocks and does not allocate once the queue has grown. After Stop stragglers, such as
// system messages to an actor that is gone, are still run, one after another, on a goroutine that ends with them.
func (l *Loop) Schedule(fn func()) {
	l.mu.Lock()
	l.queue = append(l.queue, fn)
	straggler := l.ended && !l.draining
	if straggler {
		l.draining = true
	}
	l.mu.Unlock()
	if straggler {
		go l.drain()
		return
	}
	l.signal()
}

// Throughput returns how many messages an actor handles in a row.
func (l *Loop) Throughput() int { return loopQuantum }

// Stop ends the goroutine after what is queued, and waits for it. It may be called twice. It must not be called by an
// actor that runs on the Loop; the parent of the session does it when it learns that the session has terminated.
func (l *Loop) Stop() {
	l.mu.Lock()
	l.stopping = true
	l.mu.Unlock()
	l.signal()
	<-l.done
}

func (l *Loop) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Loop) run() {
	defer close(l.done)
	for range l.wake {
		for l.round() {
		}
		// What is queued after the last round brings its own wake-up; what was queued before Stop is seen here.
		l.mu.Lock()
		l.ended = l.stopping && len(l.queue) == 0
		ended := l.ended
		l.mu.Unlock()
		if ended {
			return
		}
	}
}

func (l *Loop) drain() {
	for {
		for l.round() {
		}
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.draining = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}

// round runs what is queued now and reports whether there was anything.
func (l *Loop) round() bool {
	l.mu.Lock()
	batch := l.queue
	l.queue, l.spare = l.spare[:0], nil
	l.mu.Unlock()
	for i, fn := range batch {
		batch[i] = nil
		fn()
	}
	l.mu.Lock()
	l.spare = batch[:0]
	l.mu.Unlock()
	return len(batch) > 0
}
