package outbox

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/flute-node/flute-node/internal/panicked"
)

// Sink takes files.
type Sink interface {
	// Deliver hands a file over. Its error is tried again, unless it is a [RejectedError]. It may be called for a file
	// that the sink has already: then the key is the same. It must return soon after ctx has ended.
	Deliver(ctx context.Context, key string, f *File) error
	// Close is called once, when no Deliver runs any more, and none follows.
	Close()
}

// Terms say how files are delivered to a sink.
type Terms struct {
	Policy

	Timeout time.Duration // of a try
	Jobs    int           // tries at once
	// Content: the sink needs the file itself. One that is gone is rejected, another version is not taken for it.
	Content bool
}

// counts are what has happened at a sink since the process has begun.
type counts struct {
	Delivered  uint64 `json:"delivered"`
	Retried    uint64 `json:"retried"`
	Rejected   uint64 `json:"rejected"`
	Superseded uint64 `json:"superseded"`
	Refused    uint64 `json:"refused"`
	Duplicate  uint64 `json:"duplicate"`
	Evicted    uint64 `json:"evicted"`
}

// line is a sink with what waits for it. But for what does not change it is guarded by Outbox.mu.
type line struct {
	name  string
	awake chan struct{} // has one when something has changed

	lane      lane
	dead      int
	counts    counts
	lastError string
	lastDone  time.Time

	run *run // nil: the sink is not configured
}

// run is what delivers to a sink, from Set to Stop. It does not change.
type run struct {
	sink   Sink
	terms  Terms
	ctx    context.Context // of tries
	cancel context.CancelFunc
	quit   chan struct{} // closed when no more tries begin
	ended  chan struct{} // closed when no more tries run
}

// wake has the dispatcher look again.
func (l *line) wake() {
	select {
	case l.awake <- struct{}{}:
	default:
	}
}

// Set has files delivered to a sink from now on. One of the same name must have been stopped.
func (o *Outbox) Set(name string, s Sink, t Terms) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.line(name)
	l.lane.policy, l.lane.jobs, l.lane.failures = t.Policy, t.Jobs, 0
	r := &run{sink: s, terms: t, quit: make(chan struct{}), ended: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	l.run = r
	go o.dispatch(l, r)
}

// Stop has no more files delivered to a sink. Tries under way have until ctx ends to come to their end. What waits goes
// on waiting.
func (o *Outbox) Stop(ctx context.Context, name string) {
	o.mu.Lock()
	l := o.line(name)
	r := l.run
	l.run = nil
	o.mu.Unlock()
	if r == nil {
		return
	}
	close(r.quit)
	stop := context.AfterFunc(ctx, r.cancel)
	<-r.ended
	stop()
	r.cancel()
	r.sink.Close()
}

// dispatch begins tries until quit is closed.
func (o *Outbox) dispatch(l *line, r *run) {
	var tries sync.WaitGroup
	defer func() {
		tries.Wait()
		close(r.ended)
	}()
	idle := time.NewTimer(time.Hour)
	defer idle.Stop()
	for {
		select {
		case <-r.quit:
			return
		default:
		}
		o.mu.Lock()
		id, ok, wait := l.lane.take(time.Now())
		o.mu.Unlock()
		if ok {
			tries.Go(func() { o.try(l, r, id) })
			continue
		}
		if wait == 0 {
			wait = time.Hour
		}
		if o.saveAgain() {
			wait = min(wait, saveAgain)
		}
		idle.Reset(wait)
		select {
		case <-l.awake:
		case <-idle.C:
		case <-r.quit:
			return
		}
	}
}

// try delivers an item once.
func (o *Outbox) try(l *line, r *run, id uint64) {
	it, err := o.read(id)
	if err != nil {
		o.mu.Lock()
		now := time.Now()
		l.lane.ended(Stopped, 0, now, 0)
		if !errors.Is(err, errNoItem) { // else it was discarded
			l.lastError = err.Error()
			l.lane.add(&Item{ID: id, Next: now.Add(saveAgain), Added: now})
		}
		o.mu.Unlock()
		l.wake()
		return
	}
	began := time.Now()
	err = r.deliver(it)
	now := time.Now()
	outcome := it.settle(err, r.ctx.Err() != nil, now, r.terms.Policy, rand.Float64())
	if outcome != Stopped {
		o.save(unsaved{it, outcome})
	}
	o.mu.Lock()
	l.lane.ended(heard(outcome, err), restOf(err), now, rand.Float64())
	l.settled(it, outcome, now)
	o.mu.Unlock()
	l.wake()
	if outcome != Stopped {
		o.cfg.Told(tried(it, outcome, now.Sub(began)))
	}
}

// deliver calls the sink. A panic is an error: others shall not suffer.
func (r *run) deliver(it *Item) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("the sink panicked: " + panicked.Of(v).Line())
		}
	}()
	if r.terms.Content {
		if err := it.File.check(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.terms.Timeout)
	defer cancel()
	return r.sink.Deliver(ctx, it.Key, &it.File)
}

// check reports whether the file is what was published.
func (f *File) check() error {
	info, err := os.Stat(f.Path())
	switch {
	case os.IsNotExist(err):
		return &RejectedError{fmt.Errorf("%w: %w", errGone, err)}
	case err != nil:
		return err
	case !f.Is(info):
		return ErrSuperseded
	}
	return nil
}

// read returns an item. The error is errNoItem, or says why it cannot be read.
func (o *Outbox) read(id uint64) (it *Item, err error) {
	o.mu.Lock()
	u, ok := o.unsaved[id]
	o.mu.Unlock()
	if ok {
		again := *u.item
		return &again, nil
	}
	err = o.disk.view(func(tx *bolt.Tx) (err error) { it, err = get(tx, id); return err })
	return it, err
}

// settled notes what has come of a try. The caller holds mu.
func (l *line) settled(it *Item, outcome Outcome, now time.Time) {
	if it.Error != "" && outcome != Stopped {
		l.lastError = it.Error
	}
	switch outcome {
	case Delivered:
		l.counts.Delivered++
		l.lastDone, l.lastError = now, ""
	case Retried:
		l.counts.Retried++
		l.lane.add(it)
	case Rejected:
		l.counts.Rejected++
		l.dead++
	case Superseded:
		l.counts.Superseded++
	case Stopped:
		l.lane.add(it)
	}
}

// tried returns the event of a try.
func tried(it *Item, outcome Outcome, took time.Duration) Tried {
	e := Tried{
		Sink: it.Sink, Key: it.Key, Unit: it.File.Unit, ContentLocation: it.File.ContentLocation,
		Path: it.File.Path(), Outcome: outcome.String(), Try: it.Tries, Seconds: took.Seconds(), Next: it.Next,
	}
	if outcome == Delivered || outcome == Superseded {
		e.Try, e.Next = it.Tries+1, time.Time{}
	} else {
		e.Error = it.Error
	}
	return e
}
