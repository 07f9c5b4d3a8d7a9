package session

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/supervisor"
)

// Config configures Sessions. All fields but Faults are required.
type Config struct {
	Peers  func() Peers // asked when Sessions starts: the actors before it in the tree may have been restarted
	Vault  *vault.Vault
	Faults *actors.Faults // nil: none
	// OnRestart is told what supervisors decide about sessions and objects that crash; nil: nobody is.
	OnRestart func(supervisor.Event)
}

// NewSessions returns the dynamic supervisor of all sessions (OTP's simple_one_for_one).
func NewSessions(cfg Config) actor.Actor { return &sessions{cfg: cfg, children: map[string]*running{}} }

// SessionsStrategy is what Sessions does about a session that crashes: it is made anew over the same memory, until it
// crashes too often.
func SessionsStrategy(hook func(supervisor.Event)) actor.SupervisorStrategy {
	return supervisor.NewDynamic(supervisor.DynamicConfig{Hook: hook})
}

type sessions struct {
	cfg      Config
	peers    Peers
	children map[string]*running // by id of the PID
	spawned  int
	drained  *actor.PID // to answer when the last child has ended; nil: nobody asked
}

// running is a session's actor with what it runs on.
type running struct {
	pid    *actor.PID
	loop   *actors.Loop
	inbox  *Inbox    // of a receiving session
	out    *outgoing // of a sending session
	ledger *receiver.Ledger
	reason string // why it was given up; empty: it was not
}

// Drain asks Sessions to answer Drained once no session is left. It is sent by the node, after it closed the sockets.
type Drain struct{ Reason string }

// Drained answers Drain.
type Drained struct{}

// Receive implements actor.Actor.
func (s *sessions) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.peers = s.cfg.Peers()
	case Message:
		s.receive(ctx, m)
	case Drain:
		s.drained = ctx.Sender()
		s.closeAll(ctx, Close{Reason: m.Reason})
		s.answer(ctx)
	case supervisor.ChildGaveUp:
		if r := s.children[m.PID.Id]; r != nil {
			r.reason = fmt.Sprint(m.Reason)
		}
	case *actor.Terminated:
		s.terminated(ctx, m.Who)
	}
}

func (s *sessions) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case Open:
		s.open(ctx, m.Inbox)
	case StartSender:
		s.startSender(ctx, m.Config)
	case Close:
		s.closeAll(ctx, m)
	case Closed:
		for _, r := range s.children {
			if r.inbox == m.Inbox {
				ctx.Stop(r.pid)
			}
		}
	case *Packets, tick: // for sessions
	}
}

// open spawns the actor of a receiving session over the memory that the Vault has of it.
func (s *sessions) open(ctx actor.Context, in *Inbox) {
	loop := actors.NewLoop()
	ledger := s.cfg.Vault.Ledger(in.vaultKey(), in.Reception.Config)
	spec := actors.Spec{
		Produce: func() actor.Actor {
			return &receiving{
				peers: s.peers, inbox: in, loop: loop, faults: s.cfg.Faults, ledger: ledger, free: &object.FreeList{},
			}
		},
		Mailbox: in.mailbox, Dispatcher: loop, Faults: s.cfg.Faults,
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Hook: s.cfg.OnRestart}),
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("tsi-%d-%d", in.Key.TSI, s.spawned))
	if err != nil {
		loop.Stop()
		actors.Fault(err)
	}
	s.children[pid.Id] = &running{pid: pid, loop: loop, inbox: in, ledger: ledger}
}

func (s *sessions) startSender(ctx actor.Context, cfg SenderConfig) {
	loop := actors.NewLoop()
	out := &outgoing{SenderConfig: cfg}
	spec := actors.Spec{
		Produce:    func() actor.Actor { return &sending{outgoing: out, peers: s.peers} },
		Mailbox:    actors.NewMailbox(actors.Limits{}, nil),
		Dispatcher: loop, Faults: s.cfg.Faults,
	}
	s.spawned++
	pid, err := ctx.SpawnNamed(spec.Props(), fmt.Sprintf("send-%d-%d", cfg.Key.TSI, s.spawned))
	if err != nil {
		loop.Stop()
		actors.Fault(err)
	}
	s.children[pid.Id] = &running{pid: pid, loop: loop, out: out}
	ctx.Respond(pid)
}

// closeAll asks sessions to end: those of one Reception, or all when m names none.
func (s *sessions) closeAll(ctx actor.Context, m Close) {
	for _, r := range s.children {
		if m.Reception == 0 || (r.inbox != nil && r.inbox.Reception.ID == m.Reception) {
			ctx.Send(r.pid, m)
		}
	}
}

// terminated frees what a session ran on. One that was given up has left objects without an end: they get it here.
func (s *sessions) terminated(ctx actor.Context, pid *actor.PID) {
	r := s.children[pid.Id]
	if r == nil {
		return
	}
	delete(s.children, pid.Id)
	r.loop.Stop()
	if r.inbox != nil {
		r.inbox.closed.Store(true)
		before := r.ledger.Counters().Received
		r.inbox.losses.absorb(r.ledger)
		if r.reason != "" {
			core := receiver.NewSession(r.ledger)
			core.Abort(r.reason)
			for _, e := range core.Effects().Events {
				ctx.Send(s.peers.Hub, hub.Publish{Event: e})
			}
		} else if c := r.ledger.Counters(); c.Received > before {
			// What was queued when the session closed: the last word about it, after its SessionClosed.
			ctx.Send(s.peers.Hub, hub.Publish{Event: event.SessionStats{Session: r.inbox.Key, Counters: c}})
		}
		s.cfg.Vault.Forget(r.inbox.vaultKey())
	}
	if r.out != nil {
		for _, e := range r.out.close("given up: " + r.reason) {
			ctx.Send(s.peers.Hub, hub.Publish{Event: event.AsSending(e)})
		}
	}
	s.answer(ctx)
}

func (s *sessions) answer(ctx actor.Context) {
	if s.drained != nil && len(s.children) == 0 {
		ctx.Send(s.drained, Drained{})
		s.drained = nil
	}
}
