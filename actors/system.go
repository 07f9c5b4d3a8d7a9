package actors

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
)

// SystemConfig configures a System. The zero value is a quiet one.
type SystemConfig struct {
	// System is an actor system that the application owns: Shutdown leaves it running. Nil: one is made. Root is the
	// name of the root actor there: dead letters for it and those below it are looked after, others are the
	// application's.
	System *actor.ActorSystem
	Root   string
	// Logger gets what the protoactor system that is made logs. Nil: nothing is logged.
	Logger *slog.Logger
	// OnDeadLetter is shown each user message that was sent to an actor that does not exist, after its
	// Release if it is Data. It runs on the goroutine of the sender and must not block; a panic of its own is
	// swallowed.
	OnDeadLetter func(*actor.DeadLetterEvent)
}

// System is one actor system. It costs 3 MB and 5 ms: make one per process, or per test.
type System struct {
	system  *actor.ActorSystem
	isOwn   bool
	letters *eventstream.Subscription
	once    sync.Once
}

// NewSystem returns a running System. It owns no goroutine.
func NewSystem(cfg SystemConfig) *System {
	s := &System{system: cfg.System, isOwn: cfg.System == nil}
	if s.isOwn {
		s.system = newActorSystem(cfg.Logger)
	}
	s.letters = s.system.EventStream.Subscribe(func(event any) {
		letter, ok := event.(*actor.DeadLetterEvent)
		if ok && (s.isOwn || isBelow(letter.PID.GetId(), cfg.Root)) {
			deadLetter(letter, cfg.OnDeadLetter)
		}
	})
	return s
}

// Within returns a System for a part of a tree that runs in system: whoever runs the tree looks after dead letters and
// calls Shutdown. That of this System does nothing.
func Within(system *actor.ActorSystem) *System {
	s := &System{system: system}
	s.once.Do(func() {})
	return s
}

func newActorSystem(log *slog.Logger) *actor.ActorSystem {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }),
		// The throttle of dead letters starts a goroutine that lives for the interval.
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
}

// Root returns the context from which the root actor is spawned, and with which goroutines send.
func (s *System) Root() *actor.RootContext { return s.system.Root }

// System returns protoactor's own.
func (s *System) System() *actor.ActorSystem { return s.system }

// Actors returns the ids of up to limit actors that run: that of root and those below it, in alphabetical order; and
// how many there are.
func (s *System) Actors(root string, limit int) (ids []string, total int) {
	for _, bucket := range s.system.ProcessRegistry.LocalPIDs.LocalPIDs {
		bucket.IterCb(func(id string, _ any) {
			if isBelow(id, root) {
				ids = append(ids, id)
			}
		})
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], len(ids)
}

// isBelow reports whether an id is that of root or of an actor below it.
func isBelow(id, root string) bool { return id == root || strings.HasPrefix(id, root+"/") }

// Shutdown marks the System as stopped, unless the application owns it. It stops no actor: Stop the root actor first.
// It may be called twice.
func (s *System) Shutdown() {
	s.once.Do(func() {
		if s.isOwn {
			s.system.Shutdown()
		} else {
			s.system.EventStream.Unsubscribe(s.letters)
		}
	})
}

// deadLetter must not panic: protoactor runs it on the sender's goroutine, and for a root actor outside of any recover.
func deadLetter(letter *actor.DeadLetterEvent, show func(*actor.DeadLetterEvent)) {
	defer func() { _ = recover() }()
	switch msg := letter.Message.(type) {
	case Data:
		msg.Release()
	case actor.SystemMessage:
		// A Watch or a Stop that comes too late is usual.
		return
	}
	if show != nil {
		show(letter)
	}
}
