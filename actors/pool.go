package actors

import "sync"

// Pool is a bounded set of workers for jobs too long for a Loop, such as the solving of a large source block. All methods
// are safe for concurrent use.
type Pool struct {
	mu      sync.RWMutex // held for reading by Submit; for writing to stop
	stopped bool
	jobs    chan job
	workers sync.WaitGroup
}

type job struct {
	run   func()
	crash func(*Crash)
}

// NewPool starts workers goroutines (at least 1) behind a queue of the given length (at least 0).
func NewPool(workers, queue int) *Pool {
	p := &Pool{jobs: make(chan job, max(queue, 0))}
	for range max(workers, 1) {
		p.workers.Go(p.work)
	}
	return p
}

// Submit queues run, and reports whether it did: false means that the queue is full or the Pool stopped, and that run will
// not be called. It never blocks. When run panics, crash gets the panic on the same worker; crash may be nil.
func (p *Pool) Submit(run func(), crash func(*Crash)) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.stopped {
		return false
	}
	select {
	case p.jobs <- job{run, crash}:
		return true
	default:
		return false
	}
}

// Stop refuses further jobs, runs those that are queued, and waits for the workers to end. It may be called twice. It must
// not be called from a job.
func (p *Pool) Stop() {
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		close(p.jobs)
	}
	p.mu.Unlock()
	p.workers.Wait()
}

func (p *Pool) work() {
	for j := range p.jobs {
		j.do()
	}
}

func (j job) do() {
	defer func() {
		if v := recover(); v != nil && j.crash != nil {
			c := newCrash(v)
			// A worker outlives its jobs, also one that fails to report.
			defer func() { _ = recover() }()
			j.crash(c)
		}
	}()
	j.run()
}
