package socket

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/supervisor"
)

// Start is sent by the node to Sockets: run a listening socket. Answered with Started.
type Start struct{ Config *Config }

// Stop is sent by the node to Sockets: close the socket of a Reception, or all of them for 0. Answered with Stopped
// once their readers have ended.
type Stop struct{ Reception uint64 }

// Started answers Start.
type Started struct{}

// Stopped answers Stop.
type Stopped struct{}

// List is the memory of Sockets: what it must run, and whom it owes an answer. The node makes it once, so that it survives
// a crash of Sockets.
type List struct {
	configs map[uint64]*Config
	waiting []stopRequest
}

// NewList returns an empty List.
func NewList() *List { return &List{configs: map[uint64]*Config{}} }

// NewSockets returns the dynamic supervisor of all listening sockets. hub is asked when it starts.
func NewSockets(list *List, peers func() (hub, sessions *actor.PID), faults *actors.Faults) actor.Actor {
	return &sockets{list: list, peers: peers, faults: faults, children: map[string]uint64{}}
}

// Strategy is what Sockets does about a socket that crashes: it is opened again, a few times.
func Strategy(hook func(supervisor.Event)) actor.SupervisorStrategy {
	return supervisor.NewDynamic(supervisor.DynamicConfig{Intensity: 20, Period: time.Minute, Hook: hook})
}

type sockets struct {
	list     *List
	peers    func() (hub, sessions *actor.PID)
	faults   *actors.Faults
	hub      *actor.PID
	sessions *actor.PID
	children map[string]uint64 // id of the PID to Reception
	spawned  int
}

type stopRequest struct {
	reception uint64
	replyTo   *actor.PID
}

// Receive implements actor.Actor.
func (s *sockets) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.hub, s.sessions = s.peers()
		for _, cfg := range s.list.configs {
			s.spawn(ctx, cfg)
		}
		s.answer(ctx)
	case Start:
		if id := m.Config.Reception.ID; s.list.configs[id] == nil { // else it was sent again
			s.list.configs[id] = m.Config
			s.spawn(ctx, m.Config)
		}
		ctx.Respond(Started{})
	case Stop:
		s.stop(ctx, m)
	case supervisor.ChildGaveUp:
		text := fmt.Sprintf("socket %s is given up: %v", m.PID.Id, m.Reason)
		ctx.Send(s.hub, hub.Publish{Event: event.Warning{Text: text}})
	case *actor.Terminated:
		delete(s.children, m.Who.Id)
		s.answer(ctx)
	}
}

func (s *sockets) spawn(ctx actor.Context, cfg *Config) {
	cfg.Hub, cfg.Sessions = s.hub, s.sessions
	spec := actors.Spec{Produce: func() actor.Actor { return New(cfg) }, Faults: s.faults}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("socket-%d-%d", cfg.Reception.ID, s.spawned))
	actors.Fault(err)
	s.children[pid.Id] = cfg.Reception.ID
}

func (s *sockets) stop(ctx actor.Context, m Stop) {
	for id, cfg := range s.list.configs {
		if m.Reception == 0 || id == m.Reception {
			delete(s.list.configs, id)
			if !s.runs(id) {
				cfg.closeUnused()
			}
		}
	}
	for _, pid := range ctx.Children() {
		if id := s.children[pid.Id]; m.Reception == 0 || id == m.Reception {
			ctx.Stop(pid)
		}
	}
	s.list.waiting = append(s.list.waiting, stopRequest{m.Reception, ctx.Sender()})
	s.answer(ctx)
}

// closeUnused closes a source that no socket came to take.
func (c *Config) closeUnused() {
	if c.Source != nil {
		_ = c.Source.Close() // nothing was read from it
		c.Source = nil
	}
}

// answer tells those who wait for sockets that are gone now.
func (s *sockets) answer(ctx actor.Context) {
	rest := s.list.waiting[:0]
	for _, w := range s.list.waiting {
		if s.runs(w.reception) {
			rest = append(rest, w)
		} else {
			ctx.Send(w.replyTo, Stopped{})
		}
	}
	s.list.waiting = rest
}

func (s *sockets) runs(reception uint64) bool {
	for _, id := range s.children {
		if reception == 0 || id == reception {
			return true
		}
	}
	return false
}
