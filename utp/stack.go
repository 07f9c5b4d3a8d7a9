package utp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/actors/utp/port"
	"github.com/flute-node/flute-node/internal/crew"
	"github.com/flute-node/flute-node/supervisor"
)

// Config configures a Stack. The zero value is ready for use.
type Config struct {
	Logger *slog.Logger // what the actor system logs; nil: nothing is logged
	// System is the application's own actor system, in which the tree runs, below a root actor "utp", "utp-2" and so
	// on. Nil: the Stack has one of its own, which costs 3 MB.
	System *actor.ActorSystem
	// OnRestart is told of each actor that crashed, and what its supervisor has decided. It must not block. Nil: nobody
	// is.
	OnRestart func(notice.ActorRestarted)
	Faults    *inject.Faults // injected faults, for tests; nil: none
}

// Stack is the supervision tree of uTP. All methods are safe for concurrent use.
//
//	utp                  rest_for_one
//	├── sockets          dynamic
//	│   └── socket-1     one for each UDP socket
//	└── channels         dynamic
//	    └── channel-1    one for each connection
type Stack struct {
	cfg      Config
	system   *actors.System
	name     string // of the root of the tree
	ports    *port.Ledger
	channels *channel.Ledger
	crew     *crew.Crew    // runs all sockets with their connections
	numbers  atomic.Uint64 // the last that a socket or a connection has
	upOnce   sync.Once
	up       chan struct{} // closed when the tree has started

	root    *actor.PID // nil: it is hosted
	stopped atomic.Bool
	end     chan struct{} // closed when the tree of its own has ended
	err     error         // why it did; not to be read before
}

// The names of the actors below the parent.
const (
	rootName     = "utp"
	socketsName  = "sockets"
	channelsName = "channels"
)

// ErrStopped is returned once the Stack has been stopped.
var ErrStopped = errors.New("utp: stopped")

// Start starts a Stack. Stop must be called on it in the end.
func Start(cfg Config) (*Stack, error) {
	s := newStack(cfg)
	for i := 1; s.root == nil; i++ {
		if s.name = rootName; i > 1 {
			s.name = fmt.Sprintf("%s-%d", rootName, i)
		}
		s.system = actors.NewSystem(actors.SystemConfig{System: cfg.System, Root: s.name, Logger: cfg.Logger})
		pid, err := s.system.Root().SpawnNamed(s.spec(s.ended).Props(), s.name)
		switch {
		case err == nil:
			s.root = pid
		case errors.Is(err, actor.ErrNameExists): // another Stack has it, in the application's system
			s.system.Shutdown()
		default:
			s.system.Shutdown()
			return nil, fmt.Errorf("utp: %w", err)
		}
	}
	select {
	case <-s.up:
		return s, nil
	case <-s.end:
		s.system.Shutdown()
		return nil, fmt.Errorf("utp: start: %w", s.err)
	}
}

// Host returns a Stack that runs in the tree of somebody else, who spawns Props under the name "utp", calls Attach
// before that, Stop before the tree is stopped, and Close once it has ended.
func Host(cfg Config) *Stack { return newStack(cfg) }

// Attach says in which system a hosted Stack runs, and below which actor.
func (s *Stack) Attach(system *actor.ActorSystem, parent string) {
	s.system, s.name = actors.Within(system), parent+"/"+rootName
}

// Props returns how the root of a hosted Stack is spawned.
func (s *Stack) Props() *actor.Props { return s.spec(nil).Props() }

func newStack(cfg Config) *Stack {
	return &Stack{
		cfg: cfg, ports: port.NewLedger(), channels: channel.NewLedger(), crew: crew.New(),
		up: make(chan struct{}), end: make(chan struct{}),
	}
}

// spec returns how the root of the tree is spawned, once s.name is known.
func (s *Stack) spec(onEnd func(error)) actors.Spec {
	faults, hook := s.cfg.Faults, s.restarted
	return actors.Spec{Faults: faults, Name: rootName, Produce: supervisor.New(supervisor.Config{
		Strategy: supervisor.RestForOne,
		Children: []supervisor.Child{
			{Name: socketsName, Props: port.Spec(port.SupervisorConfig{
				Ledger: s.ports, Channels: s.channelsPID, Opened: s.channels, Hook: hook, Faults: faults,
			}).Props()},
			{Name: channelsName, Props: channel.Spec(s.channels, hook, faults).Props()},
		},
		OnEnd: onEnd,
	}, hook)}
}

// restarted is told what supervisors decide.
func (s *Stack) restarted(e supervisor.Event) {
	if e, ok := e.(supervisor.Started); ok && path.Base(e.Child) == channelsName {
		s.upOnce.Do(func() { close(s.up) })
	}
	if a, ok := supervisor.Notice(e); ok && s.cfg.OnRestart != nil {
		s.cfg.OnRestart(a)
	}
}

// ended is told when the tree of a Stack of its own has ended.
func (s *Stack) ended(err error) {
	s.err = err
	s.Close()
	close(s.end)
}

// Close closes what is left of a Stack whose tree has ended.
func (s *Stack) Close() {
	s.ports.Close(ErrStopped)
	s.channels.Close(ErrStopped)
	s.crew.Close()
	s.crew.Wait()
}

// Stop closes all sockets, which ends their connections: those that are being closed have until the end of ctx to
// deliver what was written. It returns when nothing of the Stack is left; of one that is hosted the tree is.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	if !s.stopped.Swap(true) {
		var all sync.WaitGroup
		var mu sync.Mutex
		for _, p := range s.ports.Ports() {
			all.Go(func() {
				err := (&Socket{stack: s, port: p}).close(ctx)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
		all.Wait()
		if s.root != nil {
			errs = append(errs, actors.Stop(context.WithoutCancel(ctx), s.system, s.root))
			<-s.end
			s.system.Shutdown()
		}
	} else if s.root != nil {
		<-s.end
	}
	return errors.Join(errs...)
}

func (s *Stack) pid(name string) *actor.PID {
	return actor.NewPID(s.system.System().Address(), s.name+"/"+name)
}

func (s *Stack) channelsPID() *actor.PID { return s.pid(channelsName) }

func (s *Stack) portPID(p *port.Port) *actor.PID { return s.pid(socketsName + "/" + p.Name()) }
