package actors

import (
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/internal/crew"
)

// loopQuantum is how many messages an actor handles before the other actors of its Loop get their turn.
const loopQuantum = 32

// Loop runs a session actor and all of its objects one after the other, an actor.Dispatcher. It takes a goroutine of a
// crew while there is something to run. Create it with NewLoop and end it with Stop. All methods are safe for
// concurrent use.
type Loop struct {
	crew *crew.Crew
	own  bool   // nobody shares the crew
	turn func() // l.run, bound once so that scheduling does not allocate

	mu      sync.Mutex
	queue   []func()
	spare   []func() // the other half of a double buffer
	running bool
	idle    chan struct{} // closed when nothing runs; nil: nobody waits for that
}

var _ actor.Dispatcher = (*Loop)(nil)

// NewLoop returns a Loop over the goroutines of c, which others may share; nil: it has one of its own.
func NewLoop(c *crew.Crew) *Loop {
	l := &Loop{crew: c, own: c == nil}
	if l.own {
		l.crew = crew.New()
	}
	l.turn = l.run
	return l
}

// Schedule queues fn. It never blocks and does not allocate once the queue has grown. After Stop stragglers, such as
// system messages to an actor that is gone, are still run, one after another.
func (l *Loop) Schedule(fn func()) {
	l.mu.Lock()
	l.queue = append(l.queue, fn)
	starts := !l.running
	l.running = true
	l.mu.Unlock()
	if starts {
		l.crew.Go(l.turn)
	}
}

// Throughput returns how many messages an actor handles in a row.
func (l *Loop) Throughput() int { return loopQuantum }

// Stop waits until all that is queued has run, and gives up the goroutine. It may be called twice. It must not be
// called by an actor that runs on the Loop; the parent of the session does it when it learns that the session has
// terminated.
func (l *Loop) Stop() {
	l.mu.Lock()
	var idle chan struct{}
	if l.running {
		if l.idle == nil {
			l.idle = make(chan struct{})
		}
		idle = l.idle
	}
	l.mu.Unlock()
	if idle != nil {
		<-idle
	}
	if l.own {
		l.crew.Close()
		l.crew.Wait()
	}
}

// run runs what is queued until nothing is.
func (l *Loop) run() {
	var batch []func()
	ended := true // the goroutine, by what ran on it (runtime.Goexit)
	defer func() {
		if ended {
			l.goOn(batch)
		}
	}()
	l.mu.Lock()
	for len(l.queue) > 0 {
		batch = l.queue
		l.queue, l.spare = l.spare[:0], nil
		l.mu.Unlock()
		for i, fn := range batch {
			batch[i] = nil
			fn()
		}
		l.mu.Lock()
		l.spare = batch[:0]
	}
	l.running = false
	if l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
	ended = false
	l.mu.Unlock()
}

// goOn runs what is left of a batch, and what is queued, on another goroutine.
func (l *Loop) goOn(batch []func()) {
	left := slices.DeleteFunc(batch, func(fn func()) bool { return fn == nil })
	l.mu.Lock()
	l.queue = append(left, l.queue...)
	l.mu.Unlock()
	l.crew.Go(l.turn)
}
