package receiver

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// Ledger is the memory of one receiving transport session: its FDT database, what is held of each object, and its
// counters. It outlives the Session and the Objects that work on it, so that one which crashed can be made anew and go
// on. It has one owner: all of them must run on one goroutine.
type Ledger struct {
	cfg      *Config
	key      flute.SessionKey
	budget   *store.Budget
	counters flute.Counters

	version   uint8       // FLUTE version, 0 until the first EXT_FDT
	variant   fec.Variant // the code in use; empty: not known yet
	probes    int         // attempts to find it out
	entries   map[flute.TOI]*entry
	locations map[string]flute.TOI // Content-Location to the newest TOI that has it
	instances map[flute.InstanceID]*instance
	named     int // entries with a description
	unnamed   int // entries without
	ended     bool
	opened    bool
	complete  bool // an FDT Instance said Complete="true"
	skew      time.Duration
	last      time.Time // of the latest valid packet
	closing   time.Time // when the session ends because of an A flag; zero: not
	wake      time.Time // a moment not after the least deadline of all entries; zero: none
}

// NewLedger returns the empty memory of the session key. cfg comes from Config.Validated.
func NewLedger(cfg *Config, key flute.SessionKey) *Ledger {
	return &Ledger{
		cfg: cfg, key: key, budget: store.NewBudget(1<<62, cfg.Budget), variant: cfg.Variant,
		entries: map[flute.TOI]*entry{}, locations: map[string]flute.TOI{}, instances: map[flute.InstanceID]*instance{},
	}
}

// Key returns the name of the session.
func (l *Ledger) Key() flute.SessionKey { return l.key }

// Counters returns how many datagrams were received and what became of them.
func (l *Ledger) Counters() flute.Counters { return l.counters }

// Active returns the objects that have been begun and not ended: what needs an Object after a restart.
func (l *Ledger) Active() []flute.TOI {
	var active []flute.TOI
	for toi, e := range l.entries {
		if !e.ended() && (e.rec != nil || e.pending.bytes > 0) {
			active = append(active, toi)
		}
	}
	return active
}

// Drop counts n datagrams of the session that never reached it, such as those in the hands of an actor that crashed.
func (l *Ledger) Drop(r flute.DropReason, n int) { l.counters.Drop(r, uint64(n)) }

// Held returns the memory in bytes that the session holds.
func (l *Ledger) Held() uint64 { return l.budget.Used() }

// phase is how far an object has come.
type phase uint8

const (
	announced phase = iota // described or opened, no symbol yet
	receiving              // symbols are being gathered
	finishing              // all symbols are there; being verified and published
	completed
	failed
)

// entry is one object of the session.
type entry struct {
	toi      flute.TOI
	phase    phase
	file     *fdt.File        // description; nil before the FDT
	instance flute.InstanceID // the newest FDT Instance that describes it
	expires  time.Time        // by the receiver's clock; zero: never
	closeAt  time.Time        // when an unfinished object fails because of its B flag; zero: not
	rec      *reception       // nil before the first symbol and after the end
	pending  pending          // datagrams that came before the OTI was known
	started  bool             // ObjectStarted was emitted
}

// ended reports whether the object has its final state.
func (e *entry) ended() bool { return e.phase >= completed }

// location returns the Content-Location, empty before the FDT.
func (e *entry) location() string {
	if e.file == nil {
		return ""
	}
	return e.file.ContentLocation
}

// pending keeps copies of datagrams, in order, until they can be interpreted.
type pending struct {
	datagrams [][]byte
	bytes     uint64
}

// pendingOverhead is charged for each kept datagram besides its bytes.
const pendingOverhead = 64

// entry returns the entry of toi, made if there is none. errUnknownObject when the session already holds as many
// undescribed objects as it may.
func (l *Ledger) entry(toi flute.TOI) (*entry, error) {
	if e := l.entries[toi]; e != nil {
		return e, nil
	}
	if l.unnamed >= l.cfg.MaxUnnamed {
		return nil, errUnknownObject
	}
	e := &entry{toi: toi}
	l.entries[toi] = e
	l.unnamed++
	return e, nil
}

// drop removes what e holds. The entry itself stays, so that late packets are known for what they are.
func (l *Ledger) drop(e *entry, discard bool) {
	if e.rec != nil {
		// A Work that is out still reads the staged object; Done then cancels it, and that discards.
		e.rec.release(discard && !e.rec.working)
	}
	e.rec = nil
	l.forgetPending(e)
}

func (l *Ledger) forgetPending(e *entry) {
	if e.pending.bytes > 0 {
		l.budget.Release(e.pending.bytes)
		e.pending = pending{}
	}
}

// fail ends e and returns the event that says so.
func (l *Ledger) fail(e *entry, reason event.FailReason, detail string) event.Event {
	e.phase = failed
	l.drop(e, true)
	return event.ObjectFailed{Session: l.key, TOI: e.toi, ContentLocation: e.location(), Reason: reason, Detail: detail}
}

// schedule makes the ledger wake at t or earlier.
func (l *Ledger) schedule(t time.Time) {
	if !t.IsZero() && (l.wake.IsZero() || t.Before(l.wake)) {
		l.wake = t
	}
}
