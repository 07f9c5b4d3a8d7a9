package lanes

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/reuse"
)

// perDisk is how many Works run at a time for one disk, unless that says otherwise: file systems write out what several
// files wait for with one commit, and a server far away has several requests under way.
const perDisk = 32

// atOnce returns how many Works run at a time for a disk. One that has many of them wait for one sync, and few for
// anything else, has a method AtOnce.
func atOnce(key any) int {
	if d, ok := key.(interface{ AtOnce() int }); ok {
		return max(1, d.AtOnce())
	}
	return perDisk
}

// Config configures Lanes.
type Config struct {
	Processors int         // how many Works compute at a time, at least 1
	OnDelay    func(Delay) // told of disks that do not answer; must not block; nil: nobody is told
	// OnCrash is told of each Work that has panicked, and whose it was; it must not block. Nil: nobody is told.
	OnCrash func(session string, c *actors.Crash)
	// OnDecode is told how long a Work computed that decodes, one whose method Decodes returns true; it must not block.
	// Nil: that is not measured.
	OnDecode func(time.Duration)
}

// Lanes runs Works. Its methods are safe for concurrent use.
type Lanes struct {
	onDelay   func(Delay)
	onCrash   func(string, *actors.Crash)
	onDecode  func(time.Duration)
	abandoned atomic.Bool // Stop has not waited any longer: nobody wants the results

	mu         sync.Mutex
	processors processors
	disks      map[any]*disk // those with something to do
	idleDisks  reuse.List[disk]
	idleVisits reuse.List[visit]
	live       int           // goroutines
	idle       chan struct{} // closed when live is zero; nil before Stop
	clock      *time.Timer   // looks for disks that do not answer
	ticking    bool
	delays     []Delay // to be told by unlock
}

// New returns Lanes without goroutines.
func New(cfg Config) *Lanes {
	l := &Lanes{onDelay: cfg.OnDelay, onCrash: cfg.OnCrash, onDecode: cfg.OnDecode, disks: map[any]*disk{}}
	l.processors.free = max(1, cfg.Processors)
	l.clock = time.AfterFunc(time.Hour, l.tick)
	l.clock.Stop()
	return l
}

// Run has the Work run in its lane. It does so once, however often it is asked to: a session that has crashed meanwhile
// cannot know.
func (l *Lanes) Run(e *Entry) {
	key := e.work.Lane()
	if key != nil && !isComparable(key) {
		key = reflect.TypeOf(key)
	}
	l.mu.Lock()
	defer l.unlock()
	switch {
	case e.queued.Swap(true):
	case key == nil:
		l.processors.waiting.push(e.session, claim{entry: e})
		l.assign()
	default:
		l.queue(key, e)
	}
}

// isComparable reports whether key may be that of a map. Most are pointers.
func isComparable(key any) bool {
	return reflect.TypeOf(key).Kind() == reflect.Pointer || reflect.ValueOf(key).Comparable()
}

// Stop waits until all Works have run, or until ctx ends. Then the error names the disks that do not answer; the Works
// that wait for them are cancelled, and end when they answer. Nobody may call Run afterwards who wants a result.
func (l *Lanes) Stop(ctx context.Context) error {
	l.mu.Lock()
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	l.settle()
	idle := l.idle
	l.unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-idle: // both at once
		return nil
	default:
	}
	l.abandoned.Store(true)
	l.mu.Lock()
	defer l.unlock()
	for _, d := range l.disks {
		return fmt.Errorf("lanes: %s does not answer: %w", d.name(), ctx.Err())
	}
	return fmt.Errorf("lanes: still computing: %w", ctx.Err())
}

// run runs a Work whose turn it is.
func (l *Lanes) run(e *Entry, cpu sync.Locker) {
	if l.abandoned.Load() {
		e.Cancel()
	}
	if d, ok := e.work.(interface{ Decodes() bool }); !ok || l.onDecode == nil || !d.Decodes() {
		e.run(cpu, l.onCrash)
		return
	}
	w := &watch{Locker: cpu, began: time.Now()}
	if cpu != nil {
		cpu = w
	}
	if e.run(cpu, l.onCrash) && !e.cancelled.Load() {
		l.onDecode(w.total(cpu == nil))
	}
}

// watch measures how long a Work computes.
type watch struct {
	sync.Locker // of a Work that also waits for a disk; else nil

	began time.Time
	sum   time.Duration // that it held Locker
}

func (w *watch) Lock() {
	w.Locker.Lock()
	w.began = time.Now()
}

func (w *watch) Unlock() {
	w.sum += time.Since(w.began)
	w.Locker.Unlock()
}

// total returns how long the Work computed; all of the time if it does nothing else.
func (w *watch) total(all bool) time.Duration {
	if all {
		return time.Since(w.began)
	}
	return w.sum
}

// end counts a goroutine that is about to end. l.mu is held.
func (l *Lanes) end() {
	l.live--
	l.settle()
}

// settle tells Stop that nothing is left. l.mu is held.
func (l *Lanes) settle() {
	if l.live > 0 || l.idle == nil {
		return
	}
	select {
	case <-l.idle:
	default:
		close(l.idle)
	}
}

// unlock unlocks l.mu, and tells what there is to tell.
func (l *Lanes) unlock() {
	delays := l.delays
	l.delays = nil
	l.mu.Unlock()
	if l.onDelay == nil {
		return
	}
	for _, d := range delays {
		l.onDelay(d)
	}
}
