package port

import (
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/supervisor"
)

// Ledger is what Ports must not lose in a crash. It is safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	ports map[uint64]*Port
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger { return &Ledger{ports: map[uint64]*Port{}} }

// Add adds a Port. Start is sent to Ports next.
func (l *Ledger) Add(p *Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ports[p.ID] = p
}

// Ports returns all.
func (l *Ledger) Ports() []*Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*Port, 0, len(l.ports))
	for _, p := range l.ports {
		all = append(all, p)
	}
	return all
}

// Close closes all sockets, once Ports has ended.
func (l *Ledger) Close(err error) {
	for _, p := range l.Ports() {
		l.remove(p)
		p.shut(err)
	}
}

func (l *Ledger) remove(p *Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ports, p.ID)
}

func (l *Ledger) has(p *Port) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ports[p.ID] == p
}

// SupervisorConfig is what Ports runs on.
type SupervisorConfig struct {
	Ledger   *Ledger
	Channels func() *actor.PID // asked when Ports starts
	Opened   *channel.Ledger   // where sockets enter connections
	Hook     func(supervisor.Event)
	Faults   *inject.Faults
}

// Spec returns how Ports is spawned, the dynamic supervisor of all sockets of uTP. The name for faults is "sockets",
// that of a socket "socket-1".
func Spec(cfg SupervisorConfig) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor {
			return &ports{cfg: cfg, children: map[string]*Port{}, pids: map[*Port]*actor.PID{}}
		},
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Intensity: 20, Period: time.Minute, Hook: cfg.Hook}),
		Faults:   cfg.Faults, Name: "sockets", Kind: kindOfPorts,
	}
}

type ports struct {
	cfg      SupervisorConfig
	children map[string]*Port // by id of the PID
	pids     map[*Port]*actor.PID
	leaving  bool
}

// Receive implements actor.Actor.
func (s *ports) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		for _, p := range s.cfg.Ledger.Ports() {
			s.start(ctx, p)
		}
	case Start:
		s.start(ctx, m.Port)
	case ended:
		if pid := s.pids[m.port]; pid != nil {
			ctx.Stop(pid)
		}
	case supervisor.ChildGaveUp:
		if p := s.children[m.PID.Id]; p != nil {
			s.shut(ctx, p, fmt.Errorf("%w: %w", errGaveUp, m.Reason))
		}
	case *actor.Terminated:
		if p := s.children[m.Who.Id]; p != nil {
			delete(s.children, m.Who.Id)
			delete(s.pids, p)
			if !s.leaving && p.isEnded {
				s.shut(ctx, p, ErrClosed)
			}
		}
	case *actor.Restarting, *actor.Stopping:
		s.leaving = true
	}
}

func (s *ports) start(ctx actor.Context, p *Port) {
	if s.pids[p] != nil || !s.cfg.Ledger.has(p) {
		return
	}
	pid, err := ctx.SpawnNamed(p.spec(s.cfg.Channels(), s.cfg.Opened, s.cfg.Faults).Props(), p.Name())
	actors.Fault(err)
	s.children[pid.Id], s.pids[p] = p, pid
}

// shut closes a socket whose actor has ended, forgets it, and ends its channels.
func (s *ports) shut(ctx actor.Context, p *Port, err error) {
	p.shut(err)
	s.cfg.Ledger.remove(p)
	for c := range p.open {
		s.cfg.Opened.Remove(c)
		ctx.Send(s.cfg.Channels(), channel.Close{Channel: c})
	}
}
