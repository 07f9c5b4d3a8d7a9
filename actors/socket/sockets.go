package socket

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/supervisor"
)

// Start is sent by the node to Sockets: receive from an Endpoint. Answered with Started.
type Start struct{ Endpoint *Endpoint }

// Stop is sent by the node to Sockets: close the Endpoint of this ID, or all of them for 0. Answered with Stopped
// once their readers have ended.
type Stop struct{ ID uint64 }

// Started answers Start.
type Started struct{}

// Stopped answers Stop.
type Stopped struct{}

// Ledger is what Sockets must not lose in a crash: the Endpoints, and whom it owes an answer.
type Ledger struct {
	endpoints map[uint64]*Endpoint // by ID
	waiting   []stopRequest
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger { return &Ledger{endpoints: map[uint64]*Endpoint{}} }

// Close closes all Endpoints, once Sockets has ended.
func (l *Ledger) Close() {
	for _, e := range l.endpoints {
		e.Close()
	}
	clear(l.endpoints)
}

// Spec returns how Sockets is spawned, the dynamic supervisor of all listening sockets. A socket that crashes is
// restarted over its Endpoint, a number of times, and hook is told. The names for faults are "sockets", and for a
// socket "socket/1", with the ID of its Endpoint.
func Spec(ledger *Ledger, hub *actor.PID, hook func(supervisor.Event), faults *inject.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor {
			return &sockets{ledger: ledger, hub: hub, faults: faults, children: map[string]uint64{}}
		},
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Intensity: 20, Period: time.Minute, Hook: hook}),
		Faults:   faults, Name: "sockets", Kind: kindOf,
	}
}

type sockets struct {
	ledger   *Ledger
	hub      *actor.PID
	faults   *inject.Faults
	children map[string]uint64 // id of the PID to that of the Endpoint
	spawned  int
}

type stopRequest struct {
	id      uint64
	replyTo *actor.PID
}

// Receive implements actor.Actor.
func (s *sockets) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		for _, e := range s.ledger.endpoints {
			s.spawn(ctx, e)
		}
		s.answer(ctx)
	case Start:
		if e := m.Endpoint; s.ledger.endpoints[e.cfg.ID] == nil && !e.closing.Load() { // else it was sent again
			s.ledger.endpoints[e.cfg.ID] = e
			s.spawn(ctx, e)
		}
		ctx.Respond(Started{})
	case Stop:
		s.stop(ctx, m)
	case supervisor.ChildGaveUp:
		text := fmt.Sprintf("socket %s is given up: %v", m.PID.Id, m.Reason)
		ctx.Send(s.hub, hub.Publish{Event: notice.Warning{Text: text}})
		if e := s.ledger.endpoints[s.children[m.PID.Id]]; e != nil {
			s.close(e)
		}
	case *actor.Terminated:
		delete(s.children, m.Who.Id)
		s.answer(ctx)
	}
}

func (s *sockets) spawn(ctx actor.Context, e *Endpoint) {
	spec := actors.Spec{
		Produce: func() actor.Actor { return &socket{Endpoint: e, hub: s.hub} },
		Faults:  s.faults, Name: fmt.Sprintf("socket/%d", e.cfg.ID), Kind: kindOf,
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("socket-%d-%d", e.cfg.ID, s.spawned))
	actors.Fault(err)
	s.children[pid.Id] = e.cfg.ID
}

func (s *sockets) stop(ctx actor.Context, m Stop) {
	for id, e := range s.ledger.endpoints {
		if m.ID == 0 || id == m.ID {
			s.close(e)
		}
	}
	for _, pid := range ctx.Children() { // they tell the last counts
		if id := s.children[pid.Id]; m.ID == 0 || id == m.ID {
			ctx.Stop(pid)
		}
	}
	s.ledger.waiting = append(s.ledger.waiting, stopRequest{m.ID, ctx.Sender()})
	s.answer(ctx)
}

// close closes an Endpoint for good, and forgets it.
func (s *sockets) close(e *Endpoint) {
	e.Close()
	delete(s.ledger.endpoints, e.cfg.ID)
}

// answer tells those who wait for sockets that are gone now.
func (s *sockets) answer(ctx actor.Context) {
	rest := s.ledger.waiting[:0]
	for _, w := range s.ledger.waiting {
		if s.runs(w.id) {
			rest = append(rest, w)
		} else {
			ctx.Send(w.replyTo, Stopped{})
		}
	}
	s.ledger.waiting = rest
}

func (s *sockets) runs(id uint64) bool {
	for _, of := range s.children {
		if id == 0 || of == id {
			return true
		}
	}
	return false
}
