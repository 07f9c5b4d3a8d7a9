package receiver

import (
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

// Ledger is the memory of one receiving transport session: its FDT database, what is held of each object, what its
// workers have not handed out yet, and its counters. It outlives the Session and the Objects that work on it, so that
// one which crashed can be made anew and go on. It has one owner: all of them must run on one goroutine.
type Ledger struct {
	sessionRecord

	cfg       *Config
	publisher string          // the name of the session
	store     store.Store     // cfg.Store, or that of an FDT Instance which arrives
	share     *store.Share    // memory of the session
	listings  *store.Budget   // the part of it that FDT Instances that arrive may hold
	sender    assembly.Sender // what was found out of it, for the assemblies of its objects
	effects   Effects         // not drained yet

	entries     map[flute.TOI]*entry
	undescribed undescribed          // those of entries that have no description
	outstanding outstanding          // what the end waits for
	leaving     map[*entry]struct{}  // removed from entries while they are being published
	kept        map[*entry]struct{}  // those of entries that rest and hold symbols
	locations   map[string]flute.TOI // Content-Location to the newest TOI that has it
	versions    uint64               // numbers given to versions of files
	history     entryList            // those of entries that hold no more than their description, the newest last
	doubtful    []*entry             // their run may turn out to be another; nil in the places of forgotten ones
	mixed       []*entry             // some that are, or were
	outdated    []*entry             // likewise

	extended   extended // what ROUTE adds
	instances  map[flute.InstanceID]*instance
	arriving   []*instance // those being received, and some that were
	readings   readings
	rival      rival
	feeds      feeds
	apart      map[flute.TOI]*apart
	strangers  time.Time // when it was told of one last; zero: never
	apartSince time.Time // when to look at them is counted from here; zero: there are none

	sequences sequences
	watching  bool // sequenceBytes is charged
	arrivals  arrivals
	fdtLatest time.Time // when an FDT Instance that was read was heard last; zero: never

	publications publications
	shortage     shortage
	pauses       pauses
	parting      bool   // the session ends on request: what was noted is left to a later process
	aborting     bool   // it ends at once
	backlog      uint64 // bytes of memory that wait to be written, about; see Session.IsBehind
	publishing   int    // holdings that are being published, or wait for that; see Session.IsBehind
	short        int    // holdings that are short of memory, see Session.IsShort

	tails atomic.Uint64 // bytes of memory that hold what publications are to write, and have not written

	now   time.Time // the latest moment that a Session or an Object was told
	wake  time.Time // a moment not after the least deadline of all entries; zero: none
	swept time.Time // when all entries were looked at last
}

// NewLedger returns the empty memory of the session key. cfg comes from Config.Validated.
func NewLedger(cfg *Config, key flute.SessionKey) *Ledger {
	share := cfg.Budget.Share(key.Source, cfg.SessionBudget)
	if cfg.ROUTE {
		cfg.signalling.enter(key.Source)
	}
	return &Ledger{
		sessionRecord: sessionRecord{
			key: key, deferred: map[flute.TOI]struct{}{}, lines: make([]line, linesPerFeed*max(1, len(cfg.Feeds))),
			alternations: make([]alternation, max(1, len(cfg.Feeds))),
		},
		feeds: newFeeds(cfg.Feeds),
		cfg:   cfg, publisher: key.String(), store: cfg.Store, share: share,
		undescribed: undescribed{budget: store.NewBudget(cfg.undescribedBytes(share.Small.Ceiling()), share.Small)},
		listings:    store.NewBudget(cfg.listingBytes(), share.Small),
		sender: assembly.Sender{
			Source: key.Source, Variant: cfg.Variant, Arenas: cfg.arenas, Labour: cfg.Labour.shared,
		},
		entries: map[flute.TOI]*entry{}, leaving: map[*entry]struct{}{}, kept: map[*entry]struct{}{},
		locations: map[string]flute.TOI{}, instances: map[flute.InstanceID]*instance{},
		publications: publications{out: map[string][]*Work{}, waiting: map[string]flute.TOI{}},
		extended:     extended{seed: maphash.MakeSeed()},
	}
}

// Key returns the name of the session.
func (l *Ledger) Key() flute.SessionKey { return l.key }

// Counters returns how many datagrams were received and what became of them.
func (l *Ledger) Counters() flute.Counters { return l.counters }

// Received returns how many datagrams were received: of Counters this alone.
func (l *Ledger) Received() uint64 { return l.counters.Received }

// Active returns the objects that have been begun and not ended, or whose effects were not drained: what needs an
// Object after a restart.
func (l *Ledger) Active() []flute.TOI {
	var active []flute.TOI
	for toi, e := range l.entries {
		if e.isActive() {
			active = append(active, toi)
		}
	}
	return active
}

// Awaits reports whether an object of the session goes on with the result of w, also one that is published while its
// TOI names another: the session does not end before that has.
func (l *Ledger) Awaits(w *Work) bool {
	if _, leaving := l.leaving[w.entry]; w.entry.gone && !leaving {
		return false
	}
	return w.entry.held != nil && w.entry.held == w.held
}

// Drop counts n datagrams of the session that never reached it, such as those in the hands of an actor that crashed.
// They came on the feed of that index.
func (l *Ledger) Drop(feed uint8, r flute.DropReason, n int) {
	l.dropped(feed, r, uint64(n))
	if r == drop.Mailbox {
		l.miss(n)
	}
}

// Held returns the memory in bytes that the session holds.
func (l *Ledger) Held() uint64 { return l.share.Used() }

// budgetFor returns where the memory of an object of length bytes in transfer comes from.
func (l *Ledger) budgetFor(length uint64) *store.Budget {
	if length <= smallObject {
		return l.share.Small
	}
	return l.share.All
}

// drop removes what e holds. The entry itself stays, so that late packets are known for what they are.
func (l *Ledger) drop(e *entry, discard bool) {
	if h := e.held; h != nil {
		for _, w := range e.effects.Works {
			if w.publication != nil {
				l.dequeue(w)
			}
		}
		h.release(e.effects.Works)
		l.weigh(h)
		l.publishes(h, false)
		e.held, e.effects.Works = nil, nil
		if l.parting && h.checkpoints.noted {
			h.Object().Keep()
		}
		if discard {
			l.run(l.discard(e, h.Object()))
		}
	}
	delete(l.kept, e)
	l.forgetPending(e)
}

// run has the session emit w; nil: nothing.
func (l *Ledger) run(w *Work) {
	switch {
	case w == nil:
	case l.sender.Inline:
		w.Run(nil) // the store is memory
	default:
		l.effects.Works = append(l.effects.Works, w)
	}
}

func (l *Ledger) forgetPending(e *entry) {
	l.undescribed.budget.Release(e.pending.bytes)
	e.pending = pending{}
}

// fail ends e for good and returns the event that says so: nil for an object that was not announced yet, whose end is
// told when it is, for one that rests, as the end of its latest try was told, and for one that is complete anyhow.
func (l *Ledger) fail(e *entry, reason event.FailReason, detail string) event.Event {
	if e.isMissed(reason) {
		l.missTurn(e)
		return nil
	}
	told := e.phase == resting
	var st event.ObjectState
	e.lacks(&st, failedRanges)
	e.phase = failed
	l.drop(e, true)
	e.reason, e.detail = reason, detail
	l.revoke(e)
	l.completion.lost(e, reason)
	l.retire(e)
	if told {
		return nil
	}
	return l.failure(e, st, false)
}

// remove forgets e: its TOI may name something else now. What was not told of it yet is the session's to tell. An entry
// that is being published leaves when that is done.
func (l *Ledger) remove(e *entry) {
	delete(l.entries, e.toi)
	l.leaveUndescribed(e)
	l.leaveDoubtful(e)
	if e.list != nil {
		e.list.remove(e)
	}
	if e.file != nil && l.locations[e.file.ContentLocation] == e.toi {
		delete(l.locations, e.file.ContentLocation)
	}
	l.share.Small.Release(e.cost)
	e.cost, e.gone = 0, true
	l.takeEvents(e)
	if e.phase == finishing {
		l.leaving[e] = struct{}{}
	}
}

// takeEvents makes the session tell what was not told of e yet, before it tells more.
func (l *Ledger) takeEvents(e *entry) {
	l.effects.Events = append(l.effects.Events, e.effects.Events...)
	e.effects.Events = nil
}

// release frees what is left when the session has ended.
func (l *Ledger) release() {
	l.dropRival()
	l.dropStretches()
	l.forgetApart()
	l.closeFeeds()
	if l.watching {
		l.watching = false
		l.share.Small.Release(sequenceBytes)
	}
	for id, in := range l.instances {
		l.forgetInstance(id, in)
	}
	for _, e := range l.entries {
		l.leaveUndescribed(e)
		l.share.Small.Release(e.cost)
		e.cost = 0
	}
	if l.cfg.ROUTE {
		l.cfg.signalling.leave(l.key.Source)
	}
	l.share.Close()
}

// schedule makes the ledger wake at t or earlier.
func (l *Ledger) schedule(t time.Time) {
	if !t.IsZero() && (l.wake.IsZero() || t.Before(l.wake)) {
		l.wake = t
	}
}

// sweepPace is the least time between two looks at all entries, for each of them. One takes about 50 ns: whatever
// deadlines a sender brings about, one for each B flag, say, they cost a few percent of a processor. With 100,000
// objects a deadline is met 0.2 s late.
const sweepPace = 2 * time.Microsecond

// nextSweep returns when to look at all entries; zero: no need.
func (l *Ledger) nextSweep() time.Time {
	if at := l.swept.Add(sweepPace * time.Duration(len(l.entries))); !l.wake.IsZero() && l.wake.Before(at) {
		return at
	}
	return l.wake
}

func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
