package session

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/supervisor"
)

// Config configures Sessions. All fields but Faults and OnRestart are required.
type Config struct {
	Peers  func() Peers // asked when Sessions starts: the actors before it in the tree may have been restarted
	Memory *Memory
	Faults *actors.Faults // nil: none
	// OnRestart is told what supervisors decide about sessions and objects that crash; nil: nobody is.
	OnRestart func(supervisor.Event)
}

// NewSessions returns the dynamic supervisor of all sessions (OTP's simple_one_for_one).
func NewSessions(cfg Config) actor.Actor {
	return &sessions{cfg: cfg, children: map[string]*running{}, receiving: map[inboxKey]*running{}}
}

// SessionsStrategy is what Sessions does about a session that crashes: it is made anew over the same memory, until it
// crashes too often.
func SessionsStrategy(hook func(supervisor.Event)) actor.SupervisorStrategy {
	return supervisor.NewDynamic(supervisor.DynamicConfig{Hook: hook})
}

type sessions struct {
	cfg       Config
	peers     Peers
	children  map[string]*running   // by id of the PID
	receiving map[inboxKey]*running // the same, those with an inbox
	leaving   bool                  // the next incarnation of Sessions goes on with what is there
}

// running is a session's actor with what it runs on.
type running struct {
	pid    *actor.PID
	loop   *ownLoop
	inbox  *Inbox    // of a receiving session
	out    *outgoing // of a sending session
	next   []*Inbox  // of sessions with the same key, that begin when this one is gone
	reason string    // why it was given up; empty: it was not
}

// Receive implements actor.Actor.
func (s *sessions) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case Message:
		s.receive(ctx, m)
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

// start goes on with the sessions that Memory knows: none, or those of the incarnation before.
func (s *sessions) start(ctx actor.Context) {
	s.peers = s.cfg.Peers()
	inboxes, outgoing := s.cfg.Memory.list()
	for _, in := range inboxes {
		s.open(ctx, in)
	}
	for _, out := range outgoing {
		s.spawnSender(ctx, out)
	}
	s.answer(ctx)
}

func (s *sessions) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case Open:
		s.open(ctx, m.Inbox)
	case StartSender:
		if m.out.name == "" {
			s.cfg.Memory.addOutgoing(m.out)
			s.spawnSender(ctx, m.out)
		}
		ctx.Respond(actor.NewPID(ctx.Self().Address, ctx.Self().Id+"/"+m.out.name))
	case Close:
		s.closeAll(ctx, m)
	case Drain:
		s.cfg.Memory.drain = &draining{m.Reason, ctx.Sender()}
		s.closeAll(ctx, Close{Reason: m.Reason})
		s.answer(ctx)
	case closed:
		if r := s.receiving[m.inbox.key()]; r != nil && r.inbox == m.inbox {
			ctx.Stop(r.pid)
		}
	case *Packets, Add, Finish, tick: // for sessions
	}
}

// open spawns the actor of a receiving session over its memory. The session of the same key that is still ending, if
// there is one, ends first.
func (s *sessions) open(ctx actor.Context, in *Inbox) {
	if before := s.receiving[in.key()]; before != nil {
		if before.inbox != in {
			before.next = append(before.next, in)
		}
		return
	}
	if !s.cfg.Memory.has(in) {
		return
	}
	in.begin()
	if in.standing.Load() == yielding {
		s.drop(ctx, in)
		return
	}
	loop := in.loop.begin()
	pid, err := ctx.SpawnNamed(actors.Spec{
		Produce: func() actor.Actor {
			return &receiving{Inbox: in, peers: s.peers, loop: loop, faults: s.cfg.Faults, free: &object.FreeList{}}
		},
		Mailbox: in.mailbox, Dispatcher: loop, Faults: s.cfg.Faults,
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{Hook: s.cfg.OnRestart}),
	}.Props(), in.name)
	r := s.spawned(pid, err, &running{loop: &in.loop, inbox: in})
	s.receiving[in.key()] = r
	if in.ending != "" {
		ctx.Send(pid, Close{Reason: in.ending})
	}
}

// drop ends a session that has to give way before it has an actor.
func (s *sessions) drop(ctx actor.Context, in *Inbox) {
	in.mailbox.Close()
	s.end(ctx, in.finish(yieldReason), in, nil)
}

// spawnSender spawns the actor of a sending session over its memory. It has the same address each time.
func (s *sessions) spawnSender(ctx actor.Context, out *outgoing) {
	loop := out.loop.begin()
	pid, err := ctx.SpawnNamed(actors.Spec{
		Produce:    func() actor.Actor { return &sending{outgoing: out, peers: s.peers} },
		Mailbox:    actors.NewMailbox(actors.Limits{}, nil),
		Dispatcher: loop, Faults: s.cfg.Faults,
	}.Props(), out.name)
	s.spawned(pid, err, &running{loop: &out.loop, out: out})
	if out.ending != "" {
		ctx.Send(pid, Close{Reason: out.ending})
	}
}

func (s *sessions) spawned(pid *actor.PID, err error, r *running) *running {
	if err != nil {
		r.loop.end()
		actors.Fault(err)
	}
	r.pid = pid
	s.children[pid.Id] = r
	return r
}

// closeAll asks sessions to end: those of one Reception, or all when m names none.
func (s *sessions) closeAll(ctx actor.Context, m Close) {
	inboxes, outgoing := s.cfg.Memory.list()
	for _, in := range inboxes {
		if m.Reception == 0 || in.Reception.ID == m.Reception {
			in.ending = m.Reason
		}
	}
	for _, out := range outgoing {
		if m.Reception == 0 {
			out.ending = m.Reason
		}
	}
	for _, r := range s.children {
		if r.ending() != "" {
			ctx.Send(r.pid, Close{Reason: r.ending()})
		}
	}
}

// ownLoop is the goroutine of a session. Sessions may crash before it has ended it; then the next one does.
type ownLoop struct{ loop *actors.Loop }

func (l *ownLoop) begin() *actors.Loop {
	l.end()
	l.loop = actors.NewLoop()
	return l.loop
}

func (l *ownLoop) end() {
	if l.loop != nil {
		l.loop.Stop()
		l.loop = nil
	}
}

func (r *running) ending() string {
	if r.inbox != nil {
		return r.inbox.ending
	}
	return r.out.ending
}

// terminated frees what a session ran on, and tells its end.
func (s *sessions) terminated(ctx actor.Context, pid *actor.PID) {
	r := s.children[pid.Id]
	if r == nil {
		return
	}
	delete(s.children, pid.Id)
	r.loop.end()
	if s.leaving {
		return
	}
	var events []event.Event
	if r.inbox != nil {
		delete(s.receiving, r.inbox.key())
		events = r.inbox.finish(r.reason)
	} else {
		for _, e := range r.out.close("given up: "+r.reason, fmt.Errorf("session: given up: %s", r.reason)) {
			events = append(events, event.AsSending(e))
		}
	}
	s.end(ctx, events, r.inbox, r.out)
	for _, in := range r.next {
		s.open(ctx, in)
	}
	s.answer(ctx)
}

// end forgets a session, and tells its last events.
func (s *sessions) end(ctx actor.Context, events []event.Event, in *Inbox, out *outgoing) {
	s.cfg.Memory.remove(in, out)
	for _, e := range events {
		ctx.Send(s.peers.Hub, hub.Publish{Event: e})
	}
	if out != nil {
		out.Outcome.End(out.cause)
	}
}

// finish returns what there is to tell when the session's actor is gone. One that was given up has left objects without
// an end: they get it here.
func (in *Inbox) finish(reason string) (events []event.Event) {
	in.closed.Store(true)
	in.losses.absorb(in.ledger, true)
	var works []*receiver.Work
	for r := in.desk.Next(); r != nil; r = in.desk.Next() {
		events, works = append(events, r.Events...), append(works, r.Works...)
		in.desk.Done()
	}
	if !in.over {
		core := receiver.NewSession(in.ledger)
		core.Abort(reason)
		events = append(events, in.keep(core.Effects().Events)...)
	}
	// Only now: an object that ends leaves what a Work still uses to that Work, to be freed with it.
	for _, w := range works {
		w.Cancel()
		w.Run(nil) // nobody else will: it only discards
	}
	for _, w := range in.desk.TakeAll() {
		w.Cancel()
	}
	for job := range in.jobs {
		job.Cancel()
	}
	switch c := in.ledger.Counters(); {
	case in.end != nil:
		in.end.Counters = c
		events = append(events, *in.end)
	case in.Reception.Drops != nil: // it was never opened, and nobody has heard of it
		// What was in order, but of no use without a session, is nobody's.
		in.Reception.Drops.Drop(flute.DropForeignTSI, c.Accepted+c.Duplicate)
		for r, n := range c.Dropped {
			in.Reception.Drops.Drop(flute.DropReason(r), n)
		}
	}
	return events
}

// keep takes SessionClosed out of events, to be told when nothing can be counted any more.
func (in *Inbox) keep(events []event.Event) []event.Event {
	rest := events[:0]
	for _, e := range events {
		if c, ok := e.(event.SessionClosed); ok {
			in.end = &c
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

// answer tells the one who asked for it that no session is left.
func (s *sessions) answer(ctx actor.Context) {
	if d := s.cfg.Memory.drain; d != nil && len(s.children) == 0 && s.cfg.Memory.isEmpty() {
		s.cfg.Memory.drain = nil
		ctx.Send(d.replyTo, Drained{})
	}
}
