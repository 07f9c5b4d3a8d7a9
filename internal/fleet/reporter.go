package fleet

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/internal/outbox"
)

// ReporterConfig says who reports. Conn, Names, Site and Health are required.
type ReporterConfig struct {
	Conn     *nats.Conn
	Names    Names
	Site     string
	Version  string        // of the program
	Interval time.Duration // of heartbeats. Default: 30 s
	Health   func() Health
	Back     func()            // is called when the first heartbeat is taken, or one after a failure; nil: nobody
	Warn     func(text string) // nil: nobody
}

const (
	// DefaultInterval is the default of ReporterConfig.Interval.
	DefaultInterval = 30 * time.Second
	// maxFailures bounds the failures that wait to be told. The oldest give way.
	maxFailures = 1000
	// patience is how long one message may take.
	patience = 10 * time.Second
)

// MaxMemory is what failures that wait to be told take in bytes at most.
const MaxMemory = maxFailures * (maxLocation + maxText + 1<<10)

// Reporter tells what a site has. It is an [outbox.Sink] for the files that are received. It is safe for concurrent
// use.
type Reporter struct {
	cfg     ReporterConfig
	js      jetstream.JetStream
	process string
	started time.Time

	mu      sync.Mutex
	objects jetstream.Stream // nil: not looked for yet
	waiting map[string]Failure
	order   []string // of waiting, the oldest first
	untold  uint64
	awake   chan struct{}
}

// NewReporter returns a Reporter, which sends no heartbeat before Run.
func NewReporter(cfg ReporterConfig) (*Reporter, error) {
	js, err := jetstream.New(cfg.Conn)
	if err != nil {
		return nil, err
	}
	cfg.Interval = cmp.Or(cfg.Interval, DefaultInterval)
	return &Reporter{
		cfg: cfg, js: js, process: rand.Text(), started: time.Now().UTC(), waiting: map[string]Failure{},
		awake: make(chan struct{}, 1),
	}, nil
}

// received is what an event says.
type received struct {
	Event string `json:"event"` // file_received
	Site  string `json:"site"`
	Key   string `json:"key"`
	Path  string `json:"path"`
	outbox.File
}

// Deliver implements [outbox.Sink].
func (r *Reporter) Deliver(ctx context.Context, key string, f *outbox.File) error {
	told := *f
	told.ContentLocation = cut(told.ContentLocation, maxLocation)
	text, err := json.Marshal(received{"file_received", r.cfg.Site, key, f.Path(), told})
	if err != nil {
		return &outbox.RejectedError{Err: err}
	}
	_, err = r.js.Publish(ctx, r.cfg.Names.event(r.cfg.Site), text, jetstream.WithMsgID(r.cfg.Site+"/"+key))
	if errors.Is(err, nats.ErrMaxPayload) {
		return &outbox.RejectedError{Err: err}
	}
	if err != nil {
		return err
	}
	return r.has(ctx, f.ContentLocation, &Have{
		ContentLocation: told.ContentLocation, Version: f.Digest, Size: f.Size, At: f.Modified.UTC(), Key: key,
		Unit: f.Unit, Session: f.Session, TOI: f.TOI,
	})
}

// has tells which version of a file the site has, unless a newer one was told.
func (r *Reporter) has(ctx context.Context, location string, h *Have) error {
	stream, err := r.stream(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return &outbox.RejectedError{Err: err}
	}
	subject := r.cfg.Names.have(r.cfg.Site, objectOf(location))
	for range 3 {
		var last uint64
		m, err := stream.GetLastMsgForSubject(ctx, subject)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return err
		default:
			var before Have
			if last = m.Sequence; json.Unmarshal(m.Data, &before) == nil &&
				(before.At.After(h.At) || before.Key == h.Key) {
				return nil
			}
		}
		_, err = r.js.Publish(ctx, subject, text, jetstream.WithExpectLastSequencePerSubject(last))
		if err = conflict(err); !errors.Is(err, errConflict) {
			return err
		}
	}
	return errConflict
}

// stream returns the stream of objects.
func (r *Reporter) stream(ctx context.Context) (jetstream.Stream, error) {
	r.mu.Lock()
	s := r.objects
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := r.js.Stream(ctx, r.cfg.Names.objects())
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", r.cfg.Names.objects(), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objects = s
	return s, nil
}

// Close implements [outbox.Sink]. The connection is the caller's.
func (r *Reporter) Close() {}

// Failed notes that a file has not come, and why. It does not block.
func (r *Reporter) Failed(location, reason, detail, unit string) {
	object := objectOf(location)
	f := Failure{cut(location, maxLocation), reason, cut(detail, maxText), time.Now().UTC(), unit}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.waiting[object]; !ok {
		if len(r.order) >= maxFailures {
			delete(r.waiting, r.order[0])
			r.order = r.order[1:]
			r.untold++
		}
		r.order = append(r.order, object)
	}
	r.waiting[object] = f
	select {
	case r.awake <- struct{}{}:
	default:
	}
}

// Run sends heartbeats and failures until ctx ends.
func (r *Reporter) Run(ctx context.Context) {
	beats := time.NewTicker(r.cfg.Interval)
	defer beats.Stop()
	b := beating{Reporter: r, behind: true} // a process before this one may have told nothing for weeks
	for {
		b.beat(ctx)
		due := time.Now().Add(r.cfg.Interval)
		for pause := 0 * time.Second; ; {
			r.tell(ctx, due)
			select {
			case <-ctx.Done():
				return
			case <-beats.C:
			case <-r.awake:
				pause = time.Second // a flood of them is told in batches
			}
			if pause == 0 {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = 0
		}
	}
}

// tell tells the failures that wait, as far as JetStream takes them before the next heartbeat is due: over a slow link
// all of them may take minutes, and the site would be silent.
func (r *Reporter) tell(ctx context.Context, due time.Time) {
	for time.Now().Before(due) {
		r.mu.Lock()
		if len(r.order) == 0 || !r.cfg.Conn.IsConnected() {
			r.mu.Unlock()
			return
		}
		object := r.order[0]
		f := r.waiting[object]
		r.mu.Unlock()
		subject := r.cfg.Names.fail(r.cfg.Site, object)
		if text, err := json.Marshal(f); err == nil && r.publish(ctx, subject, text) != nil {
			return // it is told with the next heartbeat
		}
		r.mu.Lock()
		if len(r.order) > 0 && r.order[0] == object { // else it has given way
			r.order = r.order[1:]
			if r.waiting[object] == f {
				delete(r.waiting, object)
			} else {
				r.order = append(r.order, object) // it has failed once more meanwhile
			}
		}
		r.mu.Unlock()
	}
}

func (r *Reporter) publish(ctx context.Context, subject string, text []byte, o ...jetstream.PublishOpt) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := r.js.Publish(ctx, subject, text, o...)
	return err
}

// beating is what the goroutine of Run knows.
type beating struct {
	*Reporter
	failed bool   // the latest heartbeat was not taken
	behind bool   // Back is to be called with the next one that is taken
	last   uint64 // sequence number of the heartbeat that this process has seen last
	warned bool   // of another node of the same name
}

// beat sends a heartbeat.
func (b *beating) beat(ctx context.Context) {
	m := Beat{
		Process: b.process, Version: b.cfg.Version, At: time.Now().UTC(), Started: b.started, Interval: b.cfg.Interval,
		Health: b.cfg.Health(),
	}
	m.Faults = m.Faults[:min(len(m.Faults), MaxFaults)]
	for i := range m.Faults {
		m.Faults[i] = cut(m.Faults[i], maxText)
	}
	b.mu.Lock()
	m.Untold = b.untold
	b.mu.Unlock()
	text, err := json.Marshal(m)
	if err != nil || !b.cfg.Conn.IsConnected() {
		b.failed, b.behind = true, true
		return
	}
	b.compare(ctx)
	if err := b.publish(ctx, b.cfg.Names.beat(b.cfg.Site), text); err != nil {
		if !b.failed && b.cfg.Warn != nil && ctx.Err() == nil {
			b.cfg.Warn("the fleet is not told that this site is there: " + err.Error())
		}
		b.failed, b.behind = true, true
		return
	}
	if b.behind && b.cfg.Back != nil {
		b.cfg.Back()
	}
	b.failed, b.behind = false, false
}

// compare warns once if another process reports under the name of this site.
func (b *beating) compare(ctx context.Context) {
	if b.warned || b.cfg.Warn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stream, err := b.js.Stream(ctx, b.cfg.Names.sites())
	if err != nil {
		return // publish says so
	}
	m, err := stream.GetLastMsgForSubject(ctx, b.cfg.Names.beat(b.cfg.Site))
	if err != nil {
		return
	}
	var other Beat
	// One that this process has replaced at its start may be the latest one until the first heartbeat.
	if json.Unmarshal(m.Data, &other) == nil && other.Process != b.process && b.last != 0 && m.Sequence > b.last {
		b.warned = true
		b.cfg.Warn(fmt.Sprintf("another node reports as site %s, too: what the fleet knows of it is a mix", b.cfg.Site))
	}
	b.last = m.Sequence
}
