package binding

import (
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

const (
	// maxSessions bounds the sessions of a Receiver: a TSI costs a stranger one datagram.
	maxSessions = 1024
	// tidyInterval is how often Push does what time alone brings, if it is due.
	tidyInterval = 100 * time.Millisecond
)

// Outcome is what became of a datagram: a drop reason of package flute, or one of those below. Their numbers, below
// 256, and their names are those of OutcomeName.
type Outcome int32

// What becomes of a datagram that is not dropped.
const (
	Accepted  Outcome = 1000
	Duplicate Outcome = 1001
	Kept      Outcome = 1002 // it waits for the description of its object
)

// OutcomeName returns the name of an Outcome: "accepted", "duplicate", "kept", or that of the drop reason.
func OutcomeName(o Outcome) string {
	switch {
	case o == Accepted:
		return "accepted"
	case o == Duplicate:
		return "duplicate"
	case o == Kept:
		return "kept"
	case o >= 0 && o < Outcome(drop.NumReasons):
		return drop.Reason(o).String()
	}
	return "unknown"
}

// Receiver is the core of a receiver (package flute/receiver), with the store of its files.
type Receiver struct {
	Events Queue
	Shelf  *Shelf // nil: files go to a folder

	endpoint atomic.Pointer[endpoint]

	mu      sync.Mutex
	core    *receiver.Receiver
	store   store.Store
	tsis    []flute.TSI // wanted; empty: all
	tidied  time.Time
	outside flute.Counters // datagrams that never reached a session
	last    flute.SessionKey
	counted flute.Counters // of the session last
	lasting bool           // last and counted are known
	closed  bool
}

// NewReceiver returns a receiver. text has keys of a section receive of the file of configuration, without those of the
// network and of programs. Without dir, files are kept in memory. memory bounds what is held in bytes; 0: 1 GiB.
func NewReceiver(text string, memory uint64) (*Receiver, error) {
	section, err := config.Section[config.Receive](text, notOfReceiver...)
	if err != nil {
		return nil, err
	}
	all, err := section.Base()
	if err != nil {
		return nil, Wrong("%v", err)
	}
	cfg := all.Session
	if memory == 0 {
		memory = defaultMemory
	}
	budget := store.NewBudget(memory, nil)
	r := &Receiver{tsis: all.TSIs}
	if section.Dir == "" {
		r.Shelf = newShelf(budget)
		r.store = r.Shelf.files
	} else {
		options := all.Files
		options.Warn = func(text string) { r.Events.add(time.Now(), notice.Warning{Text: text}) }
		s, err := options.New(section.Dir)
		if err != nil {
			return nil, err
		}
		r.store = s
		cfg.NoNotes = true // package node goes on after the death of a process
	}
	cfg.Registry, cfg.Store, cfg.Budget = registry(), r.store, budget
	cfg.Spawn = func(f func()) { go f() }
	if r.core, err = receiver.New(cfg); err != nil {
		_ = r.store.Close()
		return nil, Wrong("%v", err)
	}
	return r, nil
}

// endpoint is where datagrams come from and go to.
type endpoint struct {
	key  flute.SessionKey
	port uint16
}

// SetEndpoint sets what Endpoint returns.
func (r *Receiver) SetEndpoint(key flute.SessionKey, port uint16) {
	r.endpoint.Store(&endpoint{key, port})
}

// Endpoint returns where datagrams come from and go to of which nothing else is said.
func (r *Receiver) Endpoint() (flute.SessionKey, uint16) {
	if e := r.endpoint.Load(); e != nil {
		return e.key, e.port
	}
	return flute.SessionKey{}, 0
}

// Push takes one datagram of any bytes that came from a source address and port to a group, and returns what became of
// it. It does what time alone brings, too, so that a program that pushes needs no Tidy.
func (r *Receiver) Push(now time.Time, key flute.SessionKey, port uint16, datagram []byte) (Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, errHandle
	}
	return r.push(now, key, port, datagram), nil
}

// PushBatch is Push for datagrams that lie one behind the other. outcomes may be nil. If lengths are wrong, none is
// taken.
func (r *Receiver) PushBatch(
	now time.Time, key flute.SessionKey, port uint16, data []byte, lengths []uint32, outcomes []Outcome,
) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errHandle
	}
	sum := uint64(0)
	for _, n := range lengths {
		sum += uint64(n)
	}
	if sum > uint64(len(data)) {
		return Wrong("lengths: they add up to %d bytes, and there are %d", sum, len(data))
	}
	for i, n := range lengths {
		o := r.push(now, key, port, data[:n:n])
		data = data[n:]
		if outcomes != nil {
			outcomes[i] = o
		}
	}
	return nil
}

func (r *Receiver) push(now time.Time, key flute.SessionKey, port uint16, datagram []byte) Outcome {
	tsi, _, err := lct.Peek(datagram)
	switch {
	case err != nil:
		return r.outsider(drop.Of(err))
	case len(r.tsis) > 0 && !slices.Contains(r.tsis, tsi):
		return r.outsider(drop.ForeignTSI)
	}
	key.TSI = tsi
	if !r.lasting || key != r.last {
		before, known := r.core.Counters(key)
		if !known && r.core.Sessions() >= maxSessions {
			r.tidy(now, 0)
			return r.outsider(drop.Budget)
		}
		r.last, r.counted, r.lasting = key, before, true
	}
	r.core.HandleFrom(now, key, receiver.Origin{Port: port}, datagram)
	after, _ := r.core.Counters(key)
	o := outcome(&r.counted, &after)
	r.counted = after
	r.tidy(now, tidyInterval)
	r.drain(now)
	return o
}

// outcome returns what became of the datagram between two states of the counters.
func outcome(before, after *flute.Counters) Outcome {
	switch {
	case after.Accepted > before.Accepted:
		return Accepted
	case after.Duplicate > before.Duplicate:
		return Duplicate
	case after.Received == before.Received:
		return Kept
	}
	for reason := range after.Dropped {
		if after.Dropped[reason] > before.Dropped[reason] {
			return Outcome(reason)
		}
	}
	return Kept
}

// outsider counts a datagram of no session.
func (r *Receiver) outsider(reason drop.Reason) Outcome {
	r.outside.Received++
	r.outside.Drop(reason, 1)
	return Outcome(reason)
}

// Tidy does what time alone brings: it ends sessions that are silent, and tries that came to nothing.
func (r *Receiver) Tidy(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errHandle
	}
	r.tidy(now, 0)
	r.drain(now)
	return nil
}

// tidy advances the core if its last time was an interval ago.
func (r *Receiver) tidy(now time.Time, interval time.Duration) {
	if since := now.Sub(r.tidied); since >= 0 && since < interval {
		return
	}
	r.tidied = now
	if d := r.core.Deadline(); !d.IsZero() && !d.After(now) {
		r.core.Advance(now)
		r.lasting = false // the session may have ended
	}
}

// Deadline returns when Tidy is due; zero: never, as things are.
func (r *Receiver) Deadline() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.Deadline()
}

// receiverStats is what Stats returns.
type receiverStats struct {
	Sessions int            `json:"sessions"`
	Outside  flute.Counters `json:"outside"` // datagrams that reached no session
}

// Stats returns the number of sessions, and the datagrams of none of them, as JSON. What became of the others is in the
// events session_stats and session_closed.
func (r *Receiver) Stats() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return json.Marshal(receiverStats{r.core.Sessions(), r.outside})
}

// Close ends all sessions, and the store. Files in memory are gone.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	now := time.Now()
	r.core.Close(now)
	r.core.Advance(now)
	r.drain(now)
	r.Events.end()
	return r.store.Close()
}

// Queued returns the events.
func (r *Receiver) Queued() *Queue { return &r.Events }

// Shelved returns the files in memory.
func (r *Receiver) Shelved() *Shelf { return r.Shelf }

// drain takes what the core has to tell.
func (r *Receiver) drain(now time.Time) {
	for _, e := range r.core.Events() {
		if _, ok := e.(event.SessionClosed); ok {
			r.lasting = false
		}
		r.Events.add(now, e)
	}
}
