package sending

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/reuse"
)

// Writer sends datagrams of one session; internal/udp and internal/simnet have one. WriteBatch may block for as long as
// the system's send buffer is full. It returns how many datagrams were sent, in order. An error with a method Passing
// that returns true may be gone at the next try; any other ends the session. If it has a method Degraded, that returns
// what there is to tell people after a WriteBatch; empty: nothing.
type Writer interface {
	WriteBatch(datagrams [][]byte) (int, error)
	Close() error
}

// Timer calls a function once after Reset, unless Stop comes before. Those of internal/alarm are ones.
type Timer interface {
	Reset(d time.Duration)
	Stop()
}

// Config is what a sending session runs on. Core and Writer belong to the actor from then on.
type Config struct {
	Key    flute.SessionKey
	Core   *sender.Session
	Writer Writer
	Pace   Pace
	// Timer returns what wakes the session; nil: a timer of package time.
	Timer func(fire func()) Timer
	// Patience is how long the network may take nothing before the session gives up; negative: for ever.
	Patience time.Duration
	// CloseRepeat is for how long the close-session flag is repeated; zero: some times; negative: not at all.
	CloseRepeat time.Duration
	// OnWake is told by how much later than planned the timer of the rate woke the session, at most once a burst; it
	// must not block. Nil: that is not measured.
	OnWake func(late time.Duration)
	// Outcome is told what fails, and the end of the session after SessionClosed was emitted; required.
	Outcome *Outcome
	// Spare is memory for datagrams that all sessions of a node share, each for a turn; nil: it has its own.
	Spare *reuse.List[[]byte]
}

// Ledger is what a sending session must not lose when its actor crashes. It belongs to the actor, and to the supervisor
// while there is none; End is safe for concurrent use.
type Ledger struct {
	mailbox   atomic.Pointer[actors.Mailbox] // of the latest actor; nil: there was none
	cfg       Config
	answers   []answer               // a ring of maxAnswers, once there are as many; see add
	answered  int                    // its next place
	opened    bool                   // SessionOpened was emitted
	finishing bool                   // Finish has come
	parting   time.Time              // when it began to end; zero: it has not
	farewells int                    // close-session flags sent
	farewell  time.Time              // when the next one is due
	permitted time.Time              // when the node's rate permits it; zero: that was not asked yet
	missed    bool                   // the time it permitted first has passed: it was asked a second time
	reason    string                 // why it ends
	cause     error                  // the error that ends it before its time; nil: none does
	over      bool                   // closed
	ending    atomic.Pointer[string] // why Sessions has told it to end; nil: it has not
	pace      pacer
	batch     batch
	outage    outage
	meter     pacing.Meter // of UDP payload
}

// NewLedger returns the Ledger of a session that has not begun.
func NewLedger(cfg Config) *Ledger {
	return &Ledger{cfg: cfg, pace: newPacer(cfg.Pace), batch: batch{spare: cfg.Spare}}
}

// End tells the session to end, and why, before [Close] does: a crash may lose the message, and does not lose this.
func (l *Ledger) End(reason string) { l.ending.Store(&reason) }

// Waiting returns how many messages wait for the actor.
func (l *Ledger) Waiting() int {
	if m := l.mailbox.Load(); m != nil {
		return m.UserMessageCount()
	}
	return 0
}

// Key returns the name of the session.
func (l *Ledger) Key() flute.SessionKey { return l.cfg.Key }

// closePackets returns how often the close-session flag is sent.
func (c *Config) closePackets() int {
	if c.CloseRepeat == 0 {
		return closePackets
	}
	return 1 + int(max(c.CloseRepeat, 0)/closeInterval)
}

// maxAnswers bounds the answers to Add that are remembered: whoever asks waits for the answer, or asks again within a
// second.
const maxAnswers = 256

// answer is what was answered to an Add.
type answer struct {
	id    uint64
	added Added
}

// add adds a file, unless the question was answered before: then the same answer is due.
func (l *Ledger) add(m Add) Added {
	return l.answer(m.ID, func() (flute.TOI, error) {
		if err := l.pace.admitFile(l.cfg.Core, m.Object, time.Now()); err != nil {
			return flute.TOI{}, l.cfg.Core.Refuse(m.Object, err)
		}
		if l.pace.hasTarget() {
			// The error of Load is that of Add, which says more.
			if load, err := l.cfg.Core.Load(m.Object); err == nil {
				if err := l.pace.admit(l.cfg.Core, load, time.Now()); err != nil {
					return flute.TOI{}, l.cfg.Core.Refuse(m.Object, err)
				}
			}
		}
		return l.cfg.Core.Add(m.Object)
	})
}

// update does the same for a file that may take the place of another one.
func (l *Ledger) update(m Update) Added {
	return l.answer(m.ID, func() (flute.TOI, error) { return l.cfg.Core.Update(m.Object, m.When) })
}

// reserve takes a TOI, unless the question was answered before.
func (l *Ledger) reserve(m Reserve) Added { return l.answer(m.ID, l.cfg.Core.Reserve) }

// answer returns the answer to the question with this ID, which is to be found by find if it was not answered before.
func (l *Ledger) answer(id uint64, find func() (flute.TOI, error)) Added {
	for _, a := range l.answers {
		if a.id == id && id != 0 {
			return a.added
		}
	}
	toi, err := find()
	if a := (answer{id, Added{toi, err}}); len(l.answers) < maxAnswers {
		l.answers = append(l.answers, a)
	} else {
		l.answers[l.answered] = a
		l.answered = (l.answered + 1) % maxAnswers
	}
	return Added{toi, err}
}

// steer does what m says with what is in the session already. It reports whether there is such an object.
func (l *Ledger) steer(m Message, now time.Time) (found bool) {
	core := l.cfg.Core
	switch m := m.(type) {
	case Remove:
		return core.Remove(m.TOI, m.When)
	case Trigger:
		at := m.At
		if at.IsZero() {
			at = now
		}
		return core.Trigger(m.TOI, at)
	case PauseObject:
		return core.PauseObject(m.TOI, m.Paused)
	case PauseQueue:
		core.PauseQueue(m.Priority, m.Paused)
	case PauseSession:
		core.PauseSession(m.Paused)
	case Add, Update, Reserve, Find, Release, Publish, Finish, Close, Inspect, SetRate, pump, ran:
	}
	return false
}

// part has the session send nothing any more but close-session flags, and returns what there is to say. cause is the
// error that ends the session before its time, if there is one.
func (l *Ledger) part(reason string, cause error) (events []event.Event) {
	l.abort(reason, cause)
	return l.untold()
}

// abort has the core send nothing any more. What it has to say of that waits for untold.
func (l *Ledger) abort(reason string, cause error) {
	l.parting, l.reason, l.cause = time.Now(), reason, cause
	l.cfg.Core.Abort(reason)
}

// untold returns what there is to say of a session that sends nothing any more.
func (l *Ledger) untold() []event.Event {
	return append(l.cfg.Outcome.note(l.batch.drop(l.reason)), l.events()...)
}

// isParting reports whether part was called.
func (l *Ledger) isParting() bool { return !l.parting.IsZero() }

// bid sends the close-session flag.
func (l *Ledger) bid() {
	l.farewells++
	// It is lost when the socket fails, as on the way: the receivers will notice the silence.
	_, _ = l.cfg.Writer.WriteBatch([][]byte{l.cfg.Core.AppendClose(nil)})
}

// bidSafely is bid for a session whose actor is gone: it runs on Sessions, which must not crash by what the actor has
// crashed by, such as a Permit of the application.
func (l *Ledger) bidSafely() {
	defer func() {
		if v := recover(); v != nil {
			l.reason += fmt.Sprintf("; no close-session flag: panic: %v", v)
		}
	}()
	l.bid()
}

// events drains the events of the core.
func (l *Ledger) events() []event.Event { return l.cfg.Outcome.note(l.cfg.Core.Events()) }

// close releases the socket and returns what there is to say, after one close-session flag at least, which bid sends.
// It does so once. The caller emits the events and then ends the Outcome.
func (l *Ledger) close(reason string, cause error, bid func()) (events []event.Event) {
	if l.over {
		return nil
	}
	if !l.isParting() {
		l.abort(reason, cause)
	}
	if l.farewells == 0 {
		bid()
	}
	// Only now: a crash above keeps it for the next call. The close-session flag has repeated an Abort that crashed.
	events = l.untold()
	l.over = true
	l.batch.leave(l.pace.leave())
	if err := l.cfg.Writer.Close(); err != nil {
		l.reason += ": " + err.Error()
	}
	return append(events, event.SessionClosed{Session: l.cfg.Key, Reason: l.reason})
}

// Finish ends the session when its actor is gone, and returns what there is to tell. reason and cause count if it had
// not ended before. The caller emits the events, and calls [Ledger.Settle] then. What is left to be closed goes to run,
// which must not block: it may wait for a source.
func (l *Ledger) Finish(reason string, cause error, run func(lanes.Work)) (events []event.Event) {
	for _, e := range l.close(reason, cause, l.bidSafely) {
		events = append(events, marked(e))
	}
	for _, w := range l.cfg.Core.Works() { // nobody else will run them: they only close what was open
		run(w)
	}
	return events
}

// Settle ends the Outcome of a session that was finished.
func (l *Ledger) Settle() { l.cfg.Outcome.End(l.cause) }
