package session

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

const (
	// pumpPackets is how many datagrams go out between two looks into the mailbox.
	pumpPackets = 64
	// The close-session flag is sent so often, so far apart: one packet, or a short burst, may be lost. RFC 5651, section
	// 5.1, has it in "the last few seconds" of a session; the last one is due after 600 ms, for which Wait waits.
	closePackets  = 5
	closeInterval = 150 * time.Millisecond
)

// Writer sends datagrams of one session; internal/udp and internal/simnet have one. WriteBatch may block for as long as
// the system's send buffer is full. It returns how many datagrams were sent, in order. An error with a method Passing
// that returns true may be gone at the next try; any other ends the session.
type Writer interface {
	WriteBatch(datagrams [][]byte) (int, error)
	Close() error
}

// SenderConfig is what a sending session runs on. Core and Writer belong to the actor from then on.
type SenderConfig struct {
	Key    flute.SessionKey
	Core   *sender.Session
	Writer Writer
	Bucket *pacing.Bucket // nil: as fast as the socket takes it
	// Patience is how long the network may take nothing before the session gives up; negative: for ever.
	Patience time.Duration
	// Outcome is told what fails, and the end of the session after SessionClosed was emitted; required.
	Outcome *Outcome
}

// Add is sent by the node to a sending session: one file more, already prepared. It may be sent again if the answer,
// Added, fails to come.
type Add struct {
	object *sender.Object
	answer *Added // belongs to the session, which answers once more what it has answered before
}

// NewAdd returns the message for one file.
func NewAdd(o *sender.Object) Add { return Add{o, &Added{}} }

// Added answers Add.
type Added struct {
	TOI  flute.TOI
	Err  error
	done bool
}

// Finish is sent by the node to a sending session: close it once all files are sent as often as asked. Answered with Taken.
type Finish struct{}

// Taken answers Finish, and Close when the node sends it to a sending session.
type Taken struct{}

func (Add) isMessage()    {}
func (Finish) isMessage() {}

// outgoing is the memory of a sending session: an actor that crashed is made anew over it.
type outgoing struct {
	SenderConfig
	name      string    // of the actor; set by Memory
	opened    bool      // SessionOpened was emitted
	finishing bool      // Finish has come
	farewells int       // close-session flags sent
	farewell  time.Time // when the next one is due
	reason    string    // why it ends; meaningful when farewells > 0
	cause     error     // the error that ends it before its time; nil: none does
	over      bool      // closed
	buffers   [][]byte  // memory of the datagrams under way
	batch     [][]byte  // the datagrams made last
	sent      int       // how many of batch are out
	granted   int       // how many of batch the rate has permitted
	outage    outage

	// These belong to Sessions.
	loop   ownLoop
	ending string // why the session was told to end; empty: it was not
}

// bid sends the close-session flag and returns what there is to say. cause is the error that ends the session before
// its time, if there is one.
func (o *outgoing) bid(reason string, cause error) []event.Event {
	if o.farewells == 0 {
		o.reason, o.cause = reason, cause
		o.Core.Abort(reason)
	}
	o.farewells++
	// It is lost when the socket fails, as on the way: the receivers will notice the silence.
	_, _ = o.Writer.WriteBatch([][]byte{o.Core.AppendClose(nil)})
	return o.events()
}

// events drains the events of the core.
func (o *outgoing) events() []event.Event { return o.Outcome.note(o.Core.Events()) }

// close releases the socket and returns what there is to say, after one close-session flag at least. It does so once.
// The caller emits the events and then ends the Outcome.
func (o *outgoing) close(reason string, cause error) (events []event.Event) {
	if o.over {
		return nil
	}
	if o.farewells == 0 {
		events = o.bid(reason, cause)
	}
	o.over = true
	if err := o.Writer.Close(); err != nil {
		o.reason += ": " + err.Error()
	}
	return append(events, event.SessionClosed{Session: o.Key, Reason: o.reason})
}

// sending is the actor of one sent transport session.
type sending struct {
	*outgoing
	peers   Peers
	timer   *time.Timer
	pumping bool // a pump is in the mailbox, or the timer will bring one
}

// pump is sent by a sending session to itself: make and write the next datagrams.
type pump struct{}

// Receive implements actor.Actor.
func (s *sending) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		root, self := ctx.ActorSystem().Root, ctx.Self()
		s.timer = time.AfterFunc(time.Hour, func() { root.Send(self, pump{}) })
		s.timer.Stop()
		if s.over { // it crashed on its way out
			ctx.Stop(self)
			return
		}
		if s.farewells > 0 {
			s.timer.Reset(closeInterval)
			return
		}
		if !s.opened {
			s.opened = true
			s.publish(ctx, event.SessionOpened{Session: s.Key})
		}
		s.again(ctx)
	case Add:
		if !m.answer.done {
			toi, err := s.Core.Add(m.object)
			*m.answer = Added{toi, err, true}
		}
		ctx.Respond(*m.answer)
		s.again(ctx)
	case Finish:
		s.finishing = true
		// RFC 6726, section 3.4.2: receivers may leave once they have what is described. The error says that it is closed.
		_ = s.Core.SetComplete()
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
	case *actor.Restarting, *actor.Stopping:
		s.timer.Stop()
	}
}

// again puts a pump into the mailbox, unless there is one.
func (s *sending) again(ctx actor.Context) {
	if !s.pumping && s.farewells == 0 {
		s.pumping = true
		ctx.Send(ctx.Self(), pump{})
	}
}

// pump sends as much as the rate permits, at most one batch.
func (s *sending) pump(ctx actor.Context) {
	if s.over {
		return
	}
	if s.farewells > 0 {
		s.sayFarewell(ctx)
		return
	}
	now := time.Now()
	err := s.fill(now)
	for _, w := range s.Core.Works() {
		ctx.Send(s.peers.Store, vault.Run{Job: vault.NewJob(w)})
	}
	for _, r := range s.Core.Renewals() {
		ctx.Send(s.peers.Store, vault.Run{Job: vault.NewJob(r)})
	}
	s.publishAll(ctx, s.events())
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
	if s.finishing && s.Core.Done() {
		s.end(ctx, "all files are sent", nil)
		return
	}
	d := s.Core.Deadline()
	if d.IsZero() {
		return
	}
	s.timer.Reset(max(d.Sub(now), time.Millisecond))
}

// fill makes the next batch, once the last one is out. It is short when no more is due.
func (s *sending) fill(now time.Time) error {
	if s.sent < len(s.batch) {
		return nil
	}
	s.sent, s.granted, s.batch = 0, 0, s.batch[:0]
	for len(s.batch) < pumpPackets {
		i := len(s.batch)
		if i == len(s.buffers) {
			s.buffers = append(s.buffers, nil)
		}
		p, ok, err := s.Core.AppendNext(s.buffers[i][:0], now)
		if err != nil || !ok {
			return err
		}
		s.buffers[i] = p // it may have grown
		s.batch = append(s.batch, p)
	}
	return nil
}

// write sends what the rate permits of the batch; the rest waits for the bucket. What the network does not take waits
// for the next try.
func (s *sending) write(ctx actor.Context, now time.Time) error {
	for s.granted < len(s.batch) && (s.Bucket == nil || s.Bucket.Take(now, len(s.batch[s.granted]))) {
		s.granted++
	}
	if s.granted > s.sent {
		n, err := s.Writer.WriteBatch(s.batch[s.sent:s.granted])
		s.sent += n
		if n > 0 {
			s.warn(ctx, s.outage.end(time.Now()))
		}
		if err != nil {
			return s.wait(ctx, err)
		}
	}
	switch {
	case s.granted < len(s.batch):
		s.pumping = true
		s.timer.Reset(s.Bucket.Deadline(now).Sub(now))
	case len(s.batch) > 0:
		s.again(ctx)
	}
	return nil
}

// wait has the rest of the batch tried again later, or returns why not.
func (s *sending) wait(ctx actor.Context, err error) error {
	if !isPassing(err) {
		return err
	}
	retry, tell, ok := s.outage.begin(time.Now(), err, s.Patience)
	if !ok {
		return fmt.Errorf("session: nothing could be sent for %v: %w", s.Patience, err)
	}
	s.warn(ctx, tell)
	s.pumping = true
	s.timer.Reset(retry)
	return nil
}

// warn tells something about the network of the session; an empty text is nothing.
func (s *sending) warn(ctx actor.Context, text string) {
	if text != "" {
		s.publish(ctx, event.Warning{Text: fmt.Sprintf("session %v: %s", s.Key, text)})
	}
}

func (s *sending) publish(ctx actor.Context, e event.Event) {
	ctx.Send(s.peers.Hub, hub.Publish{Event: event.AsSending(e)})
}

func (s *sending) publishAll(ctx actor.Context, events []event.Event) {
	for _, e := range events {
		s.publish(ctx, e)
	}
}

// end begins to close the session: nothing but close-session flags is sent from now on.
func (s *sending) end(ctx actor.Context, reason string, cause error) {
	if s.farewells == 0 {
		s.bidNext(ctx, reason, cause)
	}
}

func (s *sending) bidNext(ctx actor.Context, reason string, cause error) {
	s.publishAll(ctx, s.bid(reason, cause))
	s.farewell = time.Now().Add(closeInterval)
	s.timer.Reset(closeInterval)
}

// sayFarewell repeats the close-session flag. After the last one it closes the session and asks to be stopped.
func (s *sending) sayFarewell(ctx actor.Context) {
	switch rest := time.Until(s.farewell); {
	case rest > 0: // a pump from before the end
		s.timer.Reset(rest)
	case s.farewells < closePackets:
		s.bidNext(ctx, s.reason, s.cause)
	default:
		s.publishAll(ctx, s.close(s.reason, s.cause))
		s.Outcome.End(s.cause)
		ctx.Stop(ctx.Self())
	}
}
