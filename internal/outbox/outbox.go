package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	// maxWrites bounds the writes that wait for the disk, writesAtOnce those of one transaction.
	maxWrites, writesAtOnce = 256, 128
	// writePatience is how long a write is waited for. It goes on, but nobody is held up by it any longer.
	writePatience = 5 * time.Second
)

// Config configures an Outbox. All fields are required.
type Config struct {
	Path  string
	Items int          // files on their way to sinks at most, with dead letters
	Bytes int64        // of their records at most
	Told  func(Event)  // is called with each event, by several goroutines
	Warn  func(string) // is called with what an operator should mend
}

// Outbox holds files until sinks have them. It is safe for concurrent use.
type Outbox struct {
	cfg       Config
	disk      *disk
	writes    chan write
	writing   sync.WaitGroup
	searching sync.WaitGroup
	leaving   context.Context // ends with Close
	leave     context.CancelFunc

	mu      sync.Mutex
	lines   map[string]*line   // by sink, also those that are not configured any more
	unsaved map[uint64]unsaved // outcomes that are not written yet
	saving  bool               // they are written again
	saved   time.Time          // when that began the last time
	use     usage
	closed  bool
}

// write is a change of the file.
type write struct {
	do   func(tx *bolt.Tx) error
	then func(err error) // nil: nobody wants to know
	done chan struct{}   // closed when then was called
}

// Open opens an outbox, and looks for files that were published without entering it. Nothing is delivered before Set.
func Open(cfg Config) (*Outbox, error) {
	o := &Outbox{cfg: cfg, writes: make(chan write, maxWrites), unsaved: map[uint64]unsaved{}}
	o.leaving, o.leave = context.WithCancel(context.Background())
	var intents []*intent
	d, err := open(cfg.Path, cfg.Items, cfg.Bytes, func(tx *bolt.Tx) (err error) {
		o.lines = map[string]*line{} // what was read of a damaged file is not there any more
		intents, err = o.index(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.disk, o.use = d, d.use
	if d.brokenAt != "" {
		cfg.Warn(fmt.Sprintf("the outbox was damaged (%v): it is %s now, and what waited in it is not delivered",
			d.brokenBy, d.brokenAt))
	}
	o.writing.Go(o.writer)
	o.searching.Go(func() { o.search(intents) })
	return o, nil
}

// index puts what waits into its lines. It returns the intents.
func (o *Outbox) index(tx *bolt.Tx) (intents []*intent, err error) {
	err = tx.Bucket(bucketItems).ForEach(func(_, v []byte) error {
		it := new(Item)
		if err := json.Unmarshal(v, it); err != nil {
			o.cfg.Warn("an item of the outbox cannot be read: " + err.Error())
			return nil
		}
		l := o.line(it.Sink)
		if it.Dead.IsZero() {
			l.lane.add(it)
		} else {
			l.dead++
		}
		return nil
	})
	return intents, errors.Join(err, tx.Bucket(bucketIntents).ForEach(func(_, v []byte) error {
		in := new(intent)
		if json.Unmarshal(v, in) == nil {
			intents = append(intents, in)
		}
		return nil
	}))
}

// The errors of a write that was not begun.
var (
	errClosed = errors.New("the outbox is closed")
	errHangs  = errors.New("the disk of the outbox does not answer")
	errLeft   = errors.New("the disk of the outbox or a sink does not answer: it is left as it is")
)

// write changes the file, and waits for that, for writePatience at most. then, which may be nil, is called once, when
// it is done or has failed: perhaps later than write returns, and perhaps by another goroutine.
func (o *Outbox) write(do func(tx *bolt.Tx) error, then func(err error)) {
	w := write{do, then, make(chan struct{})}
	var err error
	o.mu.Lock()
	if o.closed {
		err = errClosed
	} else {
		select {
		case o.writes <- w:
		default:
			err = errHangs
		}
	}
	o.mu.Unlock()
	if err != nil {
		if then != nil {
			then(err)
		}
		return
	}
	limit := time.NewTimer(writePatience)
	defer limit.Stop()
	select {
	case <-w.done:
	case <-limit.C: // it goes on
	}
}

// writer makes all changes of the file, those that wait together in one transaction.
func (o *Outbox) writer() {
	for first := range o.writes {
		batch := []write{first}
	more:
		for len(batch) < writesAtOnce {
			select {
			case w, ok := <-o.writes:
				if !ok {
					break more
				}
				batch = append(batch, w)
			default:
				break more
			}
		}
		o.transact(batch)
	}
}

func (o *Outbox) transact(batch []write) {
	before, errs := o.disk.use, make([]error, len(batch))
	err := o.disk.update(func(tx *bolt.Tx) error {
		for i, w := range batch {
			errs[i] = w.do(tx)
		}
		return errors.Join(errs...)
	})
	if err != nil && len(batch) > 1 { // one of them spoils it for all
		o.disk.use = before
		for i := range batch {
			o.transact(batch[i : i+1])
		}
		return
	}
	if err != nil {
		o.disk.use = before
	}
	o.mu.Lock()
	o.use = o.disk.use
	o.mu.Unlock()
	for _, w := range batch {
		if w.then != nil {
			w.then(err)
		}
		close(w.done)
	}
}

// took notes what has entered.
func (o *Outbox) took(f *File, e *entered) {
	o.mu.Lock()
	for _, it := range e.added {
		l := o.line(it.Sink)
		l.lane.add(it)
		l.wake()
	}
	for _, sink := range e.duplicates {
		o.line(sink).counts.Duplicate++
	}
	for _, it := range e.evicted {
		l := o.line(it.Sink)
		l.dead--
		l.counts.Evicted++
	}
	o.mu.Unlock()
	for _, it := range e.evicted {
		o.cfg.Told(Refused{
			Sinks: []string{it.Sink}, Unit: it.File.Unit, ContentLocation: it.File.ContentLocation,
			Path: it.File.Path(), Reason: "a dead letter gave way to a file", Evicted: true,
		})
	}
	if len(e.refused) > 0 {
		o.refuse(f, e.refused, errFull)
	}
}

// refuse tells that sinks do not get a file.
func (o *Outbox) refuse(f *File, sinks []string, why error) {
	o.mu.Lock()
	for _, sink := range sinks {
		o.line(sink).counts.Refused++
	}
	o.mu.Unlock()
	path := ""
	if f.Name != "" {
		path = f.Path()
	}
	o.cfg.Told(Refused{
		Sinks: sinks, Unit: f.Unit, ContentLocation: f.ContentLocation, Path: path, Reason: why.Error(),
	})
}

// line returns what is known of a sink. The caller holds mu, or nobody else has the Outbox.
func (o *Outbox) line(sink string) *line {
	l := o.lines[sink]
	if l == nil {
		l = &line{name: sink, awake: make(chan struct{}, 1)}
		o.lines[sink] = l
	}
	return l
}

// Close ends what runs, and closes the file. Tries under way have until ctx ends to come to their end; after that they
// are broken off, and begin again with the next process. A disk or a sink that hangs is waited for no longer than
// writePatience after that: what is not written then is done again.
func (o *Outbox) Close(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- o.close(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(writePatience)
	defer limit.Stop()
	select {
	case err := <-ended:
		return err
	case <-limit.C:
		return errLeft
	}
}

// close is Close for as long as it takes.
func (o *Outbox) close(ctx context.Context) error {
	o.mu.Lock()
	var names []string
	for name := range o.lines {
		names = append(names, name)
	}
	o.mu.Unlock()
	var stopping sync.WaitGroup
	for _, name := range names {
		stopping.Go(func() { o.Stop(ctx, name) })
	}
	stopping.Wait()
	o.leave()
	o.searching.Wait()
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	close(o.writes)
	o.writing.Wait()
	return o.disk.close()
}
