package session

import (
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/supervisor"
)

// Peers are those that sessions talk to.
type Peers struct {
	Hub   *actor.PID
	Lanes interface{ Run(e *lanes.Entry) } // a *lanes.Lanes
}

// Config configures Sessions. All fields but Faults and OnRestart are required.
type Config struct {
	Peers  func() Peers // asked when Sessions starts: the actors before it in the tree may have been restarted
	Ledger *Ledger
	Faults *inject.Faults // nil: none
	// OnRestart is told what supervisors decide about sessions and objects that crash; nil: nobody is.
	OnRestart func(supervisor.Event)
}

// Spec returns how Sessions is spawned, the dynamic supervisor of all sessions (OTP's simple_one_for_one). A session
// that crashes is made anew over the same Ledger, until it crashes too often. The name for faults is "sessions".
func Spec(cfg Config) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor {
			return &sessions{cfg: cfg, children: map[string]*running{}, receiving: map[key]*running{}}
		},
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Hook: cfg.OnRestart}),
		Faults:   cfg.Faults, Name: "sessions", Kind: kindOf,
	}
}

type sessions struct {
	cfg       Config
	peers     Peers
	children  map[string]*running // by id of the PID
	receiving map[key]*running    // those that receive
	leaving   bool                // the next incarnation of Sessions goes on with what is there
}

// key names a receiving session in the node.
type key struct {
	reception uint64
	session   flute.SessionKey
}

func keyOf(in *receiving.Inbox) key { return key{in.Reception.ID, in.Key} }

// running is a session's actor.
type running struct {
	*entry
	pid    *actor.PID
	next   []*receiving.Inbox // of sessions with the same key, that begin when this one is gone
	reason string             // why it was given up; empty: it was not
}

// Receive implements actor.Actor.
func (s *sessions) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case message:
		s.receive(ctx, m)
	case receiving.Closed:
		if r := s.receiving[keyOf(m.Inbox)]; r != nil && r.inbox == m.Inbox {
			ctx.Stop(r.pid)
		}
	case supervisor.ChildGaveUp:
		if r := s.children[m.PID.Id]; r != nil {
			r.reason = fmt.Sprint(m.Reason)
		}
	case *actor.Terminated:
		s.terminated(ctx, m.Who)
	case *actor.Restarting, *actor.Stopping:
		s.leaving = true
	}
}

// start goes on with the sessions that the Ledger knows: none, or those of the incarnation before.
func (s *sessions) start(ctx actor.Context) {
	s.peers = s.cfg.Peers()
	for _, e := range s.cfg.Ledger.list() {
		if e.inbox != nil {
			s.open(ctx, e.inbox)
		} else {
			s.send(ctx, e)
		}
	}
	s.answer(ctx)
}

func (s *sessions) receive(ctx actor.Context, m message) {
	switch m := m.(type) {
	case Open:
		s.open(ctx, m.Inbox)
	case Start:
		if e := s.cfg.Ledger.find(nil, m.Session); e != nil && e.loop == nil { // else it runs, or has ended already
			s.send(ctx, e)
		}
		ctx.Respond(Started{})
	case Drain:
		s.cfg.Ledger.drains = append(s.cfg.Ledger.drains, draining{m.Reception, ctx.Sender()})
		if s.close(ctx, m.Reception, m.Reason); m.AtOnce {
			s.giveUp(ctx, m.Reception, m.Reason)
		}
		s.answer(ctx)
	}
}

// open spawns the actor of a receiving session over its Ledger. The session of the same key that is still ending, if
// there is one, ends first.
func (s *sessions) open(ctx actor.Context, in *receiving.Inbox) {
	if before := s.receiving[keyOf(in)]; before != nil {
		if before.inbox != in {
			before.next = append(before.next, in)
		}
		return
	}
	e := s.cfg.Ledger.find(in, nil)
	if e == nil {
		return
	}
	if e.receiving == nil {
		e.receiving = receiving.NewLedger(in)
	}
	if in.IsYielding() {
		s.end(ctx, e, e.receiving.Yield(in, s.labour(e)))
		return
	}
	s.receiving[keyOf(in)] = s.spawn(ctx, e, receiving.Spec(receiving.Config{
		Inbox: in, Ledger: e.receiving, Loop: e.startLoop(s.cfg.Ledger.crew),
		Hub: s.peers.Hub, Lanes: s.peers.Lanes, Faults: s.cfg.Faults,
	}, supervisor.NewDynamic(supervisor.DynamicConfig{Hook: s.cfg.OnRestart})))
}

// send spawns the actor of a sending session over its Ledger.
func (s *sessions) send(ctx actor.Context, e *entry) {
	s.spawn(ctx, e, sending.Spec(e.sending, s.peers.Hub, s.peers.Lanes, e.startLoop(s.cfg.Ledger.crew), s.cfg.Faults))
}

// spawn spawns the actor of a session. It has the same address each time.
func (s *sessions) spawn(ctx actor.Context, e *entry, spec actors.Spec) *running {
	pid, err := ctx.SpawnNamed(spec.Props(), e.name)
	if err != nil {
		e.stopLoop()
		actors.Fault(err)
	}
	r := &running{entry: e, pid: pid}
	s.children[pid.Id] = r
	return r
}

// close asks sessions to end: those of one Reception, or all for 0.
func (s *sessions) close(ctx actor.Context, reception uint64, reason string) {
	for _, e := range s.cfg.Ledger.list() {
		if e.isOf(reception) {
			e.end(reason)
		}
	}
	for _, r := range s.children { // an actor that is not there yet looks when it starts
		switch {
		case !r.isOf(reception):
		case r.inbox != nil:
			ctx.Send(r.pid, receiving.Close{})
		default:
			ctx.Send(r.pid, sending.Close{Reason: reason})
		}
	}
}

// giveUp stops the actors of sessions that were asked to end. Those that wait for their key end before they begin.
func (s *sessions) giveUp(ctx actor.Context, reception uint64, reason string) {
	for _, r := range s.children {
		if r.isOf(reception) {
			r.reason = reason
			ctx.Stop(r.pid)
		}
	}
}

// terminated frees what a session ran on, and tells its end.
func (s *sessions) terminated(ctx actor.Context, pid *actor.PID) {
	r := s.children[pid.Id]
	if r == nil {
		return
	}
	delete(s.children, pid.Id)
	r.stopLoop()
	if s.leaving {
		return
	}
	if r.inbox != nil {
		delete(s.receiving, keyOf(r.inbox))
	}
	s.end(ctx, r.entry, r.finish(r.reason, s.labour(r.entry)))
	for _, in := range r.next {
		s.open(ctx, in)
	}
	s.answer(ctx)
}

// labour returns what has the lanes run Works that a session has left.
func (s *sessions) labour(e *entry) func(lanes.Work) {
	return func(w lanes.Work) { s.peers.Lanes.Run(lanes.NewEntry(w, e.name, nil)) }
}

// end forgets a session, and tells its last events.
func (s *sessions) end(ctx actor.Context, e *entry, events []event.Event) {
	s.cfg.Ledger.remove(e)
	for _, e := range events {
		ctx.Send(s.peers.Hub, hub.Publish{Event: e})
	}
	if e.sending != nil {
		e.sending.Settle()
	}
}

// answer tells those who asked for it that no session is left.
func (s *sessions) answer(ctx actor.Context) {
	s.cfg.Ledger.drains = slices.DeleteFunc(s.cfg.Ledger.drains, func(d draining) bool {
		drained := s.cfg.Ledger.isDrained(d.reception)
		if drained {
			ctx.Send(d.replyTo, Drained{})
		}
		return drained
	})
}
