package sending

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute/event"
)

// pumpPackets is how many datagrams go out between two looks into the mailbox.
const pumpPackets = 64

// Spec returns how the actor is spawned, over the Ledger that lives longer than it. loop is its goroutine.
func Spec(l *Ledger, hub, store *actor.PID, loop *actors.Loop, faults *actors.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor { return &session{ledger: l, hub: hub, store: store} },
		Mailbox: actors.NewMailbox(actors.Limits{}, nil), Dispatcher: loop, Faults: faults,
	}
}

// session is the actor of one sending session. What survives a crash is in its Ledger.
type session struct {
	ledger  *Ledger
	hub     *actor.PID
	store   *actor.PID
	timer   *time.Timer
	pumping bool // a pump is in the mailbox, or the timer will bring one
}

// Receive implements actor.Actor.
func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case Message:
		s.receive(ctx, m)
	case *actor.Restarting, *actor.Stopping:
		s.timer.Stop()
	}
}

// start goes on where the Ledger says.
func (s *session) start(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.timer = time.AfterFunc(time.Hour, func() { root.Send(self, pump{}) })
	s.timer.Stop()
	switch l := s.ledger; {
	case l.over: // it crashed on its way out
		ctx.Stop(self)
	case l.farewells > 0:
		s.timer.Reset(closeInterval)
	default:
		if !l.opened {
			l.opened = true
			s.publish(ctx, event.SessionOpened{Session: l.cfg.Key})
		}
		s.again(ctx)
	}
}

func (s *session) receive(ctx actor.Context, m Message) {
	switch m := m.(type) {
	case Add:
		ctx.Respond(s.ledger.add(m))
		s.again(ctx)
	case Finish:
		s.ledger.finishing = true
		// RFC 6726, section 3.4.2: receivers may leave once they have what is described. The error says that it is closed.
		_ = s.ledger.cfg.Core.SetComplete()
		ctx.Respond(Taken{})
		s.again(ctx)
	case Close:
		if ctx.Sender() != nil {
			ctx.Respond(Taken{})
		}
		s.end(ctx, m.Reason, nil)
	case pump:
		s.pumping = false
		s.pump(ctx)
	}
}

// again puts a pump into the mailbox, unless there is one.
func (s *session) again(ctx actor.Context) {
	if !s.pumping && s.ledger.farewells == 0 {
		s.pumping = true
		ctx.Send(ctx.Self(), pump{})
	}
}

// pump sends as much as the rate permits, at most one batch.
func (s *session) pump(ctx actor.Context) {
	if s.ledger.over {
		return
	}
	if s.ledger.farewells > 0 {
		s.sayFarewell(ctx)
		return
	}
	now := time.Now()
	err := s.fill(now)
	for _, w := range s.ledger.cfg.Core.Works() {
		ctx.Send(s.store, vault.Run{Job: vault.NewJob(w)})
	}
	for _, r := range s.ledger.cfg.Core.Renewals() {
		ctx.Send(s.store, vault.Run{Job: vault.NewJob(r)})
	}
	s.publishAll(ctx, s.ledger.events())
	if err == nil {
		err = s.write(ctx, now)
	}
	if err != nil {
		s.end(ctx, err.Error(), err)
		return
	}
	if s.pumping {
		return
	}
	if s.ledger.finishing && s.ledger.cfg.Core.Done() {
		s.end(ctx, "all files are sent", nil)
		return
	}
	d := s.ledger.cfg.Core.Deadline()
	if d.IsZero() {
		return
	}
	s.timer.Reset(max(d.Sub(now), time.Millisecond))
}

// fill makes the next batch, once the last one is out. It is short when no more is due.
func (s *session) fill(now time.Time) error {
	if s.ledger.sent < len(s.ledger.batch) {
		return nil
	}
	s.ledger.sent, s.ledger.granted, s.ledger.batch = 0, 0, s.ledger.batch[:0]
	for len(s.ledger.batch) < pumpPackets {
		i := len(s.ledger.batch)
		if i == len(s.ledger.buffers) {
			s.ledger.buffers = append(s.ledger.buffers, nil)
		}
		p, ok, err := s.ledger.cfg.Core.AppendNext(s.ledger.buffers[i][:0], now)
		if err != nil || !ok {
			return err
		}
		s.ledger.buffers[i] = p // it may have grown
		s.ledger.batch = append(s.ledger.batch, p)
	}
	return nil
}

// write sends what the rate permits of the batch; the rest waits for the bucket. What the network does not take waits
// for the next try.
func (s *session) write(ctx actor.Context, now time.Time) error {
	for s.ledger.granted < len(s.ledger.batch) && (s.ledger.cfg.Bucket == nil || s.ledger.cfg.Bucket.Take(now, len(s.ledger.batch[s.ledger.granted]))) {
		s.ledger.granted++
	}
	if s.ledger.granted > s.ledger.sent {
		n, err := s.ledger.cfg.Writer.WriteBatch(s.ledger.batch[s.ledger.sent:s.ledger.granted])
		s.ledger.sent += n
		if n > 0 {
			s.warn(ctx, s.ledger.outage.end(time.Now()))
		}
		if err != nil {
			return s.wait(ctx, err)
		}
	}
	switch {
	case s.ledger.granted < len(s.ledger.batch):
		s.pumping = true
		s.timer.Reset(s.ledger.cfg.Bucket.Deadline(now).Sub(now))
	case len(s.ledger.batch) > 0:
		s.again(ctx)
	}
	return nil
}

// wait has the rest of the batch tried again later, or returns why not.
func (s *session) wait(ctx actor.Context, err error) error {
	if !isPassing(err) {
		return err
	}
	retry, tell, ok := s.ledger.outage.begin(time.Now(), err, s.ledger.cfg.Patience)
	if !ok {
		return fmt.Errorf("session: nothing could be sent for %v: %w", s.ledger.cfg.Patience, err)
	}
	s.warn(ctx, tell)
	s.pumping = true
	s.timer.Reset(retry)
	return nil
}

// warn tells something about the network of the session; an empty text is nothing.
func (s *session) warn(ctx actor.Context, text string) {
	if text != "" {
		s.publish(ctx, event.Warning{Text: fmt.Sprintf("session %v: %s", s.ledger.cfg.Key, text)})
	}
}

func (s *session) publish(ctx actor.Context, e event.Event) {
	ctx.Send(s.hub, hub.Publish{Event: event.AsSending(e)})
}

func (s *session) publishAll(ctx actor.Context, events []event.Event) {
	for _, e := range events {
		s.publish(ctx, e)
	}
}
